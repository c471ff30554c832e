"""Whether a cluster comes back when other patients of the same kind are drawn.

Hennig C. Cluster-wise assessment of cluster stability. Comput Stat Data Anal 2007;52:258-271.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score

from pipeline.arrays import FloatArray, IntArray
from pipeline.phenotypes.clusterers import Clusterer, NotClusteredError, Rows

DISSOLVED = 0.5
"""A cluster whose best match has at most this Jaccard similarity is dissolved (Hennig 2007, section 4)."""
STARTS = 2
"""Random starts in a resample, fewer than for the clusters themselves: a poorer optimum only lowers stability."""


@dataclass(frozen=True)
class Stability:
    """Per cluster, shape (k,): mean Jaccard similarity over resamples, and share of resamples that dissolve it.

    `rand` is the mean adjusted Rand index (Hubert and Arabie 1985) between a resample's clusters and these: 1 when
    they agree, about 0 when they agree as by chance.
    """

    jaccard: FloatArray
    dissolved: FloatArray
    rand: float


def estimate_stability(rows: Rows, labels: IntArray, clusterer: Clusterer, resamples: int, seed: int) -> Stability:
    """Cluster bootstrap resamples of `rows` anew and compare with `labels` (rows,), numbers from 1.

    A resample draws as many rows as there are, with replacement; a row drawn twice weighs twice where the clusterer
    has weights, and counts once in the comparison. A resample that gives no clusters dissolves all.
    """
    rng, k = np.random.default_rng(seed), int(labels.max())
    found = [_recluster(rows, labels, k, clusterer, rng) for _ in range(resamples)]
    best = np.array([jaccard for jaccard, _ in found])
    return Stability(best.mean(axis=0), (best <= DISSOLVED).mean(axis=0), float(np.mean([rand for _, rand in found])))


def _recluster(
    rows: Rows, labels: IntArray, k: int, clusterer: Clusterer, rng: np.random.Generator
) -> tuple[FloatArray, float]:
    counts = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
    seed = int(rng.integers(2**31))
    drawn = np.flatnonzero(counts)
    if len(drawn) < k:
        return np.zeros(k), 0.0
    try:
        again = clusterer.fit(
            Rows(rows.X[drawn], rows.blocks, rows.known[drawn], counts[drawn].astype(float)), k, seed, STARTS
        )
    except NotClusteredError:
        return np.zeros(k), 0.0
    return best_jaccard(labels[drawn], again, k), float(adjusted_rand_score(labels[drawn], again))


def best_jaccard(labels: IntArray, others: IntArray, k: int) -> FloatArray:
    """Return for each cluster 1 to k of `labels` its largest Jaccard similarity with a cluster of `others`.

    Both have shape (rows,) over the same rows and hold numbers from 0, where 0 is no cluster. A cluster without a row
    scores 0.
    """
    table = np.zeros((k + 1, max(k, int(others.max(initial=0))) + 1))
    np.add.at(table, (labels, others), 1)
    union = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    best: FloatArray = (table / np.maximum(union, 1))[1:, 1:].max(axis=1)
    return best
