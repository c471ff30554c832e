"""Which cluster a patient belongs to, how far it is, and whether the patient is like any of them.

Clusters are stored as plain arrays, so that nothing needs unpickling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.phenotypes.clusterers import find_centres, squared_distances

UNLIKE = 0.99
"""A patient further off than this share of a cluster's own patients, of every cluster, is unlike any."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """Where clusters lie: centres (k, columns), and for those that are not round what turns a step into a distance.

    `roots` (k, columns, columns) are roots of the inverse covariances, or None for round clusters; `offsets` (k,) are
    added to squared distances, so that a wide or a frequent cluster reaches further: the rule of quadratic
    discriminant analysis. `limits` (k,) are the distances within which 99% of the patients who taught a cluster lie.
    `numbers` (k,) are what the clusters are called: from 1 by size, or as in an earlier release.
    """

    numbers: IntArray
    centres: FloatArray
    roots: FloatArray | None
    offsets: FloatArray
    limits: FloatArray

    def squared(self, X: FloatArray) -> FloatArray:
        """Squared distances of the rows of X (rows, columns) to each centre, shape (rows, k)."""
        if self.roots is None:
            return squared_distances(X, self.centres)
        return np.column_stack(
            [(((X - centre) @ root) ** 2).sum(axis=1) for centre, root in zip(self.centres, self.roots, strict=True)]
        )

    def assign(self, X: FloatArray) -> IntArray:
        """The number of each row's cluster; shape (rows,)."""
        assigned: IntArray = self.numbers[np.argmin(self.squared(X) + self.offsets, axis=1)]
        return assigned

    def judge(self, X: FloatArray) -> tuple[IntArray, FloatArray, BoolArray]:
        """Cluster, distance from its centre over that within which 99% of it lie, and whether all exceed 1; (rows,)."""
        squared = self.squared(X)
        place = np.argmin(squared + self.offsets, axis=1)
        distance = np.sqrt(squared) / self.limits
        unlike: BoolArray = np.all(distance > 1, axis=1)
        return self.numbers[place], distance[np.arange(len(X)), place], unlike

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        return {
            "numbers": self.numbers.tolist(),
            "centres": self.centres.tolist(),
            "roots": None if self.roots is None else self.roots.tolist(),
            "offsets": self.offsets.tolist(),
            "limits": self.limits.tolist(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Rebuild what `to_dict` returned, also after a journey through JSON."""
        values = {name: np.asarray(plain[name], dtype=float) for name in ("centres", "offsets", "limits")}
        roots = None if plain["roots"] is None else np.asarray(plain["roots"], dtype=float)
        numbers = np.asarray(plain["numbers"], dtype=np.int64)
        return cls(numbers, values["centres"], roots, values["offsets"], values["limits"])


def learn_shapes(X: FloatArray, labels: IntArray, *, round_clusters: bool) -> Shapes:
    """Shapes of the clusters 1 to k of `labels` (rows,) on the matrix X; rows labelled 0 teach nothing.

    Covariances are shrunk towards round ones as far as the rows ask for (Ledoit and Wolf 2004).
    """
    k = int(labels.max())
    numbers = np.arange(1, k + 1)
    centres, roots, offsets = find_centres(X, labels, k), None, np.zeros(k)
    if not round_clusters:
        fitted = [_ellipse(X[labels == cluster]) for cluster in range(1, k + 1)]
        shares = np.bincount(labels, minlength=k + 1)[1:] / np.count_nonzero(labels)
        roots = np.array([root for root, _ in fitted])
        offsets = np.array([spread for _, spread in fitted]) - 2 * np.log(shares)
    shapes = Shapes(numbers, centres, roots, offsets, np.ones(k))
    cluster, distance, _ = shapes.judge(X)
    limits = [np.quantile(distance[cluster == c], UNLIKE) if (cluster == c).any() else 0.0 for c in numbers]
    return Shapes(numbers, centres, roots, offsets, np.where(np.array(limits) > 0, limits, 1.0))


def _ellipse(X: FloatArray) -> tuple[FloatArray, float]:
    """A root R of the inverse covariance S, R R' = 1/S, and the logarithm of the determinant of S."""
    from sklearn.covariance import ledoit_wolf

    values, vectors = np.linalg.eigh(ledoit_wolf(X)[0])
    values = np.maximum(values, 1e-6)
    return vectors / np.sqrt(values), float(np.log(values).sum())
