import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit
from sklearn import metrics
from sklearn.metrics import brier_score_loss

from pipeline.evaluation.calibration import (
    _overlap,
    brier,
    calibration_intercept,
    calibration_slope,
    log_loss,
    log_odds,
    observed_rate,
    oe_ratio,
    scaled_brier,
)
from pipeline.evaluation.intervals import bootstrap
from pipeline.evaluation.rates import event_rate
from pipeline.evaluation.resampling import Sample
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored, drawn, resampled


def slope_by_bfgs(risk, y, weight):
    score = log_odds(risk)
    z = (score - score.mean()) / score.std()

    def loss(c):
        eta = c[0] + c[1] * z
        residual = weight * (y - expit(eta))
        return (weight * (np.logaddexp(0, eta) - y * eta)).sum(), -np.array([residual.sum(), residual @ z])

    return minimize(loss, [0, 0], jac=True, method="BFGS", options={"gtol": 1e-9}).x[1] / score.std()


def intercept_by_root(risk, y, weight):
    return brentq(lambda a: weight @ (y - expit(a + log_odds(risk))), -100, 100, xtol=1e-12)


@pytest.mark.parametrize("spread", [0.05, 0.3, 1, 3, 10, 30])  # of log-odds: under-confident to wildly over-confident
@pytest.mark.parametrize("shift", [-8, 0, 3])
def test_slope_and_intercept_equal_independent_solvers(spread, shift):
    rng = np.random.default_rng(7)
    truth = rng.normal(size=300)
    y, risk = (rng.random(300) < expit(truth)).astype(float), expit(spread * truth + shift)
    weight = drawn(7, 300, 3) * rng.uniform(1, 3, 300)
    slopes, intercepts = calibration_slope(risk, y, weight), calibration_intercept(risk, y, weight)
    np.testing.assert_allclose(slopes, [slope_by_bfgs(risk, y, w) for w in weight], rtol=1e-5)
    np.testing.assert_allclose(intercepts, [intercept_by_root(risk, y, w) for w in weight], rtol=1e-6, atol=1e-8)


def test_risks_of_0_and_1_that_are_wrong_have_an_intercept():
    y = np.array([0, 1, 0, 0, 1.0])
    risk, weight = np.array([0, 0, 1, 1, 1.0]), np.ones((1, 5))
    found = calibration_intercept(risk, y, weight)[0]
    assert found == pytest.approx(intercept_by_root(risk, y, weight[0]), rel=1e-6)


@pytest.mark.parametrize(
    "risk",
    [
        pytest.param([0.1, 0.2, 0.8, 0.9], id="apart"),
        pytest.param([0.9, 0.8, 0.2, 0.1], id="apart and reversed"),
        pytest.param([0, 0, 1, 1], id="perfect"),
        pytest.param([0.1, 0.4, 0.4, 0.9], id="touching"),
        pytest.param([0.3, 0.3, 0.3, 0.3], id="all alike"),
    ],
)
def test_no_slope_without_overlap(risk):
    assert np.isnan(calibration_slope(np.array(risk, dtype=float), np.array([0, 0, 1, 1.0]), np.ones((1, 4)))).all()


def test_overlap_by_hand():
    y, score = np.array([0, 0, 1, 1.0]), np.array([1, 3, 2, 4.0])
    drawn_ = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 1.0]])
    # All; apart; apart and reversed; two with one outcome; and 3 between 2 and 4.
    assert _overlap(score, y, drawn_).tolist() == [True, False, False, False, False, True]
    touching = np.array([1, 2, 2, 3.0])
    assert not _overlap(touching, y, drawn_[:1])[0]
    assert not _overlap(-touching, y, drawn_[:1])[0]


@pytest.mark.parametrize("outcome", [0.0, 1.0])
@pytest.mark.parametrize("centre", [-5, 0, 5])
def test_many_patients_with_one_outcome_have_neither_slope_nor_intercept(outcome, centre):
    # Without a check, the search stops where the loss is too flat to see: at numbers that mean nothing.
    risk = expit(centre + np.random.default_rng(0).normal(size=1000))
    for weight in (np.ones((1, 1000)), np.full((1, 1000), 50.0)):
        assert np.isnan(calibration_slope(risk, np.full(1000, outcome), weight)[0])
        assert np.isnan(calibration_intercept(risk, np.full(1000, outcome), weight)[0])
        alike = np.full(1000, expit(centre))
        assert np.isnan(calibration_intercept(alike, np.full(1000, outcome), weight)[0])


def test_one_outcome_has_neither_slope_nor_intercept():
    risk, weight = np.array([0.1, 0.4, 0.3, 0.9]), np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1.0]])
    y = np.array([0, 0, 1, 1.0])
    assert np.isnan(calibration_intercept(risk, y, weight)).tolist() == [True, True, False]
    assert np.isnan(calibration_slope(risk, y, weight)).tolist() == [True, True, False]


@pytest.mark.parametrize("seed", range(4))
def test_recalibrated_risks_are_calibrated(seed):
    risk, observed = binary(seed)
    weight = drawn(seed, 300, 1)
    slope = calibration_slope(risk**2, observed.event, weight)[0]
    score = slope * log_odds(risk**2)
    mended = expit(score + calibration_intercept(expit(score), observed.event, weight)[0])
    assert calibration_slope(mended, observed.event, weight)[0] == pytest.approx(1, abs=1e-7)
    assert calibration_intercept(mended, observed.event, weight)[0] == pytest.approx(0, abs=1e-7)
    assert oe_ratio(mended, observed.event, weight, weight)[0] == pytest.approx(1, abs=1e-7)


