"""Workspaces in which the tiny cohort has been released."""

from pathlib import Path

from pipeline.operations.releases.manifest import verify
from tests.integration.shared import copy_workspace, retrain


def releases(workspace: Path) -> list[str]:
    folder = workspace / "releases/tiny/versions"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def champion(workspace: Path) -> Path:
    """The release in use, whole."""
    folder = (workspace / "releases/tiny/current").resolve()
    verify(folder)
    return folder


def build_released(folder: Path, tiny: Path) -> None:
    """The tiny cohort, released: its first verdict is WARN, so a person accepts it."""
    made = copy_workspace(tiny, folder.with_suffix(".copy"))
    refused = retrain(made)
    assert (refused.returncode, releases(made)) == (4, []), refused.stderr
    accepted = retrain(made, "--accept")
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    made.rename(folder)
