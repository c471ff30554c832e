import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.evaluation.discrimination import auroc
from tests.evaluation.simulated import binary, censored, drawn


def double_loop(risk, y, weight):
    won = pairs = 0.0
    for i in np.flatnonzero(y == 1):
        for j in np.flatnonzero(y == 0):
            both = weight[i] * weight[j]
            pairs += both
            won += both * ((risk[i] > risk[j]) + (risk[i] == risk[j]) / 2)
    return won / pairs


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("digits", [1, 12])  # one digit: many ties
def test_equals_scikit_learn_in_every_resample(seed, digits):
    risk, observed = binary(seed)
    risk = risk.round(digits)
    weight = drawn(seed, 300) * np.random.default_rng(seed).uniform(1, 3, 300)
    expected = [roc_auc_score(observed.event, risk, sample_weight=row) for row in weight]
    np.testing.assert_allclose(auroc(risk, observed.event, weight), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_equals_pair_counting_with_censoring_weights(seed):
    risk, observed = censored(seed, n=60)
    risk, y, counts = risk.round(1), observed.by_horizon(), drawn(seed, 60)
    weight = counts * observed.weights_for(counts)
    expected = [double_loop(risk, y, row) for row in weight]
    np.testing.assert_allclose(auroc(risk, y, weight), expected, rtol=1e-12)


def weights_of_uno(observed):
    """1/G of each patient, from the formulas: G(t-) is the product, over times before t, of those who stay."""
    weights = []
    for i in range(len(observed)):
        until, survival = min(observed.time[i], observed.horizon), 1.0
        for time in sorted(set(observed.time)):
            if time < until:
                censored = sum(observed.time[j] == time and not observed.event[j] for j in range(len(observed)))
                gone = sum(
                    observed.time[j] < time or (observed.time[j] == time and observed.event[j] == 1)
                    for j in range(len(observed))
                )
                at_risk = len(observed) - gone
                survival *= 1 - censored / at_risk if at_risk else 1
        known = observed.time[i] >= observed.horizon or (observed.event[i] and observed.time[i] <= observed.horizon)
        weights.append(1 / survival if known else 0.0)
    return np.array(weights)


def auroc_of_uno(risk, observed):
    """The cumulative/dynamic AUROC at the horizon, pair by pair (Uno et al. 2007, JASA 102:527)."""
    weights, won, pairs = weights_of_uno(observed), 0.0, 0.0
    for i in range(len(risk)):
        for j in range(len(risk)):
            came = observed.event[i] == 1 and observed.time[i] <= observed.horizon
            if came and observed.time[j] > observed.horizon:
                both = weights[i] * weights[j]
                pairs += both
                won += both * (1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0)
    return won / pairs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("digits", [1, 6])  # one digit: times and risks with many ties
def test_equals_the_formulas_of_uno(seed, digits):
    risk, observed = censored(seed, n=60, horizon=3.03, digits=digits)  # no time is the horizon itself
    risk = risk.round(digits)
    weights = observed.weights()
    np.testing.assert_allclose(weights, weights_of_uno(observed), rtol=1e-12)
    found = auroc(risk, observed.by_horizon(), weights[None])[0]
    assert found == pytest.approx(auroc_of_uno(risk, observed), rel=1e-12)


def test_by_hand():
    y = np.array([0, 0, 1, 1.0])
    assert auroc(np.array([0.1, 0.4, 0.35, 0.8]), y, np.ones((1, 4)))[0] == 0.75
    assert auroc(np.full(4, 0.3), y, np.ones((1, 4)))[0] == 0.5


@pytest.mark.parametrize("seed", range(4))
def test_depends_on_the_order_of_risks_only(seed):
    risk, observed = binary(seed)
    weight, shuffle = drawn(seed, 300), np.random.default_rng(seed).permutation(300)
    expected = auroc(risk, observed.event, weight)
    np.testing.assert_array_equal(auroc(risk**3, observed.event, weight), expected)
    np.testing.assert_allclose(auroc(1 - risk, observed.event, weight), 1 - expected, rtol=1e-12)
    moved = auroc(risk[shuffle], observed.event[shuffle], weight[:, shuffle])
    np.testing.assert_allclose(moved, expected, rtol=1e-12)


def test_a_resample_with_one_outcome_has_none():
    weight = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0.0]])
    found = auroc(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0, 0, 1, 1.0]), weight)
    assert np.isnan(found).tolist() == [True, True, False]
