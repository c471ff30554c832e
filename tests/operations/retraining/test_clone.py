"""The clone has what the workspace's git holds, the sources and what was built, and shares nothing that is written."""

import subprocess
from pathlib import Path

import pytest
import yaml

from pipeline.errors import ConfigurationError
from pipeline.operations.retraining.clone import CLONE, make_clone
from pipeline.sections import Settings
from pipeline.settings import load_settings
from tests.conftest import change_params


@pytest.fixture
def workspace(root: Path) -> Path:
    """A workspace with one cohort whose source git does not hold, and an output."""
    subprocess.run(["git", "init", "--quiet"], check=True)
    (root / ".gitignore").write_text("/data/\n/artifacts/\n/releases/\n/runs/\n")
    (root / "data/ward.csv").write_text("a,b\n")
    set_source(root, "data/ward.csv")
    (root / "artifacts/ward").mkdir(parents=True)
    (root / "artifacts/ward/model.json").write_text("{}")
    (root / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {}}))
    return root


def set_source(root: Path, path: str) -> None:
    cohorts = {"ward": {"source": {"format": "csv", "path": path}}}
    change_params(root, lambda params: params.update(cohorts=cohorts))


def settings() -> Settings:
    return load_settings()


def test_code_and_sources_are_copied_and_outputs_linked(workspace: Path) -> None:
    make_clone(settings(), anew=False)
    assert (CLONE / "params.yaml").read_text() == (workspace / "params.yaml").read_text()
    assert (CLONE / "data/ward.csv").stat().st_ino != (workspace / "data/ward.csv").stat().st_ino
    assert (CLONE / "artifacts/ward/model.json").stat().st_ino == (
        workspace / "artifacts/ward/model.json"
    ).stat().st_ino
    assert (CLONE / "data/ward.csv").stat().st_mode & 0o777 == 0o600
    assert CLONE.stat().st_mode & 0o777 == 0o700
    assert "no_scm = true" in (CLONE / ".dvc/config.local").read_text()


def test_the_next_clone_takes_what_was_built_in_it_and_what_is_new_of_the_rest(workspace: Path) -> None:
    make_clone(settings(), anew=False)
    (CLONE / "artifacts/ward/model.json").unlink()
    (CLONE / "artifacts/ward/model.json").write_text('{"newer": 1}')
    (CLONE / "left.py").write_text("")
    (workspace / "data/ward.csv").write_text("a,b\n1,2\n")
    make_clone(settings(), anew=False)
    assert "newer" in (CLONE / "artifacts/ward/model.json").read_text()
    assert not (CLONE / "left.py").exists()
    assert (CLONE / "data/ward.csv").read_text() == "a,b\n1,2\n"
    make_clone(settings(), anew=True)
    assert "newer" not in (CLONE / "artifacts/ward/model.json").read_text()


@pytest.mark.parametrize("lock", ["", "stages: [", "7"])
def test_with_a_lock_file_that_cannot_be_read_all_is_built_anew(workspace: Path, lock: str) -> None:
    (workspace / "dvc.lock").write_text(lock)
    make_clone(settings(), anew=False)
    assert not (CLONE / "dvc.lock").exists()
    assert not (CLONE / "artifacts").exists()


def test_a_way_out_of_the_workspace_is_refused(workspace: Path) -> None:
    set_source(workspace, "../ward.csv")
    with pytest.raises(ConfigurationError, match=r"goes through '\.\.'"):
        make_clone(settings(), anew=False)


def test_a_workspace_without_git_is_refused(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="no git repository"):
        make_clone(settings(), anew=False)
