import shutil

import pytest
from click.testing import CliRunner

from pipeline import cluster, extras
from pipeline.__main__ import cli
from pipeline.errors import ConfigurationError
from pipeline.operations import doctor
from pipeline.operations.releases.store import Store
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.read import read_source
from pipeline.settings import load_cohort, load_settings
from tests.conftest import change_params
from tests.extras import needs_cluster


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


def own_data(root):
    (root / "data/clinic.csv").write_bytes((root / "data/demo/wisconsin_breast_cytology.csv").read_bytes())
    change_params(
        root, lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].update(path="data/demo/../clinic.csv")
    )


def key_from(place):
    def change(root):
        change_params(root, lambda p: p.update(validate={"pseudonym_key_from": place, "quarantine_at_most": 0.2}))

    return change


def open_key_file(root):
    (root / "pseudonym.key").write_text("7731-secret-7731")
    (root / "pseudonym.key").chmod(0o644)
    key_from(f"file:{root}/pseudonym.key")(root)


def release(root):
    (root / "metrics.json").write_text("{}")
    store = Store.of("breast_cancer_diagnosis")
    store.use(store.add({"metrics.json": root / "metrics.json"}, {}))
    for folder in ("releases", "releases/breast_cancer_diagnosis"):
        (root / folder).chmod(0o700)
    return store


def tamper(root):
    (release(root).champion() / "metrics.json").write_text("[]")


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
        (own_data, "breast_cancer_diagnosis would get pseudonyms by the demo key", "a key of your own"),
        (key_from("env:NO_SUCH_KEY"), "NO_SUCH_KEY, which holds the key of pseudonyms, is not set", "operations.md"),
        (key_from("file:/no/such.key"), "/no/such.key, which holds the key of pseudonyms, cannot be", "operations.md"),
        (open_key_file, "pseudonym.key holds the key of pseudonyms and is open to others", "operations.md"),
        (tamper, "metrics.json has been changed", "`clinrisk releases breast_cancer_diagnosis rollback`"),
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


def test_own_data_under_an_own_key_are_fit(fit, monkeypatch):
    own_data(fit)
    monkeypatch.setenv("CLINIC_KEY", "7731-secret-7731")
    key_from("env:CLINIC_KEY")(fit)
    assert faults() == []
    said = [f.sentence for f in doctor.examine()]
    assert "the key of pseudonyms, from env:CLINIC_KEY, is one of your own" in said
    assert "secret" not in "".join(said)


def test_the_demo_key_is_that_of_the_demo(fit):
    assert load_settings().validate_.pseudonym_key == doctor.DEMO_KEY


def write_records(root, name, key):
    """What the stages `ingest` and `validate` leave, by `key`."""
    settings = load_settings()
    raw = read_source(settings.cohorts[name].source, load_cohort(name).columns())
    hidden = settings.validate_.model_copy(update={"pseudonym_key": key})
    (root / "data" / name).mkdir(mode=0o700)
    raw.to_parquet(root / "data" / name / "raw.parquet")
    validate_records(raw, load_cohort(name), hidden).valid.to_parquet(root / "data" / name / "valid.parquet")


@pytest.mark.parametrize(("key", "named"), [(doctor.DEMO_KEY, []), ("an earlier key", ["no pseudonym"])])
def test_pseudonyms_by_another_key_are_a_fault(fit, key, named):
    write_records(fit, "breast_cancer_diagnosis", key)
    assert [f.sentence.split(" in ")[0] for f in faults()] == named


def test_records_that_cannot_be_read_are_a_fault(fit):
    write_records(fit, "breast_cancer_diagnosis", doctor.DEMO_KEY)
    (fit / "data/breast_cancer_diagnosis/raw.parquet").write_bytes(b"PAR1")
    assert [f.cure for f in faults()] == ["run `dvc repro`"]


def test_a_release_in_use_is_verified(fit):
    name = release(fit).current()
    assert faults() == []
    assert f"release {name} of breast_cancer_diagnosis, which is in use, is as it was sealed" in [
        f.sentence for f in doctor.examine()
    ]


def ask_for_cluster(**settings):
    return lambda params: params["engine"].update(name="dask", **settings)


@needs_cluster
def test_a_cluster_of_the_machine_is_begun_to_see_that_it_can_be(fit):
    change_params(fit, ask_for_cluster(workers=2))
    assert faults() == []
    said = [finding.sentence for finding in doctor.examine() if "dask" in finding.sentence]
    assert said == ["engine dask: 2 workers of this machine's own cluster run this code in this folder"]


@needs_cluster
def test_a_scheduler_that_is_not_there_is_a_fault(fit, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS", 1)
    change_params(fit, ask_for_cluster(scheduler="tcp://127.0.0.1:9"))
    [fault] = faults()
    assert "no scheduler answers at tcp://127.0.0.1:9" in fault.sentence
    assert "docs/scale.md" in fault.cure


def test_a_cluster_without_its_libraries_is_a_fault(fit, monkeypatch):
    monkeypatch.setattr(extras, "CLUSTER", ("no_such_library",))
    change_params(fit, ask_for_cluster())
    [fault] = faults()
    assert "needs the extra `cluster`, and no_such_library not found: pip install '.[cluster]'" in fault.sentence
