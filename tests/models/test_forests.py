import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score

from pipeline.models import forests
from pipeline.models.folds import make_folds
from pipeline.models.forests import ForestCandidate, HistogramBoostingCandidate
from tests.models.builders import make_numbers, weighed_visits

FOREST = ForestCandidate("forest", 1)
BOOSTING = HistogramBoostingCandidate("boosting", 1)
BOTH = pytest.mark.parametrize("candidate", [FOREST, BOOSTING], ids=["forest", "boosting"])
SETTINGS = {"leaf": 5, "rounds": 40}


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    monkeypatch.setattr(forests, "TREES", 60)
    monkeypatch.setattr(forests, "MAX_ROUNDS", 80)


def uneven(seed: int, n: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A risk that neither a line nor a sum tells: two predictors of unlike signs."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    truth = np.where(X["a"] * X["b"] > 0, 1.5, -1.5)
    return X, (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float), truth


@BOTH
def test_an_interaction_without_main_effects_is_learnt(candidate):
    X, y, _ = uneven(0, 1200)
    fresh, outcome, truth = uneven(1, 3000)
    learnt = candidate.learn(X, y, np.ones(1200), make_folds(y, np.arange(1200), 3))
    best = roc_auc_score(outcome, truth)
    assert best - 0.06 < roc_auc_score(outcome, learnt.model.log_odds(fresh)) <= best + 0.01
    assert roc_auc_score(y, learnt.scores) > best - 0.08


@BOTH
def test_risks_are_about_as_high_as_they_should_be(candidate):
    X, y, truth = uneven(2, 2000)
    scores = candidate.learn(X, y, np.ones(2000), make_folds(y, np.arange(2000), 3)).scores
    ideal, prevalence = log_loss(y, 1 / (1 + np.exp(-truth))), log_loss(y, np.full(2000, y.mean()))
    assert ideal < log_loss(y, 1 / (1 + np.exp(-scores))) < ideal + 0.4 * (prevalence - ideal)


@BOTH
def test_out_of_fold_log_odds_know_nothing_of_their_fold(candidate):
    X, y, weight = weighed_visits(0)
    folds = make_folds(y, np.arange(len(y)), 3)
    changed, kept = np.array_split(folds[0][1], 2)
    before = candidate.learn(X, y, weight, folds)
    other, outcome = X.copy(), y.copy()
    other.iloc[changed, :2] = 999.0
    outcome[changed] = 1 - y[changed]
    after = candidate.learn(other, outcome, weight, folds)
    if before.settings == after.settings:  # the tuning alone sees all folds
        assert_array_equal(after.scores[kept], before.scores[kept])
    fitted = [candidate.fit(X.iloc[rows], y[rows], weight[rows], SETTINGS) for rows, _ in folds[:1]]
    again = [candidate.fit(other.iloc[rows], outcome[rows], weight[rows], SETTINGS) for rows, _ in folds[:1]]
    assert_array_equal(fitted[0].log_odds(X.iloc[kept]), again[0].log_odds(X.iloc[kept]))
    assert not np.allclose(after.scores[folds[1][1]], before.scores[folds[1][1]])


@BOTH
def test_the_same_seed_learns_the_same_and_settings_are_json(candidate):
    X, y, weight = weighed_visits(1)
    folds = make_folds(y, np.arange(len(y)), 3)
    one, two = (candidate.learn(X, y, weight, folds) for _ in range(2))
    assert_array_equal(one.scores, two.scores)
    assert_array_equal(one.model.log_odds(X), two.model.log_odds(X))
    assert json.loads(json.dumps(one.settings)) == one.settings == two.settings
    assert str(next(iter(one.settings.values()))) in candidate.describe(one.settings)


@BOTH
def test_new_levels_and_missing_values_get_a_finite_risk(candidate):
    X, y, weight = weighed_visits(2)
    model = candidate.fit(X, y, weight, SETTINGS)
    new = X[:6].copy()
    new["site"] = pd.Categorical([None, "north", "moon", "east", "moon", None], ["moon", "north", "east"])
    new.iloc[4] = np.nan
    said = model.log_odds(new)
    assert np.isfinite(said).all()
    unseen = new[:6].assign(site=pd.Categorical([None] * 6, categories=["moon"]))
    moon = new[:6].assign(site=pd.Categorical(["moon"] * 6, categories=["moon"]))
    assert_array_equal(model.log_odds(unseen), model.log_odds(moon))


@BOTH
def test_the_order_of_a_categorys_levels_does_not_matter(candidate):
    X, y, weight = weighed_visits(3)
    model = candidate.fit(X, y, weight, SETTINGS)
    turned = X.assign(site=X["site"].cat.reorder_categories(X["site"].cat.categories[::-1]))
    assert_array_equal(model.log_odds(turned), model.log_odds(X))


@BOTH
def test_of_many_rows_the_first_are_learnt_from(candidate, monkeypatch):
    monkeypatch.setattr(forests, "MOST_ROWS", 100)
    X, y, weight = weighed_visits(4)
    assert_array_equal(
        candidate.fit(X, y, weight, SETTINGS).log_odds(X),
        candidate.fit(X[:100], y[:100], weight[:100], SETTINGS).log_odds(X),
    )


@BOTH
def test_weights_count(candidate):
    """Events that weigh nine times as much are believed to be nine times as many."""
    examples, _ = make_numbers(0, 600, (0.5,))
    y = examples.observed.event
    equal, heavy = (candidate.fit(examples.X, y, w, SETTINGS) for w in (np.ones(600), np.where(y == 1, 9.0, 1.0)))
    rise = np.mean(heavy.log_odds(examples.X) - equal.log_odds(examples.X))
    assert rise == pytest.approx(np.log(9), abs=0.8)


def test_a_risk_never_moves_against_a_declared_direction():
    X, y, weight = weighed_visits(5)
    free, bound = (
        HistogramBoostingCandidate("b", 1, directions).fit(X, 1 - y, weight, {"rounds": 80})
        for directions in ({}, {"marker": 1})
    )
    grid = np.linspace(-2, 2, 30)

    def steps(model) -> np.ndarray:
        return np.diff([model.log_odds(X[:40].assign(marker=value)) for value in grid], axis=0)

    assert steps(free).min() < -0.1
    assert steps(bound).min() >= -1e-12


def test_histogram_boosting_with_codes_equals_scikit_learns_own_binning():
    """Few distinct values, so that both cut at the same places."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(0, 9, (500, 3)).astype(float), columns=list("abc")).mask(rng.random((500, 3)) < 0.1)
    y = (rng.random(500) < 1 / (1 + np.exp(2 - 0.5 * X["a"].fillna(4)))).to_numpy(float)
    own = HistGradientBoostingClassifier(
        learning_rate=forests.LEARNING_RATE, max_iter=30, max_leaf_nodes=forests.LEAVES_PER_TREE, min_samples_leaf=10,
        l2_regularization=1.0, early_stopping=False,
    ).fit(X, y)  # fmt: skip
    model = BOOSTING.fit(X, y, np.ones(500), {"rounds": 30})
    assert_allclose(model.log_odds(X), own.decision_function(X), atol=1e-6)


def test_rounds_have_the_least_mean_held_out_loss():
    X, y, weight = weighed_visits(6)
    folds = make_folds(y, np.arange(len(y)), 3)
    learnt = BOOSTING.learn(X, y, weight, folds)
    rounds = learnt.settings["rounds"]

    def loss(count: int) -> float:
        parts = []
        for rows, held_out in folds:
            scores = BOOSTING.fit(X.iloc[rows], y[rows], weight[rows], {"rounds": count}).log_odds(X.iloc[held_out])
            parts.append(log_loss(y[held_out], 1 / (1 + np.exp(-scores)), sample_weight=weight[held_out]))
        return float(np.mean(parts))

    tried = {count: loss(count) for count in range(max(1, rounds - 10), rounds + 11)}
    assert tried[rounds] == pytest.approx(min(tried.values()), abs=1e-9)


def test_where_all_trees_agree_log_odds_stay_finite():
    X = pd.DataFrame({"a": np.repeat([0.0, 1.0], 50)})
    model = FOREST.fit(X, X["a"].to_numpy(), np.ones(100), {"leaf": 5})
    assert_allclose(np.abs(model.log_odds(X)), np.log(60.5 / 0.5))
