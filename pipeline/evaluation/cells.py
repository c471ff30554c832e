"""Many rows merged into few cells of like risk, so that large tables are resampled fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, factorial

import numpy as np
from scipy.sparse import csr_array

from pipeline.arrays import Float32Array, FloatArray, IntArray
from pipeline.outcomes import Observed

MOST_BINS, FINE_BINS = 500, 20_000
DENSE = 0.06  # from this share of places that hold something, a plain table is multiplied faster than a sparse one


@dataclass(frozen=True)
class Cells:
    """Rows merged into c cells: risk (c,), outcome (c,), and how a draw of m patients, or groups of them, fills them.

    `rows` (c, m) says how many rows each patient has in each cell, `weights` their censoring weights added up; they
    are the same object where nobody is censored.
    """

    risk: FloatArray
    y: FloatArray
    rows: csr_array | Float32Array
    weights: csr_array | Float32Array

    def sums(self, drawn: FloatArray | Float32Array) -> tuple[FloatArray, FloatArray]:
        """Weight and counts of each cell, both (b, c), where `drawn` (m, b) says how often each patient was drawn."""
        counts = np.ascontiguousarray((self.rows @ drawn).T, dtype=float)
        if self.weights is self.rows:
            return counts, counts
        return np.ascontiguousarray((self.weights @ drawn).T, dtype=float), counts


def merge_rows(
    risk: FloatArray, observed: Observed, patient: IntArray, patients: int, thresholds: Sequence[float]
) -> Cells:
    """Rows of like risk and the same outcome merged, in at most 2 * `MOST_BINS` cells.

    `patient` (n,) numbers the patients from 0 to `patients` - 1. Bins are single risks where there are at most
    `MOST_BINS`, else parts of the rows that are smaller towards both ends, where risks lie far apart; each threshold
    is an edge, so that as many are at or above it as before. A cell has the mean risk of its bin, the same for both
    outcomes: risks of a bin are ties.
    """
    mean, y, cell = _place(risk, observed, thresholds, MOST_BINS)
    weight, shape = observed.weights(), (len(mean), patients)
    rows = _tabulate(np.ones(len(risk)), cell, patient, shape)
    return Cells(mean, y, rows, rows if (weight == 1).all() else _tabulate(weight, cell, patient, shape))


def condense(
    risk: FloatArray, observed: Observed, thresholds: Sequence[float]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Risk, outcome, censoring weights and rows, (c,) each, of cells so fine that figures keep seven digits."""
    mean, y, cell = _place(risk, observed, thresholds, FINE_BINS)
    both = np.stack([np.bincount(cell, each) for each in (observed.weights(), np.ones(len(cell)))]).astype(float)
    return mean, y, both[0], both[1]


def _place(
    risk: FloatArray, observed: Observed, thresholds: Sequence[float], most: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Mean risk and outcome of cells in at most so many bins, (c,), and the cell of each row, (n,)."""
    ordered = np.sort(risk)
    edges = _edges(ordered, thresholds, most)
    bounds = np.concatenate([[0], np.searchsorted(ordered, edges, side="left"), [len(ordered)]])
    filled = np.flatnonzero(np.diff(bounds))
    starts, ends = bounds[filled], bounds[filled + 1]
    mean = np.add.reduceat(ordered, starts) / (ends - starts)
    mean = np.clip(mean, ordered[starts], ordered[ends - 1])  # never outside its rows by rounding
    code = 2 * np.searchsorted(edges[filled[1:] - 1], risk, side="right") + observed.by_horizon().astype(int)
    used = np.bincount(code, minlength=2 * len(filled)) > 0
    codes = np.flatnonzero(used)
    return mean[codes // 2], (codes % 2).astype(float), (np.cumsum(used) - 1)[code]


def _edges(ordered: FloatArray, thresholds: Sequence[float], most: int) -> FloatArray:
    """Where bins of the risks `ordered` begin, rising; the first bin begins below them."""
    bins = most - len(thresholds)
    values = ordered[np.diff(ordered, prepend=-np.inf) > 0]
    if len(values) > bins:
        shares = (1 - np.cos(np.linspace(0, np.pi, bins + 1)[1:-1])) / 2
        values = ordered[np.rint(shares * (len(ordered) - 1)).astype(int)]
    return np.unique(np.concatenate([values, np.asarray(thresholds, dtype=float)]))


def _tabulate(
    values: FloatArray, cell: IntArray, patient: IntArray, shape: tuple[int, int]
) -> csr_array | Float32Array:
    """`values` (n,) added up by cell and patient; single precision, where most places fill, still counts exactly."""
    if len(values) < DENSE * shape[0] * shape[1]:
        return csr_array((values, (cell, patient)), shape=shape)
    summed = np.bincount(cell * shape[1] + patient, values, minlength=shape[0] * shape[1])
    return summed.astype(np.float32).reshape(shape)


def draw_poisson(generator: np.random.Generator, patients: int, resamples: int) -> Float32Array:
    """Poisson(1) counts, (patients, resamples), from 16 random bits each: probabilities are right to 1 in 65,536."""
    return _POISSON[generator.integers(0, 1 << 16, (patients, resamples), dtype=np.uint16)]


def _tabulate_poisson() -> Float32Array:
    """The count for each of 65,536 equally likely numbers."""
    cumulated = np.cumsum([exp(-1) / factorial(k) for k in range(9)])
    return np.searchsorted(np.round(cumulated * (1 << 16)), np.arange(1 << 16), side="right").astype(np.float32)


_POISSON = _tabulate_poisson()
