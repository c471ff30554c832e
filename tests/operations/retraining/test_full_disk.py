"""A disk that fills in the middle of a run harms no release, and a run with room again needs no help."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import fill
from tests.integration.shared import copy_workspace, retrain
from tests.operations.retraining.workspaces import champion

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("leave", [0, 12_000_000], ids=["no room at all", "room for a part of the run"])
def test_a_full_disk_is_said_and_harms_nothing(released: Path, small_disk: Path, leave: int) -> None:
    workspace = copy_workspace(released, small_disk / "workspace")
    shutil.rmtree(workspace / "runs/workspace")
    before = champion(workspace)
    filler = fill(small_disk, leave)
    done = retrain(workspace, "--accept", TMPDIR=str(small_disk))
    assert done.returncode == 5
    assert "disk is full" in done.stdout + done.stderr or "shows why" in done.stdout
    assert "Traceback" not in done.stderr
    assert champion(workspace) == before
    if not leave:
        return
    filler.unlink()
    done = retrain(workspace, "--accept")
    assert done.returncode == 0, done.stdout + done.stderr
    assert champion(workspace) != before
