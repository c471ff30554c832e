"""How a stage begins and ends, whatever it does between."""

import os
import stat
import sys
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.stages import wiring
from pipeline.stages.wiring import _attempt, open_stage, run
from tests.conftest import change_params

COHORT = "breast_cancer_diagnosis"
NAMES = ("valid.parquet", "quarantine.parquet", "validation.json")


@pytest.fixture(autouse=True)
def same_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def write_all(stage, text="good"):
    import pandas as pd

    frame = pd.DataFrame({"x": [text]})
    stage.write("valid.parquet", frame)
    stage.write("quarantine.parquet", frame)
    stage.write("validation.json", {"x": text, "third": 1 / 3})


def outputs(root):
    return {p: p.read_bytes() for top in ("data", "reports") for p in (root / top).rglob("*") if p.is_file()}


def test_outputs_appear_together_when_all_is_done(root):
    seen = []

    def work(stage):
        write_all(stage)
        seen.extend(p for p in outputs(root) if p.name in NAMES)

    assert _attempt("validate", COHORT, work, debug=False) == 0
    assert seen == []
    assert {p.name for p in outputs(root)} > set(NAMES)
    assert (root / f"reports/{COHORT}/validation.json").read_text() == '{\n  "x": "good",\n  "third": 0.333333\n}\n'
    assert stat.S_IMODE((root / f"data/{COHORT}").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("error", "code"), [(DataRefusedError("Refused."), 3), (ConfigurationError("Wrong."), 2), (KeyError("7731"), 5)]
)
def test_a_failure_leaves_the_last_outputs_and_nothing_else(root, capsys, error, code):
    assert _attempt("validate", COHORT, write_all, debug=False) == 0
    before = outputs(root)

    def work(stage):
        write_all(stage, "half")
        raise error

    assert _attempt("validate", COHORT, work, debug=False) == code
    assert outputs(root) == before
    said = capsys.readouterr().err
    assert "7731" not in said
    assert ("internal error, KeyError in test_run.py line" in said) == (code == 5)
    assert _attempt("validate", COHORT, work, debug=True) == code
    assert "Traceback" in capsys.readouterr().err


def internal(root, work):
    assert _attempt("validate", COHORT, work, debug=True) == 5


def test_what_is_not_declared_cannot_be_read_written_or_looked_up(root, capsys):
    for work, said in [
        (lambda s: s.read("model.json"), "validate does not declare input model.json"),
        (lambda s: s.write("model.json", {}), "validate does not declare output model.json"),
        (lambda s: s.section("train"), "validate does not declare section train"),
        (lambda s: s.cohort_settings(), "validate does not declare its cohort's entry"),
        (lambda s: s.write("validation.json", {}), "validate left outputs unwritten"),
    ]:
        internal(root, work)
        assert said in capsys.readouterr().err


def test_paths_come_from_dvc_yaml_alone(root):
    stage = open_stage("ingest", COHORT)
    assert stage.path("wisconsin_breast_cytology.csv") == Path("data/demo/wisconsin_breast_cytology.csv")
    assert stage.outs == {"raw.parquet": Path(f"data/{COHORT}/raw.parquet")}
    text = (root / "dvc.yaml").read_text().replace("data/${key}/raw.parquet", "elsewhere/${key}/raw.parquet")
    (root / "dvc.yaml").write_text(text)
    assert open_stage("ingest", COHORT).outs == {"raw.parquet": Path(f"elsewhere/{COHORT}/raw.parquet")}


def test_unknown_cohort_and_broken_dvc_yaml_are_matters_of_configuration(root, capsys):
    assert _attempt("validate", "nobody", write_all, debug=False) == 2
    assert "cohort 'nobody' is not in params.yaml" in capsys.readouterr().err
    assert _attempt("validate", "", write_all, debug=False) == 2
    assert "stage validate works on one cohort" in capsys.readouterr().err
    (root / "dvc.yaml").write_text("stages: {}")
    assert _attempt("validate", COHORT, write_all, debug=False) == 2
    assert "does not declare stage 'validate'" in capsys.readouterr().err
    change_params(root, lambda p: p["train"].update(sed=1))
    assert _attempt("validate", COHORT, write_all, debug=False) == 2
    assert "unknown key 'train.sed'" in capsys.readouterr().err


def test_an_input_that_no_stage_has_made_yet_is_named(root, capsys):
    assert _attempt("validate", COHORT, lambda stage: stage.read("raw.parquet"), debug=False) == 2
    assert f"data/{COHORT}/raw.parquet is missing" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--debug"]])
def test_run_exits_with_the_code(root, monkeypatch, arguments):
    monkeypatch.setattr(sys, "argv", ["stage", COHORT, *arguments])
    with pytest.raises(SystemExit) as end:
        run("validate", write_all)
    assert end.value.code == 0


def test_one_thread_for_libraries_whose_results_depend_on_their_number():
    assert {os.environ[n] for n in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")} == {"1"}
    assert wiring.READERS.keys() == {".parquet", ".json", ".csv"}
