"""Workspaces that take long to build, built once for all processes of a test run; each test works on a copy."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.tiny import clone, repro


def build_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """The folder that `build` made, in this process or in another of the same run."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = base / name
    with (base / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not folder.exists():
            new = base / f"{name}.new"
            shutil.rmtree(new, ignore_errors=True)
            build(new)
            new.rename(folder)
    return folder


def copy_workspace(source: Path, target: Path) -> Path:
    """A workspace of its own, with everything that was built."""
    return Path(shutil.copytree(source, target, symlinks=True))


def build_tiny(folder: Path) -> None:
    """The tiny cohort, built by `dvc repro`."""
    made = clone(folder.with_suffix(".clone"))
    result = repro(made)
    assert result.returncode == 0, result.stdout + result.stderr
    made.rename(folder)


def retrain(workspace: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`clinrisk retrain` in a workspace, with the workspace's own code."""
    command = [sys.executable, "-m", "pipeline", "retrain", *arguments]
    return subprocess.run(
        command, cwd=workspace, env=os.environ | environment, capture_output=True, text=True, check=False
    )
