"""k-means with numbered clusters: 1 is the largest. Centres are plain arrays, so nothing needs unpickling."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from pipeline.arrays import FloatArray, IntArray

STARTS = 10
"""Random starts of which the tightest solution is kept."""


def fit_kmeans(X: FloatArray, k: int, seed: int, weights: FloatArray | None = None, starts: int = STARTS) -> FloatArray:
    """Return `k` centres, shape (k, columns), by decreasing number of rows; ties by the centre itself.

    `X` has shape (rows, columns) with at least `k` rows. `weights` (rows,) counts each row so many times.
    The same rows in the same order and the same seed give the same centres on one thread.
    """
    with warnings.catch_warnings():
        # Fewer distinct rows than k leave empty clusters, which the smallest permitted size refuses later.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(X, sample_weight=weights)
    return sort_centres(np.asarray(model.cluster_centers_, dtype=float), X)


def sort_centres(centres: FloatArray, X: FloatArray) -> FloatArray:
    """Order centres by decreasing number of the rows of `X` they own; ties by their first column, and so on."""
    sizes = np.bincount(assign(X, centres) - 1, minlength=len(centres))
    return centres[np.lexsort((*centres.T[::-1], -sizes))]


def assign(X: FloatArray, centres: FloatArray) -> IntArray:
    """Return the number, 1 to k, of the nearest centre for each row of `X`; shape (rows,)."""
    return np.asarray(np.argmin(squared_distances(X, centres), axis=1) + 1, dtype=np.int64)


def squared_distances(X: FloatArray, centres: FloatArray) -> FloatArray:
    """Return squared Euclidean distances, shape (rows, k)."""
    products = X @ centres.T
    distances: FloatArray = (X**2).sum(axis=1)[:, None] - 2 * products + (centres**2).sum(axis=1)
    return np.maximum(distances, 0.0)


def simplified_silhouette(X: FloatArray, centres: FloatArray) -> float:
    """Return the mean of `1 - a / b`, a and b the distances to the nearest and second nearest centre; 0 to 1.

    The silhouette with centres in place of members (Hruschka, de Castro and Campello, IEEE ICDM 2004): its cost
    grows with the rows, not with their square.
    """
    nearest = np.sqrt(np.partition(squared_distances(X, centres), 1, axis=1)[:, :2])
    apart = nearest[:, 1] > 0
    return float(np.mean(np.where(apart, 1 - nearest[:, 0] / np.where(apart, nearest[:, 1], 1.0), 0.0)))
