import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from pipeline.explanation.attributions import attribute
from pipeline.explanation.interactions import pair_interactions, tabulate_pairs
from pipeline.models.ensemble import RiskModel
from pipeline.models.linear import LogisticCandidate
from pipeline.models.trees import Shape, TreesCandidate, TreesModel

DEEPER = Shape(0.2, 2, 1, 1.0, 1.0, 1)


def crossed(seed: int, n: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    """Risk is high where the signs of `one` and `two` agree, and rises with `alone`."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=["idle", "alone", "one", "two"])
    score = 2 * np.sign(X["one"] * X["two"]) + X["alone"]
    return X, (rng.random(n) < 1 / (1 + np.exp(-score))).astype(float)


def members(seed: int) -> tuple[pd.DataFrame, TreesModel, RiskModel]:
    X, y = crossed(seed)
    boosters = [
        TreesCandidate("", k, shape=DEEPER).fit(X, y, np.ones(len(y)), {"rounds": 30}).boosters[0] for k in (0, 1)
    ]
    trees = TreesModel(tuple(boosters))
    linear = LogisticCandidate("", splines=True).fit(X, y, np.ones(len(y)), {"inverse_penalty": 1.0})
    return X, trees, RiskModel({"trees": trees, "linear": linear}, {"trees": 0.7, "linear": 0.3}, -0.2, 1.4)


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_pair_is_the_strongest(seed):
    X, _, model = members(seed)
    found = pair_interactions(model, X, top=3)
    assert found.columns[0] == ("one", "two")
    assert found.shape == (len(X), 3)
    table = tabulate_pairs(found, [found * f for f in np.linspace(0.5, 1.5, 41)])
    assert list(zip(table["first"], table["second"], strict=True)) == list(found)
    strongest, next_one = table.iloc[0], table.iloc[1]
    assert strongest["strength_lo"] == pytest.approx(0.525 * strongest["strength"])
    assert strongest["strength_hi"] == pytest.approx(1.475 * strongest["strength"])
    assert strongest["strength"] > 3 * next_one["strength"]
    assert np.corrcoef(found["one", "two"], np.sign(X["one"] * X["two"]))[0, 1] > 0.5


def test_interactions_are_the_members_weighted_and_rescaled():
    X, trees, model = members(0)
    alone = pair_interactions(RiskModel({"t": trees}, {"t": 1.0}, 0.0, 1.0), X)
    assert_allclose(pair_interactions(model, X, list(alone)), 1.4 * 0.7 * alone, atol=1e-12)


def test_half_of_each_interaction_is_in_the_contributions():
    """For two predictors of depth-two trees: contribution = main effect of its own value + half the interaction."""
    X, y = crossed(1)
    X = X[["one", "two"]]
    member = TreesCandidate("", 0, shape=DEEPER).fit(X, y, np.ones(len(y)), {"rounds": 10})
    model = RiskModel({"it": member}, {"it": 1.0}, 0.0, 1.0)
    fixed = X.assign(two=0.3)
    main = (
        attribute(model, fixed).contributions["one"] - pair_interactions(model, fixed, [("one", "two")]).iloc[:, 0] / 2
    )
    other = X.assign(two=-2.5)
    again = (
        attribute(model, other).contributions["one"] - pair_interactions(model, other, [("one", "two")]).iloc[:, 0] / 2
    )
    assert_allclose(main, again, atol=1e-9)
    assert pair_interactions(model, X).abs().to_numpy().mean() > 0.1


@pytest.mark.parametrize("shape", [Shape(0.2, 1, 1, 1.0, 1.0, 1), None])
def test_additive_members_have_no_interactions(shape):
    X, y = crossed(2)
    member = (
        TreesCandidate("", 0, shape=shape).fit(X, y, np.ones(len(y)), {"rounds": 10})
        if shape
        else LogisticCandidate("", splines=False).fit(X, y, np.ones(len(y)), {"inverse_penalty": 1.0})
    )
    model = RiskModel({"it": member}, {"it": 1.0}, 0.0, 1.0)
    assert pair_interactions(model, X).shape == (len(X), 0)
    assert (pair_interactions(model, X, [("one", "two")]) == 0).all(axis=None)
    assert tabulate_pairs(pair_interactions(model, X), [pair_interactions(model, X)]).empty
