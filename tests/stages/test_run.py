"""How a stage begins and ends, whatever it does between."""

import os
import re
import stat
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline import files
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.patients import find_first_records
from pipeline.stages import wiring
from pipeline.stages.wiring import _attempt, open_stage, run
from tests.conftest import change_params, python, write_source
from tests.integration.tiny import make_table

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
    stage.write("images", {})
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
        (lambda s: s.write("validation.json", {}), "validate left outputs unwritten"),
    ]:
        internal(root, work)
        assert said in capsys.readouterr().err


def test_only_a_stage_that_succeeds_leaves_what_it_took_and_only_where_asked_for(root):
    profile = root / f"runs/profile/{COHORT}/ingest.json"

    def work(stage):
        stage.write("raw.parquet", pd.DataFrame({"x": range(13)}))

    def fail(stage):
        raise KeyError

    for wanted, do, found in [(True, work, True), (True, fail, False), (True, work, True), (False, work, False)]:
        change_params(root, lambda params, wanted=wanted: params.update(profile=wanted))
        _attempt("ingest", COHORT, do, debug=False)
        assert profile.exists() == found
        assert not found or files.read_json(profile)["records"] == 13


def test_paths_come_from_dvc_yaml_alone(root):
    stage = open_stage("ingest", COHORT)
    assert stage.path("wisconsin_breast_cytology.csv") == Path("data/demo/wisconsin_breast_cytology.csv")
    assert stage.outs == {"raw.parquet": Path(f"data/{COHORT}/raw.parquet")}
    assert open_stage("evaluate", COHORT).outs["metrics.json"] == Path(f"reports/{COHORT}/metrics.json")
    text = (root / "dvc.yaml").read_text().replace("data/${key}/raw.parquet", "elsewhere/${key}/raw.parquet")
    (root / "dvc.yaml").write_text(text)
    assert open_stage("ingest", COHORT).outs == {"raw.parquet": Path(f"elsewhere/{COHORT}/raw.parquet")}


def test_unknown_cohort_and_broken_dvc_yaml_are_matters_of_configuration(root, capsys):
    assert _attempt("validate", "nobody", write_all, debug=False) == 2
    assert "cohort 'nobody' is not in params.yaml" in capsys.readouterr().err
    assert _attempt("validate", "", write_all, debug=False) == 2
    assert "stage validate works on one cohort" in capsys.readouterr().err
    for broken in ("stages: {}", "stages: {validate: 3}", "stages: [", "[]", "", None):
        (root / "dvc.yaml").unlink() if broken is None else (root / "dvc.yaml").write_text(broken)
        assert _attempt("validate", COHORT, write_all, debug=False) == 2
        assert "does not declare stage 'validate'" in capsys.readouterr().err
    change_params(root, lambda p: p["train"].update(sed=1))
    assert _attempt("validate", COHORT, write_all, debug=False) == 2
    assert "unknown key 'train.sed'" in capsys.readouterr().err


def test_an_input_that_no_stage_has_made_yet_is_named(root, capsys):
    assert _attempt("validate", COHORT, lambda stage: stage.read("raw.parquet"), debug=False) == 2
    assert f"data/{COHORT}/raw.parquet is missing" in capsys.readouterr().err


def test_what_a_killed_run_left_is_no_obstacle(root):
    folder = root / f"data/{COHORT}"
    folder.mkdir(parents=True)
    (folder / ".valid.parquet.partial").write_text("half")
    assert _attempt("validate", COHORT, write_all, debug=False) == 0
    assert {p.name for p in folder.iterdir()} == {"valid.parquet", "quarantine.parquet", "images"}


