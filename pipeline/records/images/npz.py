"""NPZ files: an array (rows, columns), or a stack of images (images, rows, columns), read one by one from its start."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from pipeline.records.images.picture import (
    MOST_PIXELS,
    Expected,
    ImageFault,
    Opened,
    Picture,
    Stored,
    check_bits,
    check_shape,
    decodable,
)

MOST_UNPACKED = 1_100  # times the packed size: deflate packs no better, so that an entry cannot lie about it
LONGEST_HEADER = 10_000  # bytes, as numpy itself allows


class Arrays:
    """Arrays in NPZ files; that which was last read stays open, so that a stack is unpacked once and not in memory.

    A context, which closes it.
    """

    def __init__(self) -> None:
        self._open: _Stack | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            self._open.close()

    def open(self, path: Path, array: str | None, index: int | None, expected: Expected) -> Opened:
        """The images of the array called `array`, or of the only one; that at `index` or all. Raises ImageFault."""
        with decodable():
            stack = self._stack(path, array)
        if index is not None and not 0 <= index < stack.images:
            raise ImageFault("image found")
        chosen = range(stack.images) if index is None else range(index, index + 1)
        broken = check_shape(stack.rows, stack.columns, len(chosen), expected)
        return Opened(_decode(stack, chosen), (*broken, *check_bits(stack.bits, expected)))

    def _stack(self, path: Path, array: str | None) -> "_Stack":
        if self._open and (self._open.path, self._open.asked) == (path, array):
            return self._open
        if self._open:
            self._open.close()
        self._open = None
        self._open = _Stack(path, array)
        return self._open


def _decode(stack: "_Stack", chosen: range) -> Iterator[Picture]:
    for index in chosen:
        with decodable():
            stored = stack.read(index)
            if stored.dtype.kind == "f" and not np.isfinite(stored).all():
                raise ImageFault("image decodable")
        yield Picture(stored)


class _Stack:
    """One array, read forwards; going back begins anew."""

    def __init__(self, path: Path, asked: str | None) -> None:
        self.path, self.asked = path, asked
        self._archive = zipfile.ZipFile(path)
        try:
            self._entry = self._find(asked)
            self._begin()
        except BaseException:
            self._archive.close()
            raise

    def _find(self, asked: str | None) -> zipfile.ZipInfo:
        entries = [info for info in self._archive.infolist() if info.filename.endswith(".npy")]
        named = [info for info in entries if asked is None or info.filename == f"{asked}.npy"]
        if len(named) != 1:
            raise ImageFault("image found")
        return named[0]

    def _begin(self) -> None:
        self._file: IO[bytes] = self._archive.open(self._entry)
        version = np.lib.format.read_magic(self._file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            raise ImageFault("image decodable")
        shape, fortran, self._dtype = read(self._file, max_header_size=LONGEST_HEADER)
        self.images, self.rows, self.columns = _shape(shape, self._dtype, fortran=fortran)
        self.bits = None if self._dtype.kind == "f" else 1 if self._dtype.kind == "b" else 8 * self._dtype.itemsize
        if self.rows * self.columns > MOST_PIXELS:
            raise ImageFault("image size")
        self._bytes = self.rows * self.columns * self._dtype.itemsize
        if self._entry.file_size - self._file.tell() != self.images * self._bytes:
            raise ImageFault("image decodable")
        if self._entry.file_size > MOST_UNPACKED * max(self._entry.compress_size, 1):
            raise ImageFault("image decodable")
        self._next = 0

    def read(self, index: int) -> Stored:
        """The image at `index`, in the machine's own order of bytes."""
        if index < self._next:
            self._file.close()
            self._begin()
        for _ in range(self._next, index):
            self._take()
        image = np.frombuffer(self._take(), self._dtype).reshape(self.rows, self.columns)
        self._next = index + 1
        return image.astype(np.uint8 if self._dtype.kind == "b" else self._dtype.newbyteorder("="), copy=False)

    def _take(self) -> bytes:
        content = self._file.read(self._bytes)
        if len(content) != self._bytes:
            raise ImageFault("image decodable")
        return content

    def close(self) -> None:
        """Close the file."""
        self._archive.close()


def _shape(shape: tuple[int, ...], dtype: np.dtype[np.generic], *, fortran: bool) -> tuple[int, int, int]:
    """Images, rows and columns. Raises ImageFault where the array holds none, or not as they are read."""
    if dtype.hasobject:  # unpickled, it would run as a programme
        raise ImageFault("image decodable")
    if len(shape) > 2 and shape[-1] in (3, 4):
        raise ImageFault("image grey")
    if len(shape) not in (2, 3) or dtype.kind not in "buif":
        raise ImageFault("image format")
    if fortran and 1 not in shape:  # its images do not stand one after the other
        raise ImageFault("image format")
    images, rows, columns = shape if len(shape) == 3 else (1, *shape)
    return images, rows, columns
