"""Many rows merged into few cells of like risk, so that large tables are resampled fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, factorial

import numpy as np
from scipy.sparse import csr_array

from pipeline.arrays import FloatArray, IntArray
from pipeline.outcomes import Observed

MOST_BINS = 2000


@dataclass(frozen=True)
class Cells:
    """Rows merged into c cells: risk (c,), outcome (c,), and how a draw of m patients fills them.

    `rows` (c, m) says how many rows each patient has in each cell, `weights` their censoring weights added up; they
    are the same object where nobody is censored.
    """

    risk: FloatArray
    y: FloatArray
    rows: csr_array
    weights: csr_array

    def sums(self, drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weight and counts of each cell, both (b, c), where `drawn` (m, b) says how often each patient was drawn."""
        counts = np.ascontiguousarray((self.rows @ drawn).T)
        weight = counts if self.weights is self.rows else np.ascontiguousarray((self.weights @ drawn).T)
        return weight, counts


def merge_rows(
    risk: FloatArray, observed: Observed, patient: IntArray, patients: int, thresholds: Sequence[float]
) -> Cells:
    """Rows of like risk and the same outcome merged, in at most 2 * `MOST_BINS` cells.

    `patient` (n,) numbers the patients from 0 to `patients` - 1. Bins are single risks where there are at most
    `MOST_BINS`, else parts of the rows that are smaller towards both ends, where risks lie far apart; each threshold
    is an edge, so that as many are at or above it as before. A cell has the mean risk of its bin, the same for both
    outcomes: risks of a bin are ties.
    """
    place = np.searchsorted(_edges(risk, thresholds), risk, side="right")
    _, place = np.unique(place, return_inverse=True)
    mean = _mean_risks(risk, place)
    y = observed.by_horizon()
    codes, cell = np.unique(2 * place + y.astype(int), return_inverse=True)
    shape, weight = (len(codes), patients), observed.weights()
    rows = csr_array((np.ones(len(risk)), (cell, patient)), shape=shape)
    weights = rows if (weight == 1).all() else csr_array((weight, (cell, patient)), shape=shape)
    return Cells(mean[codes // 2], (codes % 2).astype(float), rows, weights)


def _edges(risk: FloatArray, thresholds: Sequence[float]) -> FloatArray:
    """Where bins begin, rising; the first bin begins below them."""
    bins = MOST_BINS - len(thresholds)
    values = np.unique(risk)
    if len(values) > bins:
        values = np.quantile(risk, (1 - np.cos(np.linspace(0, np.pi, bins + 1)[1:-1])) / 2)
    return np.unique(np.concatenate([values, np.asarray(thresholds, dtype=float)]))


def _mean_risks(risk: FloatArray, place: IntArray) -> FloatArray:
    """Mean risk of each bin, never outside its rows' by rounding."""
    order = np.argsort(place, kind="stable")
    ordered, starts = risk[order], np.flatnonzero(np.diff(place[order], prepend=-1))
    mean = np.add.reduceat(ordered, starts) / np.bincount(place)
    return np.clip(mean, np.minimum.reduceat(ordered, starts), np.maximum.reduceat(ordered, starts))


def draw_poisson(generator: np.random.Generator, patients: int, resamples: int) -> FloatArray:
    """Poisson(1) counts, (patients, resamples), from 16 random bits each: probabilities are right to 1 in 65,536."""
    return _POISSON[generator.integers(0, 1 << 16, (patients, resamples), dtype=np.uint16)]


def _tabulate_poisson() -> FloatArray:
    """The count for each of 65,536 equally likely numbers."""
    cumulated = np.cumsum([exp(-1) / factorial(k) for k in range(9)])
    return np.searchsorted(np.round(cumulated * (1 << 16)), np.arange(1 << 16), side="right").astype(float)


_POISSON = _tabulate_poisson()
