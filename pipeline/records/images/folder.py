"""Which files below a folder a record names, and which of them nobody does."""

import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pipeline.records.images import dicom, png
from pipeline.records.images.picture import ImageFault

IN_STACK = re.compile(r"(?P<path>.+\.npz)(?::(?P<array>[^:]+)(?::(?P<index>[0-9]{1,9}))?)?", re.IGNORECASE)
ZIP, HEAD = b"PK\x03\x04", 1024  # bytes that tell a format
DIRECTORY = "DICOMDIR"  # the list of contents of a disc of DICOM files


class Location(NamedTuple):
    """A file below the folder, and in an NPZ file the array and the place in it, where they are told."""

    path: str
    array: str | None = None
    place: int | None = None


@dataclass(frozen=True)
class ImageFolder:
    """All regular files below `root`, at any depth; links that lead out of it are none of them.

    Without a root there are no files.
    """

    root: Path | None
    claimed: set[str] = field(default_factory=set)

    @cached_property
    def files(self) -> list[str]:
        """Their paths from `root`, with `/`, sorted."""
        return sorted(_list_files(self.root)) if self.root else []

    def path(self, file: str) -> Path:
        """Where one of `files` is."""
        assert self.root is not None, "there are files"
        return self.root / file

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.files)

    def find(self, cell: str, pattern: str, *, several: bool) -> list[Location]:
        """What a cell names by `pattern`, in natural order. Raises ImageFault where that is not here."""
        if several and "*" in pattern:
            found = [Location(path) for path in self._match([part.replace("{}", cell) for part in pattern.split("*")])]
        else:
            named = pattern.replace("{}", cell)
            parts = IN_STACK.fullmatch(named)
            place = parts and parts["index"]
            location = Location(parts["path"], parts["array"], int(place) if place else None) if parts else None
            found = [location or Location(named)]
        return self._claim(found)

    def find_uid(self, uid: str, *, several: bool) -> list[Location]:
        """The DICOM file with this instance UID, or those of this series. Raises ImageFault as `find`."""
        found = [Location(path) for path in self._by_uid.get(uid.strip(), [])]
        if len(found) > 1 and not several:
            raise ImageFault("image found")
        return self._claim(found)

    def _claim(self, found: list[Location]) -> list[Location]:
        if not found or any(location.path not in self._known for location in found):
            raise ImageFault("image found")
        self.claimed.update(location.path for location in found)
        return found

    def _match(self, literals: list[str]) -> list[str]:
        """Paths of these literal parts with anything but `/` between them."""
        wanted = re.compile("[^/]*".join(map(re.escape, literals)))
        start = bisect_left(self.files, literals[0])
        found = []
        for place in range(start, len(self.files)):
            if not self.files[place].startswith(literals[0]):
                break
            if wanted.fullmatch(self.files[place]):
                found.append(self.files[place])
        return sorted(found, key=_natural)

    @cached_property
    def _by_uid(self) -> dict[str, list[str]]:
        """Files by UID, those of a series by their number in it."""
        told = [(uids, path) for path in self.files if (uids := self._uids(path))]
        made: dict[str, list[str]] = {}
        for (instance, series, _), path in sorted(told, key=lambda each: (each[0][2], _natural(each[1]))):
            for uid in filter(None, (instance, series)):
                made.setdefault(uid, []).append(path)
        return made

    def _uids(self, path: str) -> tuple[str, str, int] | None:
        return dicom.read_uids(self.path(path)) if tell_format(read_head(self.path(path))) == "DICOM" else None

    def count_unclaimed(self) -> int:
        """How many files are images, by content, that no record has named."""
        left = (path for path in self.files if path not in self.claimed and path.rsplit("/", 1)[-1] != DIRECTORY)
        return sum(_is_image(self.path(path)) for path in left)


def read_head(path: Path) -> bytes:
    """The first bytes of a file; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


def tell_format(head: bytes) -> str | None:
    """DICOM, PNG or NPZ by the first bytes of a file; its name says nothing."""
    if head[dicom.OFFSET : dicom.OFFSET + len(dicom.MAGIC)] == dicom.MAGIC:
        return "DICOM"
    if head.startswith(png.MAGIC):
        return "PNG"
    return "NPZ" if head.startswith(ZIP) else None


def _is_image(path: Path) -> bool:
    """Whether a file is an image; of ZIP files, which workbooks are too, those named so."""
    kind = tell_format(read_head(path))
    return path.suffix.lower() == ".npz" if kind == "NPZ" else kind is not None


def _list_files(root: Path) -> Iterator[str]:
    inside = os.path.realpath(root)
    for folder, _, names in os.walk(root):
        below = os.path.relpath(folder, root)
        for name in names:
            path = os.path.join(folder, name)
            leads = os.path.realpath(path) if os.path.islink(path) else path
            if os.path.isfile(path) and (leads is path or leads.startswith(inside + os.sep)):
                yield name if below == "." else f"{below}/{name}".replace(os.sep, "/")


def _natural(path: str) -> list[tuple[int, str]]:
    """A key by which `9` comes before `10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", path)]
