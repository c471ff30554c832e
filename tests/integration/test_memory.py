"""Training where memory is scarce: on disk the same bytes, and beyond that one sentence before it starts."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.shared import build_once, build_tiny, copy_workspace

PROGRAM = """
import pipeline.memory
pipeline.memory.measure_memory = lambda: {machine}
from pipeline.stages.train import main
from pipeline.stages.wiring import run
run("train", main)
"""
SHARE = 0.6  # of the machine's memory, as params.yaml has it
A_RECORD, ITS_PREDICTORS = 256, 2.5 * 4 * 4  # bytes that are planned for


@pytest.fixture
def workspace(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_workspace(build_once(tmp_path_factory, "tiny", build_tiny), tmp_path / "workspace")


def train(workspace: Path, bytes_a_record: float) -> subprocess.CompletedProcess[str]:
    """Stage `train` on a machine of which a stage may plan for so many bytes for each record."""
    machine = int(bytes_a_record * len(pd.read_parquet(workspace / "data/tiny/valid.parquet")) / SHARE)
    command = [sys.executable, "-c", PROGRAM.format(machine=machine), "tiny"]
    return subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)


def read(workspace: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (workspace / "artifacts/tiny").iterdir()}


@pytest.mark.slow
def test_what_memory_does_not_hold_is_learnt_from_on_disk_with_the_same_bytes(workspace: Path) -> None:
    before = read(workspace)
    done = train(workspace, A_RECORD + ITS_PREDICTORS / 2)
    assert done.returncode == 0, done.stderr
    assert read(workspace) == before


def test_a_plan_that_cannot_fit_is_refused_before_it_starts_with_the_numbers(workspace: Path) -> None:
    before = read(workspace)
    done = train(workspace, A_RECORD / 2)
    assert done.returncode == 2
    assert "of memory, and" in done.stderr
    assert "engine.memory_share" in done.stderr
    assert "Traceback" not in done.stderr
    assert read(workspace) == before
