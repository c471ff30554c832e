import numpy as np
import pytest
from sklearn.decomposition import PCA

from pipeline.phenotypes.chart import _describe, _Grid, chart_patients

SMALLEST = 10


def cloud(seed, n=1500, k=3, columns=6):
    """Clusters as clouds along two directions, so that two components hold most of the variance."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, k, n)
    means = rng.normal(size=(k, 2)) * 2
    low = means[cluster] + rng.normal(size=(n, 2)) * [1.5, 1]
    X = low @ rng.normal(size=(2, columns)) + 0.3 * rng.normal(size=(n, columns))
    return X, cluster + 1


def chart(X, assignment, k=3, names=None, smallest=SMALLEST):
    return chart_patients(X, names or [f"p{j}" for j in range(X.shape[1])], assignment, k, smallest)


def project(X):
    """Scores of an independent implementation, with the largest loading of each component positive."""
    fitted = PCA(2, svd_solver="full").fit(X)
    components = fitted.components_
    signs = np.sign(components[[0, 1], np.abs(components).argmax(axis=1)])
    return fitted.transform(X) * signs, fitted.explained_variance_ratio_


@pytest.mark.parametrize("seed", range(6))
def test_inner_bins_hold_the_patients_that_an_independent_projection_puts_there(seed):
    X, cluster = cloud(seed)
    found = chart(X, cluster)
    points, explained = project(X)
    assert found["explained"] == pytest.approx(explained)
    middle = np.array([[b["x"], b["y"]] for b in found["bins"]])
    side = found["bins"][0]["width"]
    checked = 0
    for b in found["bins"]:
        at = np.array([b["x"], b["y"]])
        if not all(
            any(np.allclose(at + step, m) for m in middle)
            for step in side * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
        ):
            continue  # at the edge, where patients from beyond it are counted in
        inside = (np.abs(points - at) <= b["width"] / 2).all(axis=1)
        counts = np.bincount(cluster[inside], minlength=4)
        assert (b["n"], b["cluster"]) == (inside.sum(), counts.argmax())
        assert b["share"] is None or b["share"] == counts.max() / inside.sum()
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_no_small_count_can_be_told(seed, k):
    X, cluster = cloud(seed, n=800 + 700 * (seed % 3), k=k)
    found = chart(X, cluster, k)
    assert all(b["n"] >= SMALLEST and b["width"] == b["height"] for b in found["bins"])
    assert sum(b["n"] for b in found["bins"]) + found["hidden"] == len(X)
    assert found["hidden"] == 0 or found["hidden"] >= SMALLEST
    known, open_ = np.zeros(k + 1), np.bincount(cluster, minlength=k + 1).astype(float)
    for b in found["bins"]:
        if b["share"] is not None:
            count = b["share"] * b["n"]
            assert count >= SMALLEST - 1e-6
            assert b["n"] - count >= SMALLEST - 1e-6
            known[b["cluster"]] += count
    left = (open_ - known)[1:]
    assert (left >= SMALLEST - 1e-6).all()


def test_some_shares_are_shown_where_patients_are_many():
    rng = np.random.default_rng(0)
    found = chart(rng.normal(size=(40_000, 3)), rng.integers(1, 3, 40_000), 2)
    shown = [b["share"] for b in found["bins"] if b["share"] is not None]
    assert len(shown) > 100
    assert np.average(shown) == pytest.approx(0.5, abs=0.1)
    assert len({round(b["x"], 6) for b in found["bins"]}) <= 24


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_patients_nor_a_mirror_changes_the_axes(seed):
    X, cluster = cloud(seed)
    found, order = chart(X, cluster), np.random.default_rng(seed).permutation(len(X))
    shuffled, mirrored = chart(X[order], cluster[order]), chart(-X, cluster)
    assert [b["n"] for b in shuffled["bins"]] == [b["n"] for b in found["bins"]]
    assert (shuffled["x"], shuffled["y"]) == (found["x"], found["y"]) == (mirrored["x"], mirrored["y"])
    ends = [{round(sign * b["x"], 6) for b in m["bins"]} for m, sign in ((found, 1), (mirrored, -1))]
    assert ends[0] == ends[1]


def test_axes_are_named_by_their_predictors():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 900, 1))
    noise = lambda columns: 0.2 * rng.normal(size=(900, columns))  # noqa: E731
    site = second * [0.7, -0.7] + noise(2)
    X = np.hstack([3 * first + noise(1), -2.5 * first + noise(1), site, 0.1 * noise(1)])
    found = chart(X, rng.integers(1, 4, 900), names=["Age", "Oestrogen receptor", "Site", "Site", "Weight"])
    assert found["x"] == "higher Age, lower Oestrogen receptor"
    assert found["y"] == "other Site"


def test_far_away_patients_are_in_the_bins_at_the_edge():
    X, cluster = cloud(4)
    far = X.copy()
    far[:5] *= 40
    assert sum(b["n"] for b in chart(far, cluster)["bins"]) + chart(far, cluster)["hidden"] == len(X)


def test_rare_values_alone_make_a_map():
    X = np.zeros((2000, 2))
    X[:5, 0], X[5:10, 1] = 1.0, 1.0
    found = chart(X, np.repeat([1, 2], 1000), 2)
    assert ([b["n"] for b in found["bins"]], found["hidden"]) == ([1990], 10)


@pytest.mark.parametrize(("hidden", "share"), [([[6, 5, 4], [1, 0, 1]], None), ([[4, 4, 4], [4, 4, 4]], 25 / 45)])
def test_a_share_is_hidden_where_the_bins_not_shown_would_be_told_by_it(hidden, share):
    counts = np.hstack([[[20], [25]], hidden])
    grid = _Grid(np.zeros(2), 1.0, (2, 2))
    (only,) = _describe(counts, np.array([True, False, False, False]), grid, SMALLEST)
    assert (only["n"], only["cluster"], only["share"]) == (45, 2, share)
    assert (only["x"], only["y"], only["width"], only["height"]) == (0.5, 0.5, 1.0, 1.0)


@pytest.mark.parametrize(
    "X",
    [
        np.arange(100.0)[:, None],
        np.column_stack([np.arange(100.0), np.ones(100)]),
        np.column_stack([np.arange(100.0), 2 * np.arange(100.0)]),
        np.zeros((100, 3)),
        np.empty((100, 0)),
    ],
)
def test_patients_who_differ_in_fewer_than_two_directions_have_no_map(X):
    assert chart(X, np.repeat([1, 2], 50), 2) is None


def test_clusters_keep_their_numbers_where_others_are_absent():
    rng = np.random.default_rng(5)
    X, cluster = rng.normal(size=(8000, 2)), rng.integers(1, 3, 8000)
    one, two = chart(X, cluster, 2), chart(X, 3 * cluster, 7)
    assert two["bins"] == [{**b, "cluster": 3 * b["cluster"]} for b in one["bins"]]
    assert any(b["share"] for b in two["bins"])
