import shutil

import pytest
from click.testing import CliRunner

from pipeline.__main__ import cli
from pipeline.errors import ConfigurationError
from pipeline.operations import doctor
from tests.conftest import change_params


def faults():
    return [finding for finding in doctor.examine() if not finding.fit]


@pytest.fixture
def fit(root, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda tool: f"/bin/{tool}")
    return root


def test_a_fit_machine_has_no_fault_and_ends_with_0(fit):
    assert faults() == []
    done = CliRunner().invoke(cli, ["doctor"])
    assert done.exit_code == 0
    assert "Everything is fit." in done.output
    assert "cohort breast_cancer_recurrence: schema with 16 columns" in done.output


def break_lock(root):
    text = (root / "requirements.lock").read_text()
    (root / "requirements.lock").write_text(text.replace("pandas==", "pandas==0.").replace("\nshap==", "\nnot-shap=="))


def open_folder(root):
    (root / "artifacts").mkdir()
    (root / "artifacts").chmod(0o755)


def drop_test_from(root):
    change_params(root, lambda p: p["cohorts"]["breast_cancer_recurrence"].pop("test_from"))


def unknown_clusterer(root):
    change_params(root, lambda p: p["cluster"].update(clusterers=["kmodes"]))


def unknown_candidate(root):
    change_params(root, lambda p: p["train"].update(candidates=["forest"], ensemble=["forest"]))


def from_database(root):
    (root / "data/query.sql").write_text("SELECT 1 AS patient_id ORDER BY 1")
    source = {"format": "sql", "path": "data/query.sql", "url_from": "CLINIC_URL"}
    change_params(root, lambda p: p["cohorts"]["breast_cancer_diagnosis"].update(source=source))


def other_cohort(root):
    change_params(root, lambda p: p["cohorts"].update(stroke={"source": {"format": "csv", "path": "data/stroke.csv"}}))


@pytest.mark.parametrize(
    ("break_it", "sentence", "cure"),
    [
        (break_lock, "is installed, requirements.lock has 0.", "make clean repro"),
        (lambda root: (root / "requirements.lock").unlink(), "requirements.lock is missing", "root of the repository"),
        (open_folder, "artifacts holds patient-level data and is open to others", "chmod"),
        (drop_test_from, "has an index date and test_from is absent", "test_from"),
        (unknown_candidate, "candidate 'forest' is not known; expected one of", "train"),
        (unknown_clusterer, "clusterer 'kmodes' is not known; expected one of kmeans, gaussian_mixture,", "cluster"),
        (other_cohort, "data_schemas/stroke.py is missing", "take stroke out"),
        (from_database, "CLINIC_URL, the address of the database of breast_cancer_diagnosis, is not", "set CLINIC_URL"),
        (
            lambda root: (root / "params.yaml").write_text("train: {sed: 1}"),
            "unknown key 'train.sed'",
            "mend params.yaml",
        ),
        (lambda root: (root / "model_card.yaml").unlink(), "model_card.yaml is missing", "empty will do"),
        (
            lambda root: (root / "model_card.yaml").write_text("breast_cancer_diagnosis: {user: x}"),
            "unknown key 'breast_cancer_diagnosis.user'; did you mean 'users'?",
            "mend model_card.yaml",
        ),
        (lambda root: (root / "model_card.yaml").write_text("stroke: {}"), "entry 'stroke', which is no", "take the"),
        (lambda root: shutil.rmtree(root / "data/demo"), "wisconsin_breast_cytology.csv is missing", "source"),
    ],
)
def test_each_fault_is_named_with_its_cure(fit, break_it, sentence, cure):
    break_it(fit)
    assert any(sentence in f.sentence and cure in f.cure for f in faults())
    done = CliRunner().invoke(cli, ["doctor"])
    assert done.exit_code == 2
    assert "FAULT" in done.output
    assert "cure: " in done.output


def test_a_schema_that_contradicts_itself_is_one_finding_among_the_others(fit, monkeypatch):
    def contradictory(name):
        raise ConfigurationError(f"data_schemas/{name}.py: no column is a predictor")

    monkeypatch.setattr(doctor, "load_cohort", contradictory)
    assert [f.sentence.split(": ")[1] for f in faults()] == ["no column is a predictor"] * 2


def test_an_index_date_and_test_from_are_wanted_together(fit):
    change_params(fit, lambda p: p["cohorts"]["breast_cancer_diagnosis"].update(test_from="2020-01-01"))
    assert [f.sentence for f in faults()] == [
        "cohort breast_cancer_diagnosis has no index date and test_from is 2020-01-01"
    ]


@pytest.mark.parametrize(("mode", "closed"), [(0o700, True), (0o710, False), (0o704, False), (0o755, False)])
def test_folders_with_records_are_closed_to_group_and_others(fit, mode, closed):
    for name in ("data/clinic", "data/demo", "reports", "runs"):
        (fit / name).mkdir(parents=True, exist_ok=True)
        (fit / name).chmod(mode)
    named = [f.sentence.split()[0] for f in faults()]
    assert named == ([] if closed else ["runs", "data/clinic"])


def test_every_fault_has_a_cure_and_nothing_else_has(fit):
    (fit / "params.yaml").unlink()
    (fit / "requirements.lock").unlink()
    assert {bool(f.cure) for f in faults()} == {True}
    assert {f.cure for f in doctor.examine() if f.fit} == {""}


def test_looking_changes_nothing(fit):
    before = {p: p.stat().st_mtime_ns for p in fit.rglob("*")}
    doctor.examine()
    assert {p: p.stat().st_mtime_ns for p in fit.rglob("*")} == before


def test_missing_tools_and_a_full_disk_are_faults(root, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 2**20))
    said = [f.sentence for f in faults()]
    assert {"dvc is not on the PATH", "git is not on the PATH", "0.0 GiB of disk are free"} <= set(said)


@pytest.mark.parametrize(("value", "off"), [("False", True), ("0", True), ("True", False), ("1", False), ("", False)])
def test_validation_turned_off_is_a_fault(fit, monkeypatch, value, off):
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", value)
    assert [f.cure for f in faults()] == (["unset it"] if off else [])


def test_a_library_that_is_not_installed_is_a_fault(fit, monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED", ("no-such-library",))
    assert [f.sentence for f in faults()] == ["no-such-library is not installed"]
