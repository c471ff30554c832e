"""A disk that fills in the middle of a run harms no release, and a run with room again needs no help."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.shared import copy_workspace, retrain
from tests.operations.retraining.workspaces import champion

pytestmark = pytest.mark.slow
ROOM = 80  # MB


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}m", "tmpfs", str(folder)]
    mounted = shutil.which("mount") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all room but `leave` bytes."""
    filler, state = disk / "filler", os.statvfs(disk)
    with filler.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, state.f_bavail * state.f_frsize - leave)
    return filler


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
