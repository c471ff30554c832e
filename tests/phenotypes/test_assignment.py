import json

import numpy as np
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

from pipeline.phenotypes.assignment import Shapes, learn_shapes
from pipeline.phenotypes.clusterers import find_centres


def clouds(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """A small round cloud beside the end of a long one."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([1, 2], [3 * rows // 4, rows // 4])
    X = rng.normal(size=(rows, 3)) * np.where(labels[:, None] == 1, [6.0, 1.0, 1.0], 0.5)
    return X + np.where(labels[:, None] == 1, 0.0, [6.0, 3.5, 0.0]), labels


@pytest.mark.parametrize("seed", range(3))
def test_round_clusters_have_the_patients_nearest_to_their_centre(seed):
    X, labels = clouds(seed)
    shapes = learn_shapes(X, labels, round_clusters=True)
    centres = find_centres(X, labels, 2)
    nearest = 1 + np.argmin([np.linalg.norm(X - c, axis=1) for c in centres], axis=0)
    np.testing.assert_array_equal(shapes.assign(X), nearest)


@pytest.mark.parametrize("seed", range(3))
def test_other_shapes_are_those_of_quadratic_discriminant_analysis(seed):
    X, labels = clouds(seed, 4000)
    shapes = learn_shapes(X, labels, round_clusters=False)
    expected = QuadraticDiscriminantAnalysis().fit(X, labels).predict(X)
    assert (shapes.assign(X) == expected).mean() > 0.998
    assert (shapes.assign(X) == labels).mean() > 0.98
    assert (learn_shapes(X, labels, round_clusters=True).assign(X) == labels).mean() < 0.95


@pytest.mark.parametrize("round_clusters", [True, False])
def test_one_in_a_hundred_is_far_from_its_cluster_and_a_stranger_from_any(round_clusters):
    X, labels = clouds(0, 4000)
    shapes = learn_shapes(X, labels, round_clusters=round_clusters)
    cluster, distance, unlike = shapes.judge(X)
    np.testing.assert_array_equal(cluster, shapes.assign(X))
    for number in (1, 2):
        assert (distance[cluster == number] > 1).mean() == pytest.approx(0.01, abs=0.002)
    assert (distance[unlike] > 1).all()
    assert unlike.any()
    assert not unlike[distance <= 1].any()
    _, far, strange = shapes.judge(np.array([[0.0, 0.0, 300.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(strange, [True, False])
    assert far[0] > 10


def test_rows_outside_all_clusters_teach_nothing():
    X, labels = clouds(1)
    more = np.vstack([X, np.full((50, 3), 99.0)])
    one = learn_shapes(X, labels, round_clusters=False)
    two = learn_shapes(more, np.concatenate([labels, np.zeros(50, dtype=int)]), round_clusters=False)
    np.testing.assert_allclose(one.centres, two.centres)
    np.testing.assert_allclose(one.roots, two.roots)


@pytest.mark.parametrize("round_clusters", [True, False])
def test_shapes_survive_json_to_the_last_bit(round_clusters):
    X, labels = clouds(2)
    shapes = learn_shapes(X, labels, round_clusters=round_clusters)
    again = Shapes.from_dict(json.loads(json.dumps(shapes.to_dict(), allow_nan=False)))
    for one, two in zip(shapes.judge(X), again.judge(X), strict=True):
        np.testing.assert_array_equal(one, two)
