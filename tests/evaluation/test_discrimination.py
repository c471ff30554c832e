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
