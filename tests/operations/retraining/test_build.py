"""What DVC says becomes an exit code of this software and a sentence."""

import os
from pathlib import Path

import pytest

from pipeline.operations.retraining.build import Builder, judge_build

REFUSED = """
Running stage 'ingest@tiny':
> python -m pipeline.stages.ingest tiny
2026-01-01T00:00:00Z ingest tiny: start
2026-01-01T00:00:00Z error: ingest tiny: a column is missing
ERROR: failed to reproduce 'ingest@tiny': failed to run: python -m pipeline.stages.ingest tiny, exited with {code}
"""


@pytest.mark.parametrize(("code", "expected"), [(3, 3), (2, 2), (5, 5), (1, 5)])
def test_a_stage_tells_its_own_exit_code_through_dvc(code: int, expected: int) -> None:
    built = judge_build(255, REFUSED.format(code=code), Path("log"))
    assert (built.exit_code, built.reason) == (expected, "ingest tiny: a column is missing")


def test_only_the_last_stage_counts() -> None:
    assert judge_build(0, REFUSED.format(code=3), Path("log")).exit_code == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ERROR: failed to run: python -m pipeline.stages.train tiny, exited with -9", "for want of memory"),
        ("ERROR: failed to run: python -m pipeline.stages.train tiny, exited with -6", "for want of memory or disk"),
        ("ERROR: unexpected error", "DVC could not run; runs/1.log shows why"),
        ("", "DVC could not run"),
    ],
)
def test_what_is_no_words_of_a_stage_is_an_internal_error(said: str, expected: str) -> None:
    built = judge_build(255, said, Path("runs/1.log"))
    assert built.exit_code == 5
    assert expected in str(built.reason)


def test_a_run_has_only_so_much_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dvc.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    built = Builder(tmp_path, tmp_path / "log", 0.5).build()
    assert built.exit_code == 5
    assert "hours_at_most" in str(built.reason)


def test_only_the_words_of_this_build_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dvc.py").write_text("import sys; print('nothing to say'); sys.exit(255)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    (tmp_path / "log").write_text(REFUSED.format(code=3))
    assert Builder(tmp_path, tmp_path / "log", 60).build().exit_code == 5
