"""Images as a network sees them: what validation keeps of each file, and training and explanation read.

A folder holds `pixels.npy` (m, side, side), grey from 0 to 255, `masks.npy` of the same shape, 1 where the finding is,
if the place of findings is known, and `index.parquet` with a row per image. All are read and written image by image,
so that memory does not grow with their number.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline import files
from pipeline.arrays import IntArray

if TYPE_CHECKING:
    import pandas as pd

Pixels: TypeAlias = npt.NDArray[np.uint8]
PIXELS, MASKS, INDEX = "pixels.npy", "masks.npy", "index.parquet"


@dataclass(frozen=True)
class ImageStore:
    """m images, (m, side, side) each of `pixels` and `masks`, which is None where no place of findings is known.

    `index` has a row per image: `record`, the position of its record among the valid ones, and `placed`, whether its
    mask is known. Several images of one record follow each other.
    """

    pixels: Pixels
    masks: Pixels | None
    index: "pd.DataFrame"

    def take(self, records: IntArray) -> "ImageStore":
        """The images of the records at positions `records`, each once, numbered by their places there."""
        place = {int(record): number for number, record in enumerate(records)}
        numbers = self.index["record"].map(place)
        rows = np.flatnonzero(numbers.notna())
        rows = rows[np.argsort(numbers.to_numpy(float)[rows], kind="stable")]
        index = self.index.iloc[rows].assign(record=numbers.iloc[rows].astype(np.int64)).reset_index(drop=True)
        return ImageStore(self.pixels[rows], None if self.masks is None else self.masks[rows], index)

    def __len__(self) -> int:
        return len(self.index)


def write_images(
    folder: Path, index: "pd.DataFrame", images: Iterable[tuple[Pixels, Pixels | None]], side: int, *, masked: bool
) -> None:
    """Write one image, with its mask if `masked`, for each row of `index`; `folder` is new or is replaced.

    `index` has the columns of `ImageStore`, and each image and mask has shape (side, side).
    """
    files.write_folder(folder, {})
    shape = (len(index), side, side)
    pixels = _new(folder / PIXELS, shape)
    masks = _new(folder / MASKS, shape) if masked else None
    written = 0
    for row, (image, mask) in enumerate(images):
        pixels[row] = image
        if masks is not None and mask is not None:
            masks[row] = mask
        written += 1
    assert written == len(index), "an image for each row"
    files.write_parquet(folder / INDEX, index.reset_index(drop=True))


def _new(path: Path, shape: tuple[int, int, int]) -> Pixels:
    if 0 in shape:  # nothing can be mapped
        np.save(path, np.zeros(shape, dtype=np.uint8))
        return np.zeros(shape, dtype=np.uint8)
    mapped: Pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    with path.open("r+b") as handle:  # else a disk that fills kills, without a word, whoever writes to the map
        os.posix_fallocate(handle.fileno(), 0, path.stat().st_size)
    return mapped


def read_images(folder: Path) -> ImageStore:
    """The images that `write_images` wrote, mapped from the disk."""
    index = files.read_parquet(folder / INDEX)
    mode: Literal["r"] | None = "r" if len(index) else None
    masks = np.load(folder / MASKS, mmap_mode=mode) if (folder / MASKS).exists() else None
    return ImageStore(np.load(folder / PIXELS, mmap_mode=mode), masks, index)
