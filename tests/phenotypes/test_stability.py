import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from pipeline.phenotypes.clusterers import CLUSTERERS, NotClusteredError, Rows, fit_kmeans, sort_labels
from pipeline.phenotypes.stability import best_jaccard, estimate_stability

KMEANS = CLUSTERERS["kmeans"]


def as_rows(X: np.ndarray) -> Rows:
    return Rows(X, tuple(slice(j, j + 1) for j in range(X.shape[1])), np.ones(X.shape, dtype=bool))


def stability(X: np.ndarray, k: int, resamples: int = 20):
    rows = as_rows(X)
    return estimate_stability(rows, sort_labels(fit_kmeans(rows, k, 0, 10), X), KMEANS, resamples, 0)


def test_jaccard_by_hand():
    labels = np.array([1, 1, 1, 2, 2, 3])
    others = np.array([2, 2, 1, 1, 1, 1])
    # {0,1,2} against {0,1}: 2/3. {3,4} against {2,3,4,5}: 2/4. {5} against {2,3,4,5}: 1/4.
    np.testing.assert_allclose(best_jaccard(labels, others, 3), [2 / 3, 1 / 2, 1 / 4])


def test_jaccard_ignores_names_and_scores_an_absent_cluster_zero():
    labels = np.array([1, 1, 3, 3])
    np.testing.assert_array_equal(best_jaccard(labels, np.array([3, 3, 1, 1]), 3), [1, 0, 1])


def test_rows_outside_all_clusters_match_none():
    labels = np.array([1, 1, 2, 2, 0, 0])
    np.testing.assert_array_equal(best_jaccard(labels, np.array([5, 5, 0, 0, 0, 0]), 2), [1, 0])


def test_far_apart_is_stable_and_cutting_one_round_cloud_is_not():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(200, 2))
    apart = np.vstack([cloud, cloud[:50] + 50])
    stable = stability(apart, 2)
    np.testing.assert_array_equal(stable.jaccard, 1.0)
    np.testing.assert_array_equal(stable.dissolved, 0.0)
    assert stable.rand == 1.0
    cut = stability(apart, 3)
    assert cut.jaccard.min() < 0.75
    assert cut.dissolved.max() > 0
    assert cut.rand < 0.9


def test_a_clusterer_that_fails_on_resamples_is_unstable():
    def refuse(rows, k, seed, starts):
        raise NotClusteredError("no")

    X = np.random.default_rng(0).normal(size=(30, 2))
    found = estimate_stability(as_rows(X), np.repeat([1, 2], 15), type(KMEANS)("", refuse, 9, 9, True), 3, 0)
    np.testing.assert_array_equal((found.jaccard, found.dissolved), ([0, 0], [1, 1]))
    assert found.rand == 0


def test_fewer_distinct_rows_than_clusters_do_not_fail():
    assert stability(np.repeat([[0.0], [1.0]], 10, axis=0), 2, 3).jaccard.min() == 1


@pytest.mark.parametrize("seed", range(3))
def test_adjusted_rand_is_that_of_the_rows_drawn(seed):
    """With clusters that any resample finds, agreement is perfect; with labels by lot it is near 0."""
    rng = np.random.default_rng(seed)
    X = np.repeat([[0.0], [30.0]], 60, axis=0) + rng.normal(size=(120, 1))
    lot = rng.integers(1, 3, 120)
    found = estimate_stability(as_rows(X), lot, KMEANS, 10, seed)
    assert found.rand == pytest.approx(adjusted_rand_score(lot, np.repeat([1, 2], 60)), abs=0.1)
