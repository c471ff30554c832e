"""Whether letters seem to be burned into an image: thin bright strokes, of one height, side by side."""

import numpy as np

from pipeline.arrays import BoolArray, FloatArray
from pipeline.records.images.picture import Picture, Stored

BRIGHT, DARK = 0.85, 0.6  # of the range of values: strokes are above, what is around them is below in the mean
EVERY = 4  # one row of so many is looked at first; letters are higher
FEWEST_PIXELS, LARGEST_SHARE = 10, 0.05  # of those rows, that strokes take
LONGEST_RUN = 10.0  # pixels in a row of a stroke, in the mean; more is an area
LEAST_TOUCHING = 0.7  # neighbours across and down of each pixel; scattered ones have none
BESIDE, LEAST_SHARP = 3, 0.6  # of so many runs, what is so many pixels beside them is dark; areas fade
HEIGHTS, WIDEST = (5, 80), 1.7  # of a letter: in pixels, and its width in heights
FEWEST_LETTERS = 5
ALIKE, CLOSE = 0.3, 1.5  # of letters in one line: heights and places differ by less, gaps are smaller, in heights
MOST_SPOTS = 2_000


def seems_burned_in(picture: Picture) -> bool:
    """Whether the picture shows five letters or more in a line; only a warning can rest on it.

    Letters that machines write are about as bright as anything on the image, thin, on darker ground and of like height.
    Some of the rows tell most pictures without.
    """
    low, high = picture.ends
    stored, dark = picture.stored, low + DARK * (high - low)
    least = stored.dtype.type(low + BRIGHT * (high - low))  # of the pixels' own type: ten times as fast
    if not high > low or not _has_strokes(stored[::EVERY] >= least, stored[::EVERY], dark):
        return False
    bright = stored >= least
    across, down = (np.count_nonzero(a & b) for a, b in ((bright[:, 1:], bright[:, :-1]), (bright[1:], bright[:-1])))
    joined = across + down >= LEAST_TOUCHING * np.count_nonzero(bright)
    return bool(joined) and _has_line(_find_letters(bright, stored, dark))


def _has_strokes(bright: BoolArray, stored: Stored, dark: float) -> bool:
    """Whether the `bright` pixels are some but few, in short runs along the rows that end at what is dark."""
    if not FEWEST_PIXELS <= np.count_nonzero(bright) <= LARGEST_SHARE * stored.size:
        return False
    values, places = stored.ravel(), np.flatnonzero(bright)
    breaks = np.flatnonzero(np.diff(places) > 1)
    first, last = places[[0, *(breaks + 1)]], places[[*breaks, -1]]
    before, after = np.maximum(first - BESIDE, 0), np.minimum(last + BESIDE, len(values) - 1)
    sharp = ((values[before] < dark) | (values[after] < dark)).mean()
    return bool(len(places) <= LONGEST_RUN * len(first) and sharp >= LEAST_SHARP)


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
