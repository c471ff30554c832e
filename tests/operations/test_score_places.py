import stat
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.operations.score import score_file
from pipeline.operations.scoring.places import Places
from tests.conftest import change_params
from tests.operations.scoring import OUT, make_clinics, scored
from tests.records.wide_clinic import make_text

SENTINEL = "7731"


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    return make_clinics(root, monkeypatch)


def test_results_are_closed_to_others_and_nothing_else_is_left(clinics):
    before = {path.name for path in clinics.iterdir()}
    scored(make_text(8, 300), evaluation=Path("figures.json"), recalibrated=Path("deep/model.json"))
    made = {path.name for path in clinics.iterdir()} - before
    assert made == {"new.csv", "risks.csv", "figures.json", "deep"}
    for path in (OUT, Path("figures.json"), Path("deep/model.json")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path.name for path in Path("deep").iterdir()] == ["model.json"]


@pytest.mark.parametrize(
    ("places", "said"),
    [(Places(Path("mine.csv")), "mine.csv exists already"), (Places(OUT, Path("mine.csv")), "mine.csv exists already"),
     (Places(OUT, recalibrated=Path("mine.csv")), "mine.csv exists already"),
     (Places(Path("risks.txt")), "expected a name that ends in .csv or .parquet"),
     (Places(Path("reports/risks.csv")), "reports/ is published"),
     (Places(Path("artifacts/../reports/a/risks.csv")), "reports/ is published"),
     (Places(OUT, recalibrated=Path("reports/model.json")), "reports/ is published"),
     (Places(OUT, Path("a.json"), Path("./a.json")), "two results go to one file")],
)  # fmt: skip
def test_places_that_must_not_be_written_are_refused(clinics, places, said):
    Path("mine.csv").write_text("mine")
    make_text(0, 5).to_csv("new.csv", index=False)
    before = sorted(clinics.rglob("*"))
    with pytest.raises(ConfigurationError, match=said):
        score_file("clinic", "new.csv", places)
    assert sorted(clinics.rglob("*")) == before
    assert Path("mine.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("table", "said"),
    [(make_text(0, 5).rename(columns={"marker": SENTINEL}), "missing marker; not declared: column number 4"),
     (make_text(0, 5).drop(columns="smoker"), "missing smoker"), (make_text(0, 0), "rule 'no records'")],
)  # fmt: skip
def test_files_that_cannot_be_scored_are_refused_and_leave_nothing(table, said):
    with pytest.raises(DataRefusedError) as refusal:
        scored(table)
    assert said in str(refusal.value)
    assert SENTINEL not in str(refusal.value)
    assert not OUT.exists()


def test_a_cohort_or_model_that_is_not_there_says_what_to_do(clinics):
    make_text(0, 5).to_csv("new.csv", index=False)
    (clinics / "artifacts/clinic/model.json").unlink()
    with pytest.raises(
        ConfigurationError, match=r"artifacts/clinic/model.json is missing; `dvc repro` makes the model"
    ):
        score_file("clinic", "new.csv", Places(OUT))
    change_params(clinics, lambda p: p["cohorts"].pop("clinic"))
    with pytest.raises(ConfigurationError, match=r"cohort 'clinic' is not in params.yaml, which has followed, sorted"):
        score_file("clinic", "new.csv", Places(OUT))
