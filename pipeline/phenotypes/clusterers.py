"""Ways to group patients, by the name that `params.yaml` gives them. Each puts rows of the space into k clusters.

Clusters are numbered from 1, the largest; 0 is for rows that a clusterer leaves outside all of them. The same rows
in the same order and the same seed give the same labels on one thread.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.errors import ConfigurationError
from pipeline.patients import draw_places
from pipeline.phrases import phrase

STARTS = 10
"""Random starts of which the best solution is kept."""
SHRINKAGE = 0.05
"""Added to the variances of a Gaussian mixture, whose columns have a variance of about one."""
HDBSCAN_FINDS = (
    phrase("HDBSCAN finds no clusters, not {sought}"),
    phrase("HDBSCAN finds {n} cluster, not {sought}"),
    phrase("HDBSCAN finds {n} clusters, not {sought}"),
)
"""What it says that it finds: none, one or several."""
SMALLEST_DENSE = 0.05
"""HDBSCAN takes a denser group of at least this share of the rows, and of at least ten, for a cluster."""


class NotClusteredError(Exception):
    """A clusterer gives no k clusters of these rows; the message says why."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What is clustered: the matrix X (rows, columns), the columns of each predictor, and which were known.

    `known` (rows, predictors) is False where X has a stand-in for a missing value; `counts` (rows,) says how often
    each row counts, once if None.
    """

    X: FloatArray
    blocks: tuple[slice, ...]
    known: BoolArray
    counts: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.X)

    def sample(self, limit: int, seed: int) -> "Rows":
        """At most `limit` rows, in their order."""
        if len(self) <= limit:
            return self
        taken = draw_places(np.arange(len(self)), limit, seed)
        return Rows(self.X[taken], self.blocks, self.known[taken])


Fit = Callable[[Rows, int, int, int], IntArray]


@dataclass(frozen=True)
class Clusterer:
    """A way to cluster: `fit(rows, k, seed, starts)` gives labels (rows,) or raises NotClusteredError.

    Of more rows than `most_rows` a sample is clustered, of more than `reference_rows` a sample is compared with data
    without clusters: they bound the cost. Where `is_round`, a new patient belongs to the nearest centre; others
    have a Gaussian shape each (`assignment`).
    """

    label: str
    fit: Fit
    most_rows: int
    reference_rows: int
    is_round: bool


def fit_kmeans(rows: Rows, k: int, seed: int, starts: int) -> IntArray:
    """k-means (Lloyd 1982) from k-means++ starts."""
    with warnings.catch_warnings():
        # Fewer distinct rows than k leave empty clusters, which the smallest permitted size refuses later.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(rows.X, sample_weight=rows.counts)
    return np.asarray(model.labels_, dtype=np.int64) + 1


def fit_mixture(rows: Rows, k: int, seed: int, starts: int) -> IntArray:
    """Gaussian mixture with a covariance matrix each (Dempster, Laird and Rubin 1977), of the rows that count."""
    model = GaussianMixture(k, n_init=min(starts, 3), reg_covar=SHRINKAGE, max_iter=300, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = model.fit_predict(rows.X)
    if not model.converged_:
        raise NotClusteredError(phrase("the Gaussian mixture did not converge"))
    return np.asarray(labels, dtype=np.int64) + 1


def fit_agglomerative(rows: Rows, k: int, seed: int, starts: int) -> IntArray:
    """Agglomerative clustering by Ward's criterion (1963), of the rows that count; nothing in it is random."""
    return np.asarray(AgglomerativeClustering(k).fit_predict(rows.X), dtype=np.int64) + 1


def fit_hdbscan(rows: Rows, k: int, seed: int, starts: int) -> IntArray:
    """HDBSCAN (Campello, Moulavi and Sander 2013), which finds its own number of clusters: k or none."""
    smallest = max(10, int(SMALLEST_DENSE * len(rows)))
    if len(rows) <= smallest:
        raise NotClusteredError(phrase("HDBSCAN needs more patients than there are"))
    labels = np.asarray(HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(rows.X), dtype=np.int64) + 1
    found = int(labels.max(initial=0))
    if found != k:
        raise NotClusteredError(HDBSCAN_FINDS[min(found, 2)].format(n=found, sought=k))
    return np.maximum(labels, 0)


