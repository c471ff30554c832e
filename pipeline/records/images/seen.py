"""What a network sees of images, kept on the disk while they are read, then put in the order of records."""

import os
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, IntArray
from pipeline.image_store import ImageStore, Pixels, write_images


@dataclass
class Notes:
    """Lists with an entry per image: its record's position, its place there, whether its mask is known, or blank."""

    owner: list[int] = field(default_factory=list)
    place: list[tuple[int, int]] = field(default_factory=list)
    placed: list[bool] = field(default_factory=list)
    blank: list[bool] = field(default_factory=list)


class Drawer:
    """Images and masks of (side, side) put by, one after the other, in files without a name.

    They are gone with this object, however the process ends, and nobody else can open them.
    """

    def __init__(self, folder: Path | None, side: int, *, masked: bool) -> None:
        self.side, self.masked, self.notes = side, masked, Notes()
        self._folder = folder
        self._pixels = _unnamed(folder)
        self._masks = _unnamed(folder) if masked else None
        for file in filter(None, (self._pixels, self._masks)):
            weakref.finalize(self, file.close)

    def __len__(self) -> int:
        return len(self.notes.owner)

    def add(self, owner: int, place: tuple[int, int], seen: Pixels, mask: Pixels | None, *, blank: bool) -> None:
        """Put by an image of the record at position `owner`, at `place` among its files and their frames."""
        self._pixels.write(seen.tobytes())
        if self._masks is not None:
            self._masks.write((np.zeros_like(seen) if mask is None else mask).tobytes())
        self.notes.owner.append(owner)
        self.notes.place.append(place)
        self.notes.placed.append(mask is not None)
        self.notes.blank.append(blank)

    def read(self, rows: IntArray | list[int]) -> Pixels:
        """The images put by at these places, (k, side, side); they are not mapped, so that they leave memory again."""
        return self._take(self._pixels, rows)

    def owners(self) -> IntArray:
        """The position of each image's record, (m,)."""
        return np.array(self.notes.owner, dtype=np.intp)

    def blanks(self) -> BoolArray:
        """Whether each image is blank, (m,)."""
        return np.array(self.notes.blank, dtype=bool)

    def write(self, records: IntArray, folder: Path) -> None:
        """Write the images of the records at these positions, in this order, as `write_images` does."""
        rows, index = self._arrange(records)
        write_images(folder, index, self._pick(rows), self.side, masked=self.masked)

    def store(self, records: IntArray) -> ImageStore:
        """The images of the records at these positions, in this order."""
        rows, index = self._arrange(records)
        arranged = Drawer(self._folder, self.side, masked=self.masked)
        for row, (seen, mask) in zip(rows, self._pick(rows), strict=True):
            arranged.add(int(row), (0, 0), seen, mask, blank=False)
        masks = arranged._map(arranged._masks) if arranged._masks else None
        return ImageStore(arranged._map(arranged._pixels), masks, index)

    def _arrange(self, records: IntArray) -> tuple[IntArray, pd.DataFrame]:
        """The images of `records` in order, and the index of an `ImageStore` of them."""
        position = np.full(max(self.notes.owner, default=-1) + 1, -1)
        inside = records < len(position)
        position[records[inside]] = np.flatnonzero(inside)
        belongs = position[self.owners()]
        places = np.array(self.notes.place, dtype=np.intp).reshape(-1, 2)
        order = np.lexsort((places[:, 1], places[:, 0], belongs))
        rows = order[belongs[order] >= 0]
        placed = np.array(self.notes.placed, dtype=bool)[rows]
        return rows, pd.DataFrame({"record": belongs[rows].astype(np.int64), "placed": placed})

    def _pick(self, rows: IntArray) -> Iterator[tuple[Pixels, Pixels | None]]:
        for row in rows:
            [seen] = self._take(self._pixels, [row])
            [mask] = [None] if self._masks is None else self._take(self._masks, [row])
            yield seen, mask

    def _take(self, file: IO[bytes], rows: IntArray | list[int]) -> Pixels:
        file.flush()
        size = self.side * self.side
        content = b"".join(os.pread(file.fileno(), size, int(row) * size) for row in rows)
        return np.frombuffer(content, dtype=np.uint8).reshape(-1, self.side, self.side)

    def _map(self, file: IO[bytes]) -> Pixels:
        shape = (len(self), self.side, self.side)
        if not len(self):  # nothing can be mapped
            return np.zeros(shape, dtype=np.uint8)
        file.flush()
        mapped: Pixels = np.memmap(file, dtype=np.uint8, mode="r", shape=shape)
        return mapped


def _unnamed(folder: Path | None) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=folder)
