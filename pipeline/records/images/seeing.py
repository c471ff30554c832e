"""What a network sees of an image: grey from 0 to 255, square, of the declared size; and where the finding is on it."""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.image_store import Pixels
from pipeline.records.images.picture import Picture, Stored

Box: TypeAlias = tuple[float, float, float, float]
Levels: TypeAlias = tuple[float, float]
WHITE = 255
PERCENTILES = (0.005, 0.995)
SAMPLE = 2**14  # pixels, about, on a grid over a larger picture, that percentiles are those of
BINS = 2**16  # as many stored values are counted; more are sorted
FEWEST_LEVELS, LEAST_CONTRAST = 3, 0.01  # fewer steps of grey, or less of the intensity, show nothing


def show(picture: Picture, levels: Levels, side: int) -> Pixels:
    """The picture in grey, (side, side), turned and inverted as it says; `levels`, stored values, are black and white.

    It is padded with black to a square, in its middle, and averaged first, as a coarser detector would have measured
    it, so that few pixels have to be made grey.
    """
    low, high = levels
    measured = _average(_square(picture.stored, high if picture.inverted else low), side)
    grey = (measured - np.float32(low)) * np.float32(WHITE / (high - low))
    shown: Pixels = np.clip(np.rint(grey), 0, WHITE).astype(np.uint8)
    return turn(WHITE - shown if picture.inverted else shown, picture.flips)


def find_levels(picture: Picture, window: tuple[float, float] | None) -> Levels | None:
    """The stored values to be shown black and white; None where the picture is blank, or nearly so.

    They are those of `window`, intensities, or else the 0.5th and 99.5th percentile of the picture.
    """
    least, most = picture.ends
    if window is None and not _is_flat(picture.stored, least, most):
        least, most = _percentiles(picture.stored, int(least), int(most))
    if _is_flat(picture.stored, least, most) or picture.slope == 0:
        return None
    if window is None:
        return (least, most) if picture.slope > 0 else (most, least)
    low, high = ((each - picture.intercept) / picture.slope for each in window)
    return low, high


def _is_flat(stored: Stored, least: float, most: float) -> bool:
    few = stored.dtype.kind in "ui" and most - least < FEWEST_LEVELS
    return few or most - least <= LEAST_CONTRAST * max(abs(least), abs(most))


def _percentiles(stored: Stored, least: int, most: int) -> Levels:
    """The smallest values that so many pixels are at or below; integers are counted, as sorting takes longer."""
    step = max(1, math.isqrt(stored.size // SAMPLE))
    stored = stored[::step, ::step]
    if stored.dtype.kind == "f" or most - least >= BINS:
        low, high = np.quantile(stored, PERCENTILES, method="inverted_cdf")
        return float(low), float(high)
    below = np.cumsum(np.bincount((stored.astype(np.intp) - least).ravel()))
    places = np.searchsorted(below, np.multiply(PERCENTILES, stored.size))
    return float(least + places[0]), float(least + places[1])


def turn(image: npt.NDArray[Any], flips: tuple[bool, bool]) -> npt.NDArray[Any]:
    """`image` with rows and columns turned round where `flips` say so."""
    return image[:: -1 if flips[0] else 1, :: -1 if flips[1] else 1]


def _average(square: Stored, side: int) -> npt.NDArray[np.float32]:
    """Means of whole pixels where they fit into (side, side); else of as many as fit, then weighted by distance."""
    from PIL import Image

    step, rest = divmod(len(square), side)
    if rest == 0:
        rows = square[::step].astype(np.float32)
        for each in range(1, step):
            rows += square[each::step]
        total = rows[:, ::step].copy()
        for each in range(1, step):
            total += rows[:, each::step]
        return total / np.float32(step * step)
    image = Image.fromarray(square.astype(np.float32))
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=1.0))


def is_blank(seen: Pixels) -> bool:
    """Whether a network would see next to nothing."""
    return int(seen.max()) - int(seen.min()) < FEWEST_LEVELS


def fit_mask(mask: npt.NDArray[Any], flips: tuple[bool, bool], side: int) -> Pixels:
    """The finding's place `mask`, (rows, columns), where not 0, on the image that `show` gives: (side, side), 0 or 1.

    A pixel is of the finding where half of it is; of a finding too small for that, the pixel with most of it is.
    """
    from PIL import Image

    square = _square(mask != 0, 0).astype(np.float32)
    share = np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BOX))
    found = share >= 0.5
    if share.any() and not found.any():
        found = share == share.max()
    return turn(found.astype(np.uint8), flips)


def draw_box(box: Box, shape: tuple[int, ...]) -> Pixels:
    """A box (left, top, width, height in pixels) as a mask of `shape`; nowhere 1 where it lies outside."""
    left, top, width, height = box
    mask = np.zeros(shape[:2], dtype=np.uint8)
    rows = slice(max(math.floor(top), 0), max(math.ceil(top + height), 0))
    columns = slice(max(math.floor(left), 0), max(math.ceil(left + width), 0))
    mask[rows, columns] = 1
    return mask


def _square(image: npt.NDArray[Any], ground: float) -> npt.NDArray[Any]:
    rows, columns = image.shape
    if rows == columns:
        return image
    side = max(rows, columns)
    square = np.full((side, side), ground, dtype=np.float32)
    top, left = (side - rows) // 2, (side - columns) // 2
    square[top : top + rows, left : left + columns] = image
    return square
