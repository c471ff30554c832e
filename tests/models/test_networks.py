import json
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss, roc_auc_score

from pipeline.models import networks
from pipeline.models.folds import make_folds
from pipeline.models.networks import NetworkCandidate
from tests.models.builders import weighed_visits

NETWORK = NetworkCandidate("network", 1)
SETTINGS = {"layers": [16], "penalty": 1.0, "epochs": 10}


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    monkeypatch.setattr(networks, "PORTFOLIO", (((16,), 1.0), ((32,), 1.0)))
    monkeypatch.setattr(networks, "EPOCHS", (10, 30))


def test_an_interaction_without_main_effects_is_learnt():
    def draw(seed: int, n: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        X = pd.DataFrame(rng.normal(size=(n, 2)), columns=list("ab"))
        truth = np.where(X["a"] * X["b"] > 0, 2.0, -2.0)
        return X, (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float), truth

    X, y, _ = draw(0, 1500)
    fresh, outcome, truth = draw(1, 3000)
    learnt = NETWORK.learn(X, y, np.ones(1500), make_folds(y, np.arange(1500), 3))
    best = roc_auc_score(outcome, truth)
    assert best - 0.05 < roc_auc_score(outcome, learnt.model.log_odds(fresh)) <= best + 0.02
    ideal, prevalence = log_loss(y, np.full(1500, 1 / (1 + np.exp(-2.0)))), log_loss(y, np.full(1500, y.mean()))
    assert log_loss(y, 1 / (1 + np.exp(-learnt.scores))) < prevalence < ideal


def test_the_average_of_networks_that_differ_by_seed_is_learnt_and_repeats_itself():
    X, y, weight = weighed_visits(1)
    folds = make_folds(y, np.arange(len(y)), 3)
    one, two = (NETWORK.learn(X, y, weight, folds) for _ in range(2))
    assert_array_equal(one.scores, two.scores)
    assert_array_equal(one.model.log_odds(X), two.model.log_odds(X))
    assert json.loads(json.dumps(one.settings)) == one.settings == two.settings
    matrix = one.model.design.transform(X)
    apart = [network.predict_proba(matrix)[:, 1] for network in one.model.networks]
    assert len(apart) == networks.NETWORKS
    assert not np.allclose(apart[0], apart[1])
    mean = np.mean(apart, axis=0)
    assert_allclose(one.model.log_odds(X), np.log(mean / (1 - mean)), atol=1e-9)
    for said in ("3 networks", f"{one.settings['epochs']} epochs"):
        assert said in NETWORK.describe(one.settings)


def test_out_of_fold_log_odds_know_nothing_of_their_fold(monkeypatch):
    monkeypatch.setattr(networks, "PORTFOLIO", (((8,), 1.0),))
    monkeypatch.setattr(networks, "EPOCHS", (5,))
    X, y, weight = weighed_visits(0)
    folds = make_folds(y, np.arange(len(y)), 3)
    changed, kept = np.array_split(folds[0][1], 2)
    before = NETWORK.learn(X, y, weight, folds).scores
    other, outcome = X.copy(), y.copy()
    other.iloc[changed, :2] = 999.0
    outcome[changed] = 1 - y[changed]
    after = NETWORK.learn(other, outcome, weight, folds).scores
    assert_allclose(after[kept], before[kept], atol=1e-9)
    assert not np.allclose(after[folds[1][1]], before[folds[1][1]])


def test_nothing_is_warned_of_and_new_levels_get_a_finite_risk():
    X, y, weight = weighed_visits(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = NETWORK.fit(X, y, weight, SETTINGS)
    new = X[:4].assign(site=pd.Categorical(["moon", None, "moon", "north"], categories=["moon", "north"]))
    new.iloc[1] = np.nan
    assert np.isfinite(model.log_odds(new)).all()


def test_sure_networks_keep_their_risk_off_zero_and_one():
    X = pd.DataFrame({"a": np.repeat([-50.0, 50.0], 100)})
    said = NETWORK.fit(X, (X["a"] > 0).to_numpy(float), np.ones(200), SETTINGS | {"penalty": 0.0, "epochs": 300})
    assert (np.abs(said.log_odds(X)) <= np.log((1 - networks.SURE) / networks.SURE) + 1e-9).all()


def test_of_many_rows_the_first_are_learnt_from(monkeypatch):
    monkeypatch.setattr(networks, "MOST_ROWS", 100)
    X, y, weight = weighed_visits(3)
    assert_array_equal(
        NETWORK.fit(X, y, weight, SETTINGS).log_odds(X),
        NETWORK.fit(X[:100], y[:100], weight[:100], SETTINGS).log_odds(X),
    )


def test_weights_count():
    X, y, _ = weighed_visits(4)
    equal, heavy = (NETWORK.fit(X, y, w, SETTINGS) for w in (np.ones(300), np.where(y == 1, 9.0, 1.0)))
    assert np.mean(heavy.log_odds(X) - equal.log_odds(X)) == pytest.approx(np.log(9), abs=1.2)
