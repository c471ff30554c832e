import numpy as np
import pandas as pd
import pytest
import xgboost
from numpy.testing import assert_allclose

from pipeline.explanation.tree_paths import cut, read_trees
from pipeline.explanation.tree_shap import MOST_SPLITS, ROWS, split_pairs, tree_contributions, tree_interactions
from pipeline.models.trees import as_matrix

LABELS = list("abcdefg")
PAIRS = [("x0", "x1"), ("x2", "site"), ("site", "x0"), ("site", "ward")]


def mixed(seed: int, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Rounded numbers and two categories, a sixth of them missing, and an outcome that they make together."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)).round(1), columns=["x0", "x1", "x2", "x3"])
    X = X.mask(rng.random(X.shape) < 0.16)
    for name in ("site", "ward"):
        X[name] = pd.Categorical.from_codes(rng.integers(-1, 7, n), LABELS)
    score = X["x0"].fillna(1) * X["x1"].fillna(0) + X["site"].cat.codes % 3 + (X["ward"] == "b") * X["x2"].fillna(0) - 1
    return X, (rng.random(n) < 1 / (1 + np.exp(-score))).astype(float)


def boost(X: pd.DataFrame, y: np.ndarray, depth: int, rounds: int = 12) -> xgboost.Booster:
    settings = {"objective": "binary:logistic", "max_depth": depth, "min_child_weight": 0.5, "nthread": 1}
    return xgboost.train(settings, as_matrix(X, y), rounds)


def told(booster: xgboost.Booster, X: pd.DataFrame, **what: bool) -> np.ndarray:
    booster.set_param({"nthread": 1})
    return booster.predict(as_matrix(X), **what).astype(float)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6, 8, 9])
def test_contributions_are_those_of_pred_contribs(depth, seed):
    X, y = mixed(seed, 500)
    booster, new = boost(X, y, depth), mixed(seed + 50, 150)[0]
    new.loc[:5] = np.nan
    new.loc[5:9, "x0"] = [-1e9, 1e9, 0.1, -0.0, 5e-324]
    base, contributions = tree_contributions(booster, new)
    expected = told(booster, new, pred_contribs=True)
    assert_allclose(contributions, expected[:, :-1], atol=5e-6)
    assert_allclose(base, expected[:, -1], atol=5e-6)
    assert_allclose(base + contributions.sum(axis=1), told(booster, new, output_margin=True), atol=5e-6)
    assert (np.abs(contributions).mean(axis=0) > 0.001).sum() > 3


@pytest.mark.parametrize("depth", [1, 2, 4, 6])
def test_interactions_are_those_of_pred_interactions_both_halves(depth):
    X, y = mixed(0, 500)
    booster, new = boost(X, y, depth), mixed(50, 60)[0]
    expected = told(booster, new, pred_interactions=True)
    places = [(X.columns.get_loc(one), X.columns.get_loc(two)) for one, two in PAIRS]
    both = np.array([expected[:, i, j] + expected[:, j, i] for i, j in places]).T
    found = tree_interactions(booster, new, PAIRS)
    assert_allclose(found, both, atol=1e-5)
    assert (np.abs(found).max() > 0.01) == (depth > 1)


def test_interactions_of_very_deep_trees_are_refused():
    X, y = mixed(0, 500)
    with pytest.raises(ValueError, match="at most 8 levels"):
        tree_interactions(boost(X, y, 9), X, PAIRS)


def test_no_more_pairs_interact_than_split_on_one_way():
    X, y = mixed(1, 500)
    booster, names = boost(X, y, 2, 5), list(X)
    found = split_pairs(booster, names)
    expected = told(booster, X, pred_interactions=True)
    for i, one in enumerate(names):
        for j in range(i + 1, len(names)):
            assert ((one, names[j]) in found) == (np.abs(expected[:, i, j]).max() > 1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_labels_in_another_order_mean_the_same(seed):
    X, y = mixed(seed, 400)
    booster = boost(X, y, 4)
    other = X.assign(site=X["site"].cat.reorder_categories(LABELS[::-1]), ward=X["ward"].cat.remove_unused_categories())
    assert_allclose(tree_contributions(booster, other)[1], tree_contributions(booster, X)[1], rtol=0, atol=0)
    assert_allclose(tree_contributions(booster, other)[1], told(booster, other, pred_contribs=True)[:, :-1], atol=5e-6)


def test_parts_of_a_table_are_explained_like_the_whole():
    X, y = mixed(3, ROWS + 7)
    booster = boost(X.iloc[:500], y[:500], 3, 4)
    whole = tree_contributions(booster, X)[1]
    parts = [tree_contributions(booster, X.iloc[at])[1] for at in (slice(0, 3), slice(ROWS - 2, None))]
    assert_allclose(np.concatenate(parts), np.concatenate([whole[:3], whole[ROWS - 2 :]]), rtol=0, atol=0)
    assert tree_contributions(booster, X.iloc[:0])[1].shape == (0, 6)


@pytest.mark.parametrize("depth", [1, 4, 6, 8])
def test_groups_have_every_leaf_once_and_few_splits(depth):
    X, y = mixed(0, 500)
    for tree in read_trees(boost(X, y, depth, 3))[1]:
        groups = list(cut(tree, MOST_SPLITS))
        leaves = sorted(value for group in groups for value in group.value)
        assert leaves == sorted(tree.value[leaf] for leaf, _ in tree.paths())
        assert max(len(group.splits) for group in groups) <= MOST_SPLITS
        assert sum((group.share.prod(axis=1)).sum() for group in groups) == pytest.approx(1, abs=1e-5)


def test_trees_without_a_split_contribute_nothing():
    X, y = mixed(0, 50)
    booster = xgboost.train({"objective": "binary:logistic", "gamma": 1e6, "nthread": 1}, as_matrix(X, y), 2)
    base, contributions = tree_contributions(booster, X)
    assert (contributions == 0).all()
    assert base == pytest.approx(told(booster, X, output_margin=True)[0], abs=1e-6)
    assert (tree_interactions(booster, X, PAIRS) == 0).all()
