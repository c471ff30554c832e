"""How far apart clusters stand, against what the same clusterer finds in data without any."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.phenotypes.clusterers import (
    Clusterer,
    NotClusteredError,
    Rows,
    find_centres,
    simplified_silhouette,
    squared_distances,
)
from pipeline.phenotypes.reference import Reference

DRAWS = 99
"""Reference draws; the patients must stand further apart than in all of them: by chance 1 in 100, for each k."""
MARGIN = 0.02
"""How much further still: the reference has the patients' margins, correlations and gaps, not all of their shape."""
STARTS = 2
"""Random starts on reference data, and on the patients where they are compared with it."""


@dataclass(frozen=True)
class Separation:
    """The patients' silhouette for one k, and that of data without clusters.

    `quantile` is the largest of the reference's, and a margin; `excess` the silhouette less the reference's mean; `gap`
    the reference's mean log of the sum of squared distances to the centres, less the patients', with its standard
    error (Tibshirani, Walther and Hastie 2001, section 3).
    """

    silhouette: float
    quantile: float
    excess: float
    gap: float
    gap_error: float


def compare_with_reference(few: Rows, ks: Sequence[int], clusterer: Clusterer, seed: int) -> dict[int, Separation]:
    """Cluster the rows and `DRAWS` matrices like them without clusters, for each k."""
    if not ks:
        return {}
    reference = Reference(few, np.random.default_rng(seed))
    drawn = [few, *(reference.draw() for _ in range(DRAWS))]
    told = np.array([[_separate(rows, k, clusterer, seed) for k in ks] for rows in drawn])
    silhouettes, spreads = told[..., 0], told[..., 1]
    gaps = spreads[1:].mean(axis=0) - spreads[0]
    errors = spreads[1:].std(axis=0) * np.sqrt(1 + 1 / DRAWS)
    highest, excess = silhouettes[1:].max(axis=0) + MARGIN, silhouettes[0] - silhouettes[1:].mean(axis=0)
    columns = (silhouettes[0], highest, excess, gaps, errors)
    return {k: Separation(*(float(column[place]) for column in columns)) for place, k in enumerate(ks)}


def _separate(rows: Rows, k: int, clusterer: Clusterer, seed: int) -> tuple[float, float]:
    """Simplified silhouette, and the log of the sum of squared distances to the own centre.

    Where the clusterer gives no k clusters nothing is separated: 0, and the sum of one cluster.
    """
    try:
        labels = clusterer.fit(rows, k, seed, STARTS)
    except NotClusteredError:
        labels = np.zeros(len(rows), dtype=np.int64)
    if not labels.any():
        return 0.0, _log_sum(squared_distances(rows.X, rows.X.mean(axis=0)[None, :]))
    squared = squared_distances(rows.X, find_centres(rows.X, labels, k))
    return simplified_silhouette(squared), _log_sum(squared)


def _log_sum(squared: FloatArray) -> float:
    return float(np.log(max(float(squared.min(axis=1).sum()), np.finfo(float).tiny)))
