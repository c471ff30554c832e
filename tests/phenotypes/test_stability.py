import numpy as np
import pytest

from pipeline.phenotypes.clusterers import assign, fit_kmeans, simplified_silhouette, sort_centres
from pipeline.phenotypes.stability import best_jaccard, estimate_stability


def test_jaccard_by_hand():
    labels = np.array([1, 1, 1, 2, 2, 3])
    others = np.array([2, 2, 1, 1, 1, 1])
    # {0,1,2} against {0,1}: 2/3. {3,4} against {2,3,4,5}: 2/4. {5} against {2,3,4,5}: 1/4.
    np.testing.assert_allclose(best_jaccard(labels, others, 3), [2 / 3, 1 / 2, 1 / 4])


def test_jaccard_ignores_names_and_scores_an_absent_cluster_zero():
    labels = np.array([1, 1, 3, 3])
    np.testing.assert_array_equal(best_jaccard(labels, np.array([3, 3, 1, 1]), 3), [1, 0, 1])


def test_far_apart_is_stable_and_cutting_one_round_cloud_is_not():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(200, 2))
    apart = np.vstack([cloud, cloud[:50] + 50])
    stable = estimate_stability(apart, fit_kmeans(apart, 2, 0), 20, 0)
    np.testing.assert_array_equal(stable.jaccard, 1.0)
    np.testing.assert_array_equal(stable.dissolved, 0.0)
    cut = estimate_stability(apart, fit_kmeans(apart, 3, 0), 20, 0)
    assert cut.jaccard.min() < 0.75
    assert cut.dissolved.max() > 0


def test_clusters_are_numbered_by_size_then_by_centre():
    X = np.array([[9.0], [9.1], [0.0], [0.1], [5.0], [5.1], [5.2]])
    centres = sort_centres(np.array([[9.05], [0.05], [5.1]]), X)
    np.testing.assert_array_equal(centres, [[5.1], [0.05], [9.05]])
    np.testing.assert_array_equal(assign(X, centres), [3, 3, 2, 2, 1, 1, 1])


def test_simplified_silhouette_by_hand():
    # Distances to the centres 0 and 10: (1, 9) and (2, 8).
    X, centres = np.array([[1.0], [8.0]]), np.array([[0.0], [10.0]])
    assert simplified_silhouette(X, centres) == pytest.approx((1 - 1 / 9 + 1 - 2 / 8) / 2)


def test_weights_count_rows():
    X = np.array([[0.0], [1.0], [10.0]])
    centres = fit_kmeans(X, 2, 0, np.array([3.0, 1.0, 1.0]))
    np.testing.assert_allclose(np.sort(centres[:, 0]), [0.25, 10.0])


def test_fewer_distinct_rows_than_clusters_do_not_fail():
    X = np.repeat([[0.0], [1.0]], 10, axis=0)
    assert estimate_stability(X, fit_kmeans(X, 3, 0), 3, 0).jaccard.min() == 0