def test_slope_scales_against_the_spread_of_log_odds():
    risk, observed = binary(3)
    weight = drawn(3, 300)
    doubled = expit(2 * log_odds(risk))
    halved = calibration_slope(risk, observed.event, weight) / 2
    np.testing.assert_allclose(calibration_slope(doubled, observed.event, weight), halved, rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_brier_equals_scikit_learn(seed):
    risk, observed = binary(seed)
    counts = drawn(seed, 300)
    expected = [brier_score_loss(observed.event, risk, sample_weight=row) for row in counts]
    np.testing.assert_allclose(brier(risk, observed.event, counts, counts), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_log_loss_equals_scikit_learn(seed):
    risk, observed = binary(seed)
    counts = drawn(seed, 300)
    expected = [metrics.log_loss(observed.event, risk, sample_weight=row) for row in counts]
    np.testing.assert_allclose(log_loss(risk, observed.event, counts, counts), expected, rtol=1e-12)


def test_log_loss_by_hand():
    # Where nobody is followed to the horizon, weights do not add up to the patients; 5 stays in the denominator.
    observed = Observed(np.array([1, 0, 1, 0, 0.0]), np.array([1, 1, 2, 2, 3.0]), 4.0)
    y, counts = observed.by_horizon(), np.ones((1, 5))
    found = log_loss(np.array([0.5, 0.9, 0.2, 0.9, 0.9]), y, observed.weights_for(counts), counts)
    assert found[0] == pytest.approx((np.log(2) + 4 / 3 * np.log(5)) / 5)
    wrong = log_loss(np.array([0.0, 1.0]), np.array([1.0, 0.0]), np.ones((1, 2)), np.ones((1, 2)))
    assert wrong[0] == pytest.approx(12 * np.log(10), rel=1e-5)
    right = log_loss(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.ones((1, 2)), np.ones((1, 2)))
    assert 0 <= right[0] < 1e-11


def test_brier_with_censoring_by_hand():
    # Weights need not add up to the patients: nobody is followed to the horizon here. 0 stays in the denominator.
    observed = Observed(np.array([1, 0, 1, 0, 0.0]), np.array([1, 1, 2, 2, 3.0]), 4.0)
    y, counts = observed.by_horizon(), np.ones((1, 5))
    weight = observed.weights_for(counts)
    np.testing.assert_allclose(weight, [[1, 0, 4 / 3, 0, 0]])
    risk = np.array([0.5, 0.9, 0.2, 0.9, 0.9])
    assert brier(risk, y, weight, counts)[0] == pytest.approx((0.25 + 4 / 3 * 0.64) / 5)
    assert observed_rate(y, weight, counts)[0] == pytest.approx(1 - 4 / 5 * 2 / 3)


@pytest.mark.parametrize("make", [binary, censored])
def test_scaled_brier_is_0_for_the_prevalence_and_1_for_the_truth(make):
    _, observed = make(0)
    y, counts = observed.by_horizon(), np.ones((1, 300))
    weight = observed.weights_for(counts)
    prevalence = np.full(300, observed_rate(y, weight, counts)[0])
    assert scaled_brier(prevalence, y, weight, counts)[0] == pytest.approx(0, abs=1e-9)
    assert scaled_brier(y, y, weight, counts)[0] == 1
    assert np.isnan(scaled_brier(prevalence, np.zeros(300), counts, counts))[0]


@pytest.mark.parametrize("seed", range(6))
def test_weighted_rate_is_kaplan_meier_in_every_resample(seed):
    _, observed = censored(seed, n=100)
    counts = drawn(seed, 100)
    weight = counts * observed.weights_for(counts)
    expected = [event_rate(resampled(observed, row)).value for row in counts]
    np.testing.assert_allclose(observed_rate(observed.by_horizon(), weight, counts), expected, rtol=1e-10)


def test_observed_to_expected_by_hand():
    risk, y = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0, 0, 1, 1.0])
    counts = np.array([[1, 1, 1, 1], [2, 0, 0, 2.0]])
    np.testing.assert_allclose(oe_ratio(risk, y, counts, counts), [2 / 1.0, 2 / 1.0])
    assert oe_ratio(risk, y, np.array([[1, 1, 2, 0.0]]), np.array([[1, 1, 2, 0.0]]))[0] == pytest.approx(2 / 0.9)
    assert np.isnan(oe_ratio(np.zeros(4), y, counts, counts)).all()


def test_intervals_of_true_risks_hold_the_ideal_about_95_times_in_100():
    ideal = {"calibration_slope": 1, "calibration_intercept": 0, "oe_ratio": 1}
    held = dict.fromkeys(ideal, 0)

    def figures(tables):
        [[t]] = tables
        slope, intercept = calibration_slope(t.risk, t.y, t.weight), calibration_intercept(t.risk, t.y, t.weight)
        ratio = oe_ratio(t.risk, t.y, t.weight, t.counts)
        return {"calibration_slope": slope, "calibration_intercept": intercept, "oe_ratio": ratio}

    for seed in range(100):
        risk, observed = binary(seed, n=400)
        found = bootstrap(figures, [Sample(risk[None], observed, np.arange(400))], (), 200, seed)
        for name, value in ideal.items():
            held[name] += found[name].lo <= value <= found[name].hi
    # Binomial(100, .95) lies in 88..100 with probability .998, and an interval half as wide would hold about 67.
    assert all(88 <= times <= 100 for times in held.values()), held


def test_log_odds_stay_finite():
    np.testing.assert_allclose(log_odds(np.array([0.0, 0.5, 0.8])), [-27.631, 0, np.log(4)], atol=1e-3)
    assert np.isfinite(log_odds(np.array([1.0])))[0]
