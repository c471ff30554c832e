import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import root
from sklearn.linear_model import LogisticRegression

from pipeline.models.calibration import fit_recalibration


def draw(seed: int, n: int, intercept: float, slope: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-0.5, 1.5, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(intercept + slope * log_odds)))).astype(float)
    return log_odds, y, rng.uniform(0.5, 2, n)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("intercept", "slope"), [(0.0, 1.0), (0.7, 0.5), (-0.4, 1.8)])
def test_many_patients_give_the_unpenalised_fit(seed, intercept, slope):
    log_odds, y, weight = draw(seed, 20_000, intercept, slope)
    found = fit_recalibration(log_odds, y, weight)
    free = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(log_odds[:, None], y, weight)
    # The draw to (0, 1) moves the optimum by about itself over the information, here at least 1,000.
    assert_allclose(found, [free.intercept_[0], free.coef_[0, 0]], atol=1.5e-3)
    assert_allclose(found, [intercept, slope], atol=0.12)


@pytest.mark.parametrize("seed", range(6))
def test_few_patients_give_the_penalised_optimum(seed):
    log_odds, y, weight = draw(seed, 25, 0.5, 0.6)

    def gradient(parameters: np.ndarray) -> list[float]:
        error = weight * (1 / (1 + np.exp(-parameters[0] - parameters[1] * log_odds)) - y)
        return [error.sum() + parameters[0], (error * log_odds).sum() + parameters[1] - 1]

    assert_allclose(fit_recalibration(log_odds, y, weight), root(gradient, [0, 1], tol=1e-12).x, atol=1e-5)


def test_nothing_to_learn_changes_nothing():
    assert_allclose(fit_recalibration(np.zeros(2), np.array([0.0, 1.0]), np.ones(2)), [0, 1], atol=1e-6)
    assert_allclose(fit_recalibration(np.zeros(2), np.array([0.0, 1.0]), np.zeros(2)), [0, 1], atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 50.0, 1000.0])
def test_separated_classes_give_finite_numbers(scale):
    log_odds = scale * np.linspace(-1, 1, 40)
    intercept, slope = fit_recalibration(log_odds, (log_odds > 0).astype(float), np.ones(40))
    assert np.isfinite([intercept, slope]).all()
    assert abs(intercept) < 0.5
    assert 0.9 < slope < 10


@pytest.mark.parametrize("seed", range(3))
def test_overconfident_log_odds_are_shrunk_to_their_true_size(seed):
    log_odds, y, _ = draw(seed, 3000, 0.0, 1.0)
    _, slope = fit_recalibration(20 * log_odds, y, np.ones(3000))
    assert slope == pytest.approx(1 / 20, rel=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_an_integer_weight_is_the_patient_repeated(seed):
    log_odds, y, _ = draw(seed, 200, 0.3, 0.8)
    times = np.random.default_rng(seed).integers(1, 4, 200)
    weighted = fit_recalibration(log_odds, y, times.astype(float))
    repeated = fit_recalibration(np.repeat(log_odds, times), np.repeat(y, times), np.ones(times.sum()))
    assert_allclose(weighted, repeated, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_patients_is_never_turned_around(seed):
    log_odds, y, weight = draw(seed, 500, -0.3, -0.8)
    intercept, slope = fit_recalibration(log_odds, y, weight)
    assert slope == 0
    rate = np.average(y, weights=weight)
    assert intercept == pytest.approx(np.log(rate / (1 - rate)), abs=0.02)
