"""Records of runs: what became of each cohort, in one line and one exit code, whatever happens."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.operations.retraining.record import Run, list_records, notify, prune, was_broken_off


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def outcome(code: int, what: str = "kept", *reasons: str, release: str | None = None) -> dict[str, Any]:
    return {"outcome": what, "exit_code": code, "reasons": list(reasons), "release": release}


@pytest.mark.parametrize(
    ("codes", "worst"), [((0, 0), 0), ((0, 4), 4), ((4, 3), 3), ((3, 2), 2), ((2, 5, 0), 5), ((), 5)]
)
def test_the_worst_of_the_cohorts_is_the_exit_code(codes: tuple[int, ...], worst: int) -> None:
    assert Run("1", {str(place): outcome(code) for place, code in enumerate(codes)}).exit_code == worst


def test_one_line_says_what_became_of_each() -> None:
    cohorts = {
        "a": outcome(0, "published", release="00001-0123456789abcdef"),
        "b": outcome(4, "blocked", "AUROC fell.", "Glucose drifted."),
        "c": outcome(0, "kept", "Not better."),
    }
    said = Run("7", cohorts).summarise()
    assert said == (
        "run 7: a published as 00001-0123456789abcdef; b blocked: AUROC fell. (and 1 more); c kept: Not better."
    )


def test_a_record_says_first_that_the_run_has_not_ended() -> None:
    run = Run.begin()
    assert json.loads(run.path.read_text())["exit_code"] is None
    assert was_broken_off()
    run.cohorts["a"] = outcome(3, "refused", "A column is missing.")
    run.end()
    content = json.loads(run.path.read_text())
    assert (content["exit_code"], content["summary"]) == (3, f"run {run.id}: a refused: A column is missing.")
    assert not was_broken_off()
    assert (run.path.stat().st_mode & 0o777, run.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_ended_by_an_error_of_its_own_is_not_built_upon() -> None:
    assert was_broken_off(), "nothing was built yet"
    run = Run.begin()
    run.cohorts["a"] = outcome(5, "failed", "internal error")
    run.end()
    assert was_broken_off()
    run.path.write_text("{ broken")
    assert was_broken_off()


def test_two_runs_in_a_second_have_records_of_their_own() -> None:
    names = [Run.begin().id for _ in range(12)]
    assert len(set(names)) == 12
    assert [path.stem for path in list_records()][-1] == names[-1]


def test_the_oldest_records_go_with_their_logs() -> None:
    Path("runs").mkdir()
    for number in range(5):
        for ending in (".json", ".log"):
            Path("runs", f"2000010{number}T000000Z{ending}").write_text("{}")
    prune(2)
    assert sorted(path.name for path in Path("runs").iterdir()) == [
        "20000103T000000Z.json", "20000103T000000Z.log", "20000104T000000Z.json", "20000104T000000Z.log",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((), ""),
        ((sys.executable, "-c", "import sys; open('told', 'w').write(sys.argv[1])"), ""),
        ((sys.executable, "-c", "raise SystemExit(7)"), "ended with 7"),
        (("/no/such/command",), "could not be run: FileNotFoundError"),
    ],
)
def test_who_is_told_changes_nothing(command: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    notify(command, Path("runs/1.json"))
    told = capfd.readouterr().err
    assert said in told
    assert bool(told) == bool(said)
    if "open" in " ".join(command):
        assert Path("told").read_text() == "runs/1.json"
