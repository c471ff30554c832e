"""Whether a cluster comes back when other patients of the same kind are drawn.

Hennig C. Cluster-wise assessment of cluster stability. Comput Stat Data Anal 2007;52:258-271.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.arrays import FloatArray, IntArray
from pipeline.phenotypes.clusterers import assign, fit_kmeans

DISSOLVED = 0.5
"""A cluster whose best match has at most this Jaccard similarity is dissolved (Hennig 2007, section 4)."""
STARTS = 3
"""Random starts in a resample, fewer than for the clusters themselves: a poorer optimum only lowers stability."""


@dataclass(frozen=True)
class Stability:
    """Per cluster, shape (k,): mean Jaccard similarity over resamples, and share of resamples that dissolve it."""

    jaccard: FloatArray
    dissolved: FloatArray


def estimate_stability(X: FloatArray, centres: FloatArray, resamples: int, seed: int) -> Stability:
    """Recluster bootstrap resamples of `X` (rows, columns) and compare with the clusters of `centres`.

    A resample draws as many rows as there are, with replacement; a row drawn twice weighs twice in the
    clustering and counts once in the comparison.
    """
    labels = assign(X, centres)
    rng = np.random.default_rng(seed)
    best = np.array([_recluster(X, labels, len(centres), rng) for _ in range(resamples)])
    return Stability(best.mean(axis=0), (best <= DISSOLVED).mean(axis=0))


def _recluster(X: FloatArray, labels: IntArray, k: int, rng: np.random.Generator) -> FloatArray:
    counts = np.bincount(rng.integers(0, len(X), len(X)), minlength=len(X))
    seed = int(rng.integers(2**31))
    drawn = counts > 0
    if drawn.sum() < k:
        return np.zeros(k)
    rows = X[drawn]
    again = assign(rows, fit_kmeans(rows, k, seed, counts[drawn].astype(float), STARTS))
    return best_jaccard(labels[drawn], again, k)


def best_jaccard(labels: IntArray, others: IntArray, k: int) -> FloatArray:
    """Return for each cluster 1 to k of `labels` its largest Jaccard similarity with a cluster of `others`.

    Both have shape (rows,) over the same rows and hold numbers 1 to k. A cluster without a row scores 0.
    """
    table = np.zeros((k, k))
    np.add.at(table, (labels - 1, others - 1), 1)
    union = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    best: FloatArray = (table / np.maximum(union, 1)).max(axis=1)
    return best