def fit_latent_class(rows: Rows, k: int, seed: int, starts: int) -> IntArray:
    """Latent class and profile analysis: numbers normal and categories multinomial, independent within a class.

    The mixture for mixed records (Vermunt and Magidson 2002), missing values left out of the likelihood; by StepMix
    (Morin et al. 2025, J Stat Softw 113:8).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own escapes and progress notes
        from stepmix.stepmix import StepMix
    blocks = list(zip(rows.blocks, rows.known.T, strict=True))
    single = [np.where(known, rows.X[:, b.start], np.nan) for b, known in blocks if b.stop - b.start == 1]
    coded = [np.where(known, rows.X[:, b].argmax(axis=1), np.nan) for b, known in blocks if b.stop - b.start > 1]
    matrix = np.column_stack([*single, *coded])
    kinds = {"continuous": ("gaussian_diag_nan", len(single)), "categorical": ("categorical_nan", len(coded))}
    shape = {name: {"model": model, "n_columns": n} for name, (model, n) in kinds.items() if n}
    model = StepMix(
        n_components=k, measurement=shape, n_init=min(starts, 3), max_iter=500, random_state=seed, verbose=0,
        progress_bar=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(matrix)
    if not model.converged_:
        raise NotClusteredError(phrase("the latent class analysis did not converge"))
    return np.asarray(model.predict(matrix), dtype=np.int64) + 1


CLUSTERERS: dict[str, Clusterer] = {
    "kmeans": Clusterer(phrase("k-means"), fit_kmeans, 5_000, 1_000, is_round=True),
    "gaussian_mixture": Clusterer(phrase("Gaussian mixture"), fit_mixture, 5_000, 1_000, is_round=False),
    "hdbscan": Clusterer(phrase("HDBSCAN"), fit_hdbscan, 5_000, 1_000, is_round=False),
    "agglomerative": Clusterer(
        phrase("agglomerative clustering (Ward)"), fit_agglomerative, 5_000, 1_000, is_round=True
    ),
    "latent_class": Clusterer(phrase("latent class analysis"), fit_latent_class, 5_000, 1_000, is_round=False),
}


def sort_labels(labels: IntArray, X: FloatArray) -> IntArray:
    """Number clusters 1 to k by decreasing number of rows, ties by the centre's first column, and so on; 0 stays."""
    numbers, places = np.unique(labels[labels > 0], return_inverse=True)
    centres = np.array([X[labels == number].mean(axis=0) for number in numbers])
    order = np.lexsort((*centres.T[::-1], -np.bincount(places, minlength=len(numbers))))
    ranks = np.zeros(int(labels.max(initial=0)) + 1, dtype=np.int64)
    ranks[numbers[order]] = np.arange(1, len(numbers) + 1)
    return ranks[labels]


def find_centres(X: FloatArray, labels: IntArray, k: int) -> FloatArray:
    """The mean of the rows of each cluster 1 to k, shape (k, columns); of a cluster without rows the mean of all."""
    found = [X[labels == cluster] for cluster in range(1, k + 1)]
    return np.array([(rows if len(rows) else X).mean(axis=0) for rows in found])


def squared_distances(X: FloatArray, centres: FloatArray) -> FloatArray:
    """Return squared Euclidean distances, shape (rows, k)."""
    products = X @ centres.T
    distances: FloatArray = (X**2).sum(axis=1)[:, None] - 2 * products + (centres**2).sum(axis=1)
    return np.maximum(distances, 0.0)


def simplified_silhouette(squared: FloatArray) -> float:
    """Return the mean of `1 - a / b`, a and b the distances to the nearest and second nearest centre; 0 to 1.

    From squared distances (rows, k). The silhouette with centres in place of members (Hruschka, de Castro and
    Campello, IEEE ICDM 2004): its cost grows with the rows, not with their square.
    """
    nearest = np.sqrt(np.partition(squared, 1, axis=1)[:, :2])
    apart = nearest[:, 1] > 0
    return float(np.mean(np.where(apart, 1 - nearest[:, 0] / np.where(apart, nearest[:, 1], 1.0), 0.0)))


def check_names(names: Sequence[str]) -> None:
    """Raise ConfigurationError unless every name is a clusterer's, and none comes twice."""
    for name in names:
        if name not in CLUSTERERS:
            raise ConfigurationError(
                f"params.yaml: clusterer {name!r} is not known; expected one of {', '.join(CLUSTERERS)}"
            )
    if len(set(names)) < len(names):
        raise ConfigurationError("params.yaml: a clusterer is named twice; name each once")
