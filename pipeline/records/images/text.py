"""Whether letters seem to be burned into an image: thin bright strokes, of one height, side by side."""

import numpy as np

from pipeline.arrays import BoolArray, FloatArray
from pipeline.records.images.picture import Stored

BRIGHT, DARK = 0.85, 0.6  # of the range of values: strokes are above, what is around them is below in the mean
FEWEST_PIXELS, LARGEST_SHARE = 40, 0.05  # of the image, that strokes take
LONGEST_RUN = 10.0  # pixels in a row of a stroke, in the mean; more is an area
LEAST_TOUCHING = 0.7  # neighbours across and down of each pixel; scattered ones have none
HEIGHTS, WIDEST = (5, 80), 1.7  # of a letter: in pixels, and its width in heights
FEWEST_LETTERS = 5
ALIKE, CLOSE = 0.3, 1.5  # of letters in one line: heights and places differ by less, gaps are smaller, in heights
MOST_SPOTS = 2_000


def seems_burned_in(stored: Stored) -> bool:
    """Whether `stored` (rows, columns) shows five letters or more in a line; only a warning can rest on it.

    Letters that machines write are about as bright as anything on the image, thin, on darker ground and alike in height.
    """
    low, high = float(stored.min()), float(stored.max())
    if not high > low:
        return False
    bright = stored >= stored.dtype.type(low + BRIGHT * (high - low))  # of its own type: ten times as fast
    if not FEWEST_PIXELS <= np.count_nonzero(bright) <= LARGEST_SHARE * stored.size:
        return False
    places = np.flatnonzero(bright)
    runs = 1 + int((np.diff(places) > 1).sum())
    touching = len(places) - runs + np.count_nonzero(bright[1:] & bright[:-1])
    if len(places) / runs > LONGEST_RUN or touching < LEAST_TOUCHING * len(places):
        return False
    return _has_line(_find_letters(bright, stored, low + DARK * (high - low)))


def _find_letters(bright: BoolArray, stored: Stored, dark: float) -> FloatArray:
    """Left, right, top and bottom of each spot that may be a letter, (k, 4)."""
    from scipy import ndimage

    spots, count = ndimage.label(bright, structure=np.ones((3, 3)))
    found = []
    if count <= MOST_SPOTS:
        for number, (rows, columns) in enumerate(ndimage.find_objects(spots), start=1):
            height, width = rows.stop - rows.start, columns.stop - columns.start
            if HEIGHTS[0] <= height <= HEIGHTS[1] and width <= WIDEST * height:
                around = (
                    slice(max(rows.start - 2, 0), rows.stop + 2),
                    slice(max(columns.start - 2, 0), columns.stop + 2),
                )
                ground = stored[around][spots[around] != number]
                if ground.size and float(ground.mean()) < dark:
                    found.append((columns.start, columns.stop, rows.start, rows.stop))
    return np.array(found, dtype=np.float64).reshape(-1, 4)


def _has_line(letters: FloatArray) -> bool:
    """Whether enough of `letters`, (k, 4), stand side by side."""
    left, right, top, bottom = letters[np.argsort(letters[:, 0], kind="stable")].T
    for height, foot in zip(bottom - top, bottom, strict=True):
        alike = (np.abs(bottom - top - height) <= ALIKE * height) & (np.abs(bottom - foot) <= ALIKE * height)
        apart = np.flatnonzero(left[alike][1:] - right[alike][:-1] > CLOSE * height)
        lines = np.diff([0, *(apart + 1), int(alike.sum())])
        if lines.max() >= FEWEST_LETTERS:
            return True
    return False
