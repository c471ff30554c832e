"""Where releases are kept: `releases/<cohort>/versions/<name>`, and `current`, a link to the one in use.

A release appears whole or not at all, and `current` moves in one step, so that a run killed anywhere leaves the
release in use as it was. Whatever a killed run left half-written is removed by the next.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.operations.releases.manifest import NAME, seal, verify

ROOT = Path("releases")
PARTIAL = ".partial"


@dataclass(frozen=True)
class Store:
    """The releases of one cohort, under `folder`."""

    folder: Path

    @classmethod
    def of(cls, cohort: str) -> "Store":
        """The releases of the cohort."""
        return cls(ROOT / cohort)

    def names(self) -> list[str]:
        """Every release, oldest first."""
        versions = self.folder / "versions"
        found = [path.name for path in versions.iterdir() if NAME.fullmatch(path.name)] if versions.is_dir() else []
        return sorted(found, key=_number)

    def path(self, name: str) -> Path:
        """The folder of a release, which may be named by its number. Raises ConfigurationError where there is none."""
        for known in self.names():
            if name == known or (name.isdigit() and int(name) == _number(known)):
                return self.folder / "versions" / known
        raise ConfigurationError(f"{self.folder.name} has no release {name!r}; `releases list` shows those there are")

    def current(self) -> str | None:
        """The release in use; None before the first."""
        link = self.folder / "current"
        return Path(os.readlink(link)).name if link.is_symlink() else None

    def champion(self) -> Path | None:
        """The folder of the release in use, verified; None before the first. Raises ConfigurationError as `verify`."""
        name = self.current()
        if name is None:
            return None
        verify(self.path(name))
        return self.path(name)

    def pinned(self) -> str | None:
        """The release to which the cohort is pinned: none is put in its place meanwhile."""
        path = self.folder / "pinned"
        return path.read_text(encoding="utf-8").strip() if path.is_file() else None

    def pin(self, name: str) -> None:
        """Keep a release in use until `unpin`."""
        files.write_whole({self.folder / "pinned": partial(files.write_text, text=name + "\n")})

    def unpin(self) -> None:
        """Let a new release take the place of the one in use again."""
        (self.folder / "pinned").unlink(missing_ok=True)

    def add(self, contents: Mapping[str, Path], facts: Mapping[str, Any]) -> str:
        """Copy files, by their name in the release, into a new release, not yet in use; returns its name."""
        versions = self.folder / "versions"
        files.make_folder(versions)
        for left in versions.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        made = versions / f"{PARTIAL}-{os.getpid()}"
        files.make_folder(made)
        for name, source in contents.items():
            files.make_folder((made / name).parent)
            shutil.copyfile(source, made / name)
        name = seal(made, 1 + max(map(_number, self.names()), default=0), facts)
        files.secure(made, public=False)
        os.rename(made, versions / name)
        _sync(versions)
        return name

    def use(self, name: str) -> None:
        """Verify a release and put it in use, in one step."""
        verify(self.path(name))
        new = self.folder / f"{PARTIAL}-current"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("versions", self.path(name).name))
        os.replace(new, self.folder / "current")
        _sync(self.folder)

    def retain(self, keep: int) -> list[str]:
        """Remove the oldest releases but for `keep` of them, the one in use and the one pinned; returns their names."""
        names = self.names()
        spared = {self.current(), self.pinned(), *names[-keep:]}
        gone = [name for name in names if name not in spared]
        for name in gone:
            left = self.folder / "versions" / f"{PARTIAL}-{name}"
            os.rename(self.folder / "versions" / name, left)
            shutil.rmtree(left)
        return gone


def _number(name: str) -> int:
    return int(name.split("-", maxsplit=1)[0])


def _sync(folder: Path) -> None:
    """Make sure that what a folder lists outlives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
