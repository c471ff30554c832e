"""A private clone of the workspace in which a run builds, so that nothing in use changes before it is judged.

The clone stays until the next run, which takes from it what DVC need not build anew, and from the workspace all else.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.operations.pseudonyms import are_by
from pipeline.operations.releases.store import ROOT
from pipeline.sections import Settings

CLONE = Path("runs", "workspace")
GENERATED = ("data", "artifacts", files.PUBLIC)
LOCK = Path("dvc.lock")
APART = (CLONE.parts[0], ROOT.parts[0])
LISTED = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")


def make_clone(settings: Settings, *, anew: bool) -> Path:
    """Bring the clone up to date with the workspace, the current folder; returns where it is.

    Code and tables are copied; images and what stages made are linked, as stages replace files and never write to
    them. With `anew` nothing
    of an earlier clone is used. Raises ConfigurationError where a source does not lie in the workspace or is named by
    a way through other folders, or where git cannot list the workspace.
    """
    _clear(anew=anew or not _is_whole(CLONE / LOCK))
    files.make_folder(CLONE)
    for path in _list_code():
        _copy(path)
    for name, declared in settings.cohorts.items():
        source = Path(declared.source.path)
        if ".." in source.parts:
            raise ConfigurationError(
                f"cohorts.{name}.source.path goes through '..'; give a path within the workspace, or one from the root"
            )
        if not source.is_absolute() and source.is_dir():
            _link_folder(source)
            _copy(Path(declared.records.path))
        elif not source.is_absolute() and source.is_file():
            _copy(source)
    if not (CLONE / LOCK).exists() and _is_whole(LOCK):
        _link_generated(settings)
    _configure_dvc()
    return CLONE


def forget_other_key(folder: Path, key: str, cohort: type[Cohort]) -> None:
    """Remove valid records in `folder` whose pseudonyms are by another key, which DVC cannot see, to be made again."""
    valid = folder / "valid.parquet"
    try:
        same = not valid.is_file() or are_by(key, folder, cohort)
    except (OSError, ValueError, DataRefusedError):  # half of what an earlier run built
        same = False
    if not same:
        valid.unlink()


def _clear(*, anew: bool) -> None:
    """Remove the earlier clone, or all of it but what stages made."""
    if anew:
        shutil.rmtree(CLONE, ignore_errors=True)
        return
    for path in CLONE.iterdir():
        if path.name in GENERATED or path.name == LOCK.name:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_whole(lock: Path) -> bool:
    """Whether DVC can read its lock file; without it all is built anew."""
    try:
        return "stages" in files.read_yaml(lock)
    except (OSError, TypeError, ValueError, yaml.YAMLError):
        return False


def _list_code() -> Iterator[Path]:
    """What git holds and would hold of the workspace, but for the state of DVC."""
    if not Path(".git").exists():
        raise ConfigurationError("the workspace is no git repository; run `git init`, or clone the project with git")
    listed = subprocess.run(LISTED, capture_output=True, check=True)  # noqa: S603 - our own command
    for name in listed.stdout.decode().split("\0"):
        path = Path(name)
        if name and path != LOCK and path.parts[0] not in APART and path.is_file():
            yield path


def _copy(path: Path) -> None:
    target = CLONE / path
    files.make_folder(target.parent)
    target.unlink(missing_ok=True)
    shutil.copyfile(path, target)
    target.chmod(0o600)


def _link_folder(folder: Path) -> None:
    """Link the images of a source, far too many to copy, and its other files."""
    shutil.rmtree(CLONE / folder, ignore_errors=True)
    for path in folder.rglob("*"):
        if path.is_file():
            files.make_folder((CLONE / path).parent)
            _link(path, CLONE / path)


def _link_generated(settings: Settings) -> None:
    """Take over what the workspace has built, with what DVC knows of it."""
    folders = [Path(top, name) for top in GENERATED for name in settings.cohorts]
    for folder in [*folders, Path(files.PUBLIC, "summaries")]:
        for path in folder.rglob("*"):
            if path.is_file() and not (CLONE / path).exists():
                files.make_folder((CLONE / path).parent)
                _link(path, CLONE / path)
    shutil.copy(LOCK, CLONE / LOCK)


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # another file system, or one without links
        shutil.copy(path, target)


def _configure_dvc() -> None:
    """Let DVC share the workspace's cache, ask no git, and keep its own state within the clone."""
    here = CLONE.resolve()
    local = f"[core]\n    no_scm = true\n    site_cache_dir = {here / '.dvc' / 'site'}\n"
    local += f"[cache]\n    dir = {Path('.dvc', 'cache').resolve()}\n"
    files.make_folder(CLONE / ".dvc")
    files.write_text(CLONE / ".dvc" / "config.local", local)
    (CLONE / ROOT).symlink_to(ROOT.resolve(), target_is_directory=True)
