import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.models.stacking import STRENGTH, fit_weights

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw(seed: int, n: int, errors: tuple[float, ...]) -> Drawn:
    """What members said who know the true log-odds but for a normal error; an infinite one knows nothing."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-0.5, 1.2, n)
    noise = rng.normal(size=(len(errors), n))
    scores = np.array([e if error == np.inf else truth + error * e for error, e in zip(errors, noise, strict=True)])
    return scores, (rng.random(n) < expit(truth)).astype(float), rng.uniform(0.5, 2, n)


def cost(coefficients: np.ndarray, intercept: float, drawn: Drawn) -> float:
    """The penalised loss as the text has it: log-loss, and half of fifty times the squared way from equal ones."""
    scores, y, weight = drawn
    risk = expit(intercept + coefficients @ scores)
    loss = -np.sum(weight * np.where(y == 1, np.log(risk), np.log1p(-risk)))
    return loss + STRENGTH / 2 * np.sum((coefficients - 1 / len(scores)) ** 2)


@pytest.mark.parametrize("n", [60, 2000])
@pytest.mark.parametrize("errors", [(0.3, 1.5, np.inf), (1.0, 1.0, 1.0), (0.0, np.inf, np.inf, 2.0)])
@pytest.mark.parametrize("seed", range(3))
def test_shares_are_the_best_that_another_solver_finds(seed, errors, n):
    """Sequential quadratic programming on the loss, its gradient by differences."""
    drawn = draw(seed, n, errors)
    m = len(errors)
    bounds, start = [(0, None)] * m + [(None, None)], np.append(np.full(m, 1 / m), 0.0)
    best = minimize(lambda at: cost(at[:m], at[m], drawn) / n, start, method="SLSQP", bounds=bounds, tol=1e-12).x[:m]
    share = fit_weights(*drawn)
    assert_allclose(share, best / best.sum(), atol=2e-3)
    assert share.sum() == pytest.approx(1)
    assert (share >= 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_large_tables_learn_whom_to_trust_and_small_ones_hardly(seed):
    """At 20,000 patients the coefficient of a member that knows nothing has a standard error of .016."""
    errors = (0.2, np.inf, 0.2)
    share = fit_weights(*draw(seed, 20_000, errors))
    assert share[1] < 3.5 * 0.016
    assert_allclose(share[[0, 2]], 0.5, atol=0.1)
    few = fit_weights(*draw(seed, 60, errors))
    assert few[1] > 0.15
    assert_allclose(few, 1 / 3, atol=0.2)


@pytest.mark.parametrize("seed", range(3))
def test_members_that_are_all_wrong_share_alike(seed):
    """Those who foresee the opposite would be turned around if coefficients could be negative."""
    scores, y, weight = draw(seed, 5000, (0.2, 0.5, 1.0))
    assert_array_equal(fit_weights(-scores, y, weight), np.full(3, 1 / 3))


@pytest.mark.parametrize("seed", range(3))
def test_one_who_is_wrong_gets_nothing(seed):
    scores, y, weight = draw(seed, 5000, (0.2, 0.5, 1.0))
    scores[1] *= -1
    share = fit_weights(scores, y, weight)
    assert share[1] == 0
    assert share[0] > share[2] > 0


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_members_does_not_matter(seed):
    scores, y, weight = draw(seed, 500, (0.2, 0.8, 1.5, np.inf))
    order = np.array([2, 0, 3, 1])
    assert_allclose(fit_weights(scores[order], y, weight), fit_weights(scores, y, weight)[order], atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_an_integer_weight_is_the_patient_repeated(seed):
    scores, y, _ = draw(seed, 300, (0.2, 0.8, np.inf))
    times = np.random.default_rng(seed).integers(1, 4, 300)
    repeated = fit_weights(np.repeat(scores, times, axis=1), np.repeat(y, times), np.ones(times.sum()))
    assert_allclose(fit_weights(scores, y, times.astype(float)), repeated, atol=1e-3)
    assert not np.allclose(repeated, fit_weights(scores, y, np.ones(300)), atol=2e-3)


def test_twins_share_alike():
    scores, y, weight = draw(0, 1000, (0.5, 1.0))
    share = fit_weights(np.vstack([scores, scores[:1]]), y, weight)
    assert share[0] == pytest.approx(share[2], abs=1e-3)
