"""Whatever ends a run, none of its processes outlives it, and nobody else can start one meanwhile."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import LockedError
from pipeline.operations.guard import run_guarded
from pipeline.operations.lock import hold

TREE = "sleep 60 & sleep 60 & echo started; wait"
SUPERVISE = """
import os, sys
from pathlib import Path
from pipeline.operations.guard import run_guarded
from pipeline.operations.lock import hold
with hold(Path("runs/lock")):
    run_guarded(["sh", "-c", sys.argv[1]], Path("."), os.environ, Path("log"))
"""


def children_of(marker: str) -> list[int]:
    """The processes that have `marker` in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and f"MARKER={marker}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize("whole_group", [False, True], ids=["supervisor only", "process group"])
def test_nothing_outlives_a_killed_supervisor(tmp_path: Path, whole_group: bool) -> None:
    marker = f"{os.getpid()}-{whole_group}"
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, TREE], cwd=tmp_path, start_new_session=True,
        env=os.environ | {"MARKER": marker, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    wait_until(lambda: (tmp_path / "log").exists() and b"started" in (tmp_path / "log").read_bytes())
    assert len(children_of(marker)) >= 4
    with pytest.raises(LockedError), hold(tmp_path / "runs/lock"):
        pass
    (os.killpg if whole_group else os.kill)(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    with hold(tmp_path / "runs/lock"):
        wait_until(lambda: not children_of(marker), seconds=1)


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_the_code_of_the_command_comes_back_and_stragglers_are_ended(tmp_path: Path, command: str, code: int) -> None:
    marker = f"{os.getpid()}-{code}"
    environment = os.environ | {"MARKER": marker}
    log = tmp_path / "log"
    assert run_guarded(["sh", "-c", f"sleep 60 & echo said; {command}"], tmp_path, environment, log) == code
    assert log.read_text() == "said\n"
    wait_until(lambda: not children_of(marker), seconds=1)


def test_a_command_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    marker = f"{os.getpid()}-hangs"
    environment = os.environ | {"MARKER": marker}
    with pytest.raises(subprocess.TimeoutExpired):
        run_guarded(["sh", "-c", TREE], tmp_path, environment, tmp_path / "log", seconds=0.5)
    wait_until(lambda: not children_of(marker), seconds=1)


def test_the_lock_is_one_runs_and_left_files_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "lock"
    path.parent.mkdir()
    path.write_text("12345 left by a run long ago")
    with hold(path), pytest.raises(LockedError, match="wait until it ends"), hold(path):
        pass
    with hold(path):
        assert oct(path.parent.stat().st_mode)
