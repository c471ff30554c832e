import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from pipeline.phenotypes.clusterers import (
    CLUSTERERS,
    NotClusteredError,
    Rows,
    find_centres,
    fit_hdbscan,
    fit_kmeans,
    fit_mixture,
    simplified_silhouette,
    sort_labels,
    squared_distances,
)
from pipeline.phenotypes.space import fit_space

EVERY = pytest.mark.parametrize("name", list(CLUSTERERS))


def islands(seed: int, rows: int = 300) -> tuple[Rows, np.ndarray]:
    """Three clouds far apart in four numbers and a category."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    centres = np.array([[0, 0, 0, 0], [9, 9, 0, 0], [0, 9, 9, -9.0]])
    frame = pd.DataFrame(centres[truth] + rng.normal(size=(rows, 4)), columns=list("abcd"))
    frame["site"] = pd.Categorical(np.where(rng.random(rows) < 0.9, np.array(list("xyz"))[truth], "x"))
    space = fit_space(frame)
    return Rows(space.transform(frame), space.blocks, space.find_known(frame)), truth


@EVERY
@pytest.mark.parametrize("seed", range(2))
def test_clusters_far_apart_are_found(name, seed):
    rows, truth = islands(seed)
    labels = CLUSTERERS[name].fit(rows, 3, seed, 3)
    inside = labels > 0
    assert inside.mean() > 0.8
    assert adjusted_rand_score(truth[inside], labels[inside]) > 0.98


@EVERY
def test_the_same_seed_gives_the_same_labels(name):
    rows, _ = islands(3)
    one, two = (CLUSTERERS[name].fit(rows, 3, 5, 2) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.dtype == np.int64


@EVERY
def test_labels_of_a_table_of_categories_alone(name):
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 100)
    codes = np.where(rng.random((200, 6)) < 0.95, truth[:, None], 1 - truth[:, None])
    frame = pd.DataFrame({f"c{j}": pd.Categorical.from_codes(codes[:, j], ["n", "y"]) for j in range(6)})
    space = fit_space(frame)
    rows = Rows(space.transform(frame), space.blocks, space.find_known(frame))
    labels = CLUSTERERS[name].fit(rows, 2, 0, 3)
    assert adjusted_rand_score(truth[labels > 0], labels[labels > 0]) > 0.95


def test_hdbscan_says_how_many_it_finds():
    rows, _ = islands(0)
    with pytest.raises(NotClusteredError, match="HDBSCAN finds 3 clusters, not 4"):
        fit_hdbscan(rows, 4, 0, 1)
    cloud = np.random.default_rng(0).uniform(size=(100, 2))
    with pytest.raises(NotClusteredError, match="not 2"):
        fit_hdbscan(Rows(cloud, (slice(0, 1), slice(1, 2)), np.ones(cloud.shape, dtype=bool)), 2, 0, 1)


def test_a_mixture_that_does_not_converge_is_told(monkeypatch):
    from pipeline.phenotypes import clusterers

    class Endless(clusterers.GaussianMixture):
        def fit_predict(self, X, y=None):
            labels = super().fit_predict(X)
            self.converged_ = False
            return labels

    monkeypatch.setattr(clusterers, "GaussianMixture", Endless)
    with pytest.raises(NotClusteredError, match="did not converge"):
        fit_mixture(islands(0)[0], 3, 0, 1)


def test_counts_count_rows():
    rows = Rows(
        np.array([[0.0], [1.0], [10.0], [11.5], [12.0]]),
        (slice(0, 1),),
        np.ones((5, 1), dtype=bool),
        np.array([9.0, 1, 1, 1, 9]),
    )
    labels = fit_kmeans(rows, 2, 0, 10)
    assert len(set(labels[:2])) == len(set(labels[2:])) == 1


@pytest.mark.parametrize("seed", range(4))
def test_clusters_are_numbered_by_size_whatever_they_were_called(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2))
    labels = np.repeat([0, 1, 2, 3], [5, 10, 30, 15])
    names = rng.permutation([1, 2, 3])
    renamed = np.concatenate([[0], names])[labels]
    np.testing.assert_array_equal(sort_labels(renamed, X), np.repeat([0, 3, 1, 2], [5, 10, 30, 15]))


def test_equally_large_clusters_are_numbered_by_their_centre():
    X = np.array([[9.0], [9.1], [0.0], [0.1]])
    for names in itertools.permutations([1, 2]):
        np.testing.assert_array_equal(sort_labels(np.repeat(names, 2), X), [2, 2, 1, 1])


def test_centres_and_distances_by_hand():
    X, labels = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 4.0], [9.0, 9.0]]), np.array([1, 1, 2, 0])
    centres = find_centres(X, labels, 2)
    np.testing.assert_allclose(centres, [[1, 0], [5, 4]])
    np.testing.assert_allclose(squared_distances(X, centres), [[1, 41], [1, 25], [32, 0], [145, 41]])


def test_simplified_silhouette_by_hand():
    # Distances to the centres 0 and 10: (1, 9) and (2, 8).
    squared = squared_distances(np.array([[1.0], [8.0]]), np.array([[0.0], [10.0]]))
    assert simplified_silhouette(squared) == pytest.approx((1 - 1 / 9 + 1 - 2 / 8) / 2)


def test_hdbscan_needs_more_patients_than_its_least_group():
    X = np.arange(9.0)[:, None]
    with pytest.raises(NotClusteredError, match="more patients than there are"):
        fit_hdbscan(Rows(X, (slice(0, 1),), np.ones((9, 1), dtype=bool)), 2, 0, 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_missing_level_is_no_level_to_latent_class_analysis(seed):
    """Half of the levels are missing by lot: no class is made of those who lack them."""
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1], 150)
    frame = pd.DataFrame(4.0 * truth[:, None] + rng.normal(size=(300, 2)), columns=list("ab"))
    codes = np.where(rng.random((300, 3)) < 0.9, truth[:, None] + 1, 0)
    gone = rng.random(300) < 0.5
    for j in range(3):
        frame[f"c{j}"] = pd.Categorical.from_codes(np.where(gone, -1, codes[:, j]), ["x", "y", "z"])
    space = fit_space(frame)
    rows = Rows(space.transform(frame), space.blocks, space.find_known(frame))
    labels = CLUSTERERS["latent_class"].fit(rows, 2, seed, 3)
    assert adjusted_rand_score(truth, labels) > 0.95
    assert abs(adjusted_rand_score(gone, labels)) < 0.05