def test_an_interrupted_stage_leaves_the_last_outputs_and_nothing_else(root):
    assert _attempt("validate", COHORT, write_all, debug=False) == 0
    before = outputs(root)

    def interrupted(stage):
        write_all(stage, "half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _attempt("validate", COHORT, interrupted, debug=False)
    assert outputs(root) == before


def test_an_output_without_an_ending_is_a_folder_that_is_swapped_whole(root):
    def work(texts):
        def write(stage):
            stage.outs = {"tables": Path("reports/x/tables")}
            stage.write("tables", texts)
            if "fails" in texts:
                raise KeyError

        return write

    for texts in ({"a.csv": "1", "b.csv": "2"}, {"c.csv": "3"}):
        assert _attempt("report", COHORT, work(texts), debug=False) == 0
        assert _attempt("report", COHORT, work({"fails": ""}), debug=False) == 5
        assert {p.name: p.read_text() for p in (root / "reports/x/tables").iterdir()} == texts
        assert [p.name for p in (root / "reports/x").iterdir()] == ["tables"]


def test_public_numbers_are_rounded_and_restricted_ones_exact(root):
    stage = open_stage("train", COHORT)
    for name in ("model.json", "model_summary.json"):
        stage.write(name, {"x": 1 / 3})
    assert [files.read_json(files.staging(stage.outs[n]))["x"] for n in stage.written] == [
        1 / 3 if n == "model.json" else 0.333333 for n in stage.written
    ]


@pytest.mark.parametrize("arguments", [[], ["--debug"]])
def test_run_exits_with_the_code(root, monkeypatch, arguments):
    monkeypatch.setattr(sys, "argv", ["stage", COHORT, *arguments])
    with pytest.raises(SystemExit) as end:
        run("validate", write_all)
    assert end.value.code == 0
    assert os.umask(0o022) == 0o077


def test_one_thread_for_libraries_whose_results_depend_on_their_number():
    assert {os.environ[n] for n in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")} == {"1"}
    assert wiring.READERS.keys() == {".parquet", ".json", ".csv"}


SENTINEL = "SENTINEL-7731"
LOGGED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (.*)")


def stage(root, name, *arguments, **environment):
    """Exit code and sentences of a stage run as DVC runs it; nothing but timestamped sentences may come out."""
    done = python(root, "-m", f"pipeline.stages.{name}", *arguments, **environment)
    found = [LOGGED.fullmatch(line) for line in done.stderr.splitlines()]
    assert all(found), done.stderr
    assert done.stdout == ""
    assert SENTINEL not in done.stderr
    return done.returncode, [line[1] for line in found]


def test_as_processes_stages_say_what_they_do_and_refuse_what_is_bad(tiny_root):
    table = make_table(60)
    table.loc[3, "patient_id"] = SENTINEL
    write_source(tiny_root, table)
    assert stage(tiny_root, "validate", "tiny") == (
        2, ["validate tiny: start", "error: validate tiny: data/tiny/raw.parquet is missing; `dvc repro` runs the stage "  # noqa: E501
            "that makes it"],
    )  # fmt: skip
    assert stage(tiny_root, "ingest", "tiny") == (0, ["ingest tiny: start", "ingest tiny: done"])
    code, said = stage(tiny_root, "validate", "tiny", PANDERA_VALIDATION_ENABLED="False")
    assert (code, said[1]) == (0, "58 of 60 records are valid")
    good = outputs(tiny_root)
    assert {p.name for p in good} == {"raw.parquet", "index.parquet", "pixels.npy", *NAMES}
    assert {stat.S_IMODE(p.stat().st_mode) for p in good} == {0o600, 0o644}
    write_source(tiny_root, table.rename(columns={"age": "years"}))
    code, said = stage(tiny_root, "ingest", "tiny")
    assert (code, len(said)) == (3, 2)
    assert "missing age; not declared: column number 2 of 7" in said[1]
    assert outputs(tiny_root) == good


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nobody"], "error: ingest nobody: cohort 'nobody' is not in params.yaml, which has tiny"),
        ([], "error: ingest: stage ingest works on one cohort: name it, one of tiny"),
    ],
)
def test_as_a_process_a_stage_wants_a_cohort_that_it_knows(tiny_root, arguments, expected):
    assert stage(tiny_root, "ingest", *arguments) == (2, [expected])


def test_as_a_process_an_unforeseen_error_ends_with_5_and_without_its_text(tiny_root):
    program = f"""
from pipeline.stages.wiring import run
def work(stage):
    try:
        int("{SENTINEL}")
    except ValueError as error:
        raise KeyError("{SENTINEL}") from error
run("ingest", work)
"""
    done = python(tiny_root, "-c", program, "tiny")
    assert done.returncode == 5
    assert SENTINEL not in done.stdout + done.stderr
    assert done.stderr.endswith("error: ingest tiny: internal error, KeyError in <string> line 7; --debug shows more\n")
    assert SENTINEL in python(tiny_root, "-c", program, "tiny", "--debug").stderr


def test_the_first_record_of_a_patient_is_the_earliest_wherever_it_stands():
    records = pd.DataFrame(
        {"pseudonym": list("bbaca"), "on": pd.to_datetime(["2018", "2010", "2001", "2005", "2003"])}, index=range(5, 10)
    )
    assert find_first_records(records, "on").tolist() == [2, 1, 3]
    assert find_first_records(records, None).tolist() == [2, 0, 3]
