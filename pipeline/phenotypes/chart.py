"""A map of the patients on two principal components, binned so that no mark is a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import NumberOf, hide_in_groups, hide_in_series, share

BINS = (6, 24)
"""Fewest and most bins along the longer axis."""
BIN_OF = 3
"""In between, so many that a bin would hold three times the smallest group if all were alike."""
CENTRAL = (0.01, 0.99)
"""Quantiles that the bins span; patients beyond them are in the bins at the edge."""
NAMED = 3
"""At most so many predictors name an axis..."""
NOTABLE = 0.5
"""...and none with less than this share of the largest loading."""
FLAT = 1e-9
"""A variance, or a width, of less than this share of the largest is none."""


@dataclass(frozen=True, eq=False)
class _Grid:
    """Square bins: the lower corner (2,), the side, and the number of bins along each axis."""

    corner: FloatArray
    side: float
    shape: tuple[int, int]

    def place(self, points: FloatArray) -> IntArray:
        """Return the number of the bin of each point, (rows,); beyond the edge, that of the bin at the edge."""
        cells = np.floor((points - self.corner) / self.side).astype(np.int64)
        inside = np.clip(cells, 0, np.array(self.shape) - 1)
        return np.asarray(inside[:, 0] * self.shape[1] + inside[:, 1])

    def centre(self, number: int) -> FloatArray:
        """Return the middle of a bin, (2,)."""
        middle: FloatArray = self.corner + (np.array(divmod(number, self.shape[1])) + 0.5) * self.side
        return middle


def chart_patients(
    X: FloatArray, names: Sequence[str], assignment: IntArray, k: int, smallest: int
) -> dict[str, Any] | None:
    """Return the two axes and the bins with their most frequent cluster.

    `X` (rows, columns) is the matrix of the space; `names` gives the label of the predictor behind each column;
    `assignment` (rows,) has numbers 1 to `k`, of which some may be absent, and 0 for patients of no cluster, who are
    left out. Keys: `x` and `y`
    name the predictors with the largest loadings, `explained` the two shares of the variance, `bins` the centre
    `x` and `y`, `width`, `height`, `n`, `cluster` and its `share`, and `hidden` the patients in bins not shown.

    Bins of fewer than `smallest` patients are not shown, nor is the next smallest one where the hidden patients
    would be as few. `share` is None where it, or subtraction, would tell a count below `smallest`: mostly in bins
    of one cluster almost alone. The result does not depend on the signs of the eigenvectors. None where patients
    do not differ in two directions.
    """
    clustered = assignment > 0
    axes, variance = _find_axes(X[clustered])
    if axes is None:
        return None
    points = (X[clustered] - X[clustered].mean(axis=0)) @ axes
    grid = _lay_grid(points, smallest)
    counts = np.zeros((k, grid.shape[0] * grid.shape[1]), dtype=np.int64)
    np.add.at(counts, (assignment[clustered] - 1, grid.place(points)), 1)
    shown = _show(counts.sum(axis=0), smallest)
    return {
        "x": _name(axes[:, 0], names),
        "y": _name(axes[:, 1], names),
        "explained": [float(v) for v in variance],
        "bins": _describe(counts, shown, grid, smallest),
        "hidden": int(counts[:, ~shown].sum()),
    }


def _find_axes(X: FloatArray) -> tuple[FloatArray | None, FloatArray]:
    """Return the first two principal directions, (columns, 2), each with its largest loading positive, and shares."""
    if X.shape[1] < 2 or len(X) < 2:
        return None, np.empty(0)
    values, vectors = np.linalg.eigh(np.cov(X, rowvar=False))
    if values[-2] <= FLAT * max(values[-1], np.finfo(float).tiny):
        return None, np.empty(0)
    axes = vectors[:, [-1, -2]]
    # The first of loadings that are equal but for rounding, so that rounding does not choose the sign.
    sizes = np.abs(axes)
    first = (sizes >= sizes.max(axis=0) * (1 - 1e-6)).argmax(axis=0)
    return axes * np.sign(axes[first, [0, 1]]), values[[-1, -2]] / values.sum()


def _lay_grid(points: FloatArray, smallest: int) -> _Grid:
    low, high = np.quantile(points, CENTRAL, axis=0)
    ends = points.min(axis=0), points.max(axis=0)
    if (high - low).max() <= FLAT * (ends[1] - ends[0]).max():
        low, high = ends
    number = int(np.clip(np.sqrt(len(points) / (BIN_OF * smallest)), *BINS))
    side = float((high - low).max()) / number
    along, across = (max(1, int(np.ceil(length / side - FLAT))) for length in high - low)
    shape = np.array([along, across])
    return _Grid((low + high - shape * side) / 2, side, (along, across))


def _show(sizes: IntArray, smallest: int) -> BoolArray:
    """Return which bins are shown, (bins,); the others together hold nobody or at least `smallest` patients."""
    shown, used = np.zeros(len(sizes), dtype=bool), np.flatnonzero(sizes)
    kept = hide_in_series(sizes[used].tolist(), int(sizes.sum()), smallest)
    shown[used] = [count is not None for count in kept]
    return shown


def _describe(counts: IntArray, shown: BoolArray, grid: _Grid, smallest: int) -> list[dict[str, Any]]:
    """Return the bins shown; the others stand together in the last column of the table that is searched for leaks."""
    table = counts[:, shown]
    if not shown.all():
        table = np.column_stack([table, counts[:, ~shown].sum(axis=1)])
    present = table.any(axis=1)
    secret = np.ones(table.shape, dtype=bool)
    secret[np.ix_(present, table.any(axis=0))] = hide_in_groups(table[present][:, table.any(axis=0)], smallest)
    bins = []
    for at, number in enumerate(np.flatnonzero(shown)):
        x, y = grid.centre(int(number))
        top, n = int(table[:, at].argmax()), int(table[:, at].sum())
        bins.append(
            {
                "x": float(x),
                "y": float(y),
                "width": grid.side,
                "height": grid.side,
                "n": n,
                "cluster": top + 1,
                "share": None if secret[top, at] else NumberOf(share, int(table[top, at]), n),
            }
        )
    return bins


def _name(loadings: FloatArray, names: Sequence[str]) -> str:
    """Say an axis by its predictors; one of several columns has no direction of its own."""
    owners = np.array(names)
    labels = list(dict.fromkeys(names))
    sizes = [float(np.sqrt((loadings[owners == label] ** 2).sum())) for label in labels]
    ranked = sorted(zip(labels, sizes, strict=True), key=lambda item: -round(item[1], 6))
    return ", ".join(
        _say(label, loadings[owners == label]) for label, size in ranked[:NAMED] if size >= NOTABLE * ranked[0][1]
    )


def _say(label: str, loadings: FloatArray) -> str:
    if len(loadings) > 1:
        return f"other {label}"
    return f"{'higher' if loadings[0] > 0 else 'lower'} {label}"
