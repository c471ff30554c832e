import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from pipeline.evaluation.logistic_fit import TOLERANCE, _newton_step, _Problem, _shorten, fit_logistic
from tests.evaluation.simulated import drawn


def simulated(seed, n=300, columns=2):
    rng = np.random.default_rng(seed)
    design = np.vstack([np.ones(n), rng.normal(size=(columns, n))])
    y = (rng.random(n) < expit(rng.normal(size=columns + 1) @ design)).astype(float)
    return design, y, drawn(seed, n, 3) * rng.uniform(1, 3, n)


def penalised_loss(coefficients, design, y, weight, ridge):
    score = coefficients @ design
    return weight @ (np.logaddexp(0, score) - y * score) + ridge / 2 * (coefficients[1:] ** 2).sum()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ridge", [0.0, 0.1, 20.0])
def test_equals_scikit_learn_in_every_resample(seed, ridge):
    design, y, weight = simulated(seed)
    found = fit_logistic(design, np.zeros(300), y, weight, ridge)
    for coefficients, row in zip(found, weight, strict=True):
        theirs = LogisticRegression(C=1 / ridge if ridge else np.inf, tol=1e-10, max_iter=1000)
        theirs.fit(design[1:].T, y, sample_weight=row)
        expected = [*theirs.intercept_, *theirs.coef_[0]]
        np.testing.assert_allclose(coefficients, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("spread", [1, 30, 1000])
def test_the_loss_falls_at_every_step_from_anywhere(spread):
    # From far off, where risks are 0 and 1 and plain Newton's steps are endless.
    design, y, weight = simulated(0)
    coefficients = spread * np.random.default_rng(1).normal(size=(3, 3))
    problem = _Problem(design, np.zeros(300), y, weight, np.zeros(3))
    for _ in range(12):
        step = _shorten(_newton_step(coefficients, problem), coefficients, problem)
        for before, after, row in zip(coefficients, coefficients + step, weight, strict=True):
            lost = penalised_loss(before, design, y, row, 0)
            assert penalised_loss(after, design, y, row, 0) <= lost + 1e-9 * abs(lost)
        coefficients = coefficients + step


@pytest.mark.parametrize("seed", range(4))
def test_resamples_do_not_depend_on_those_beside_them(seed):
    design, y, weight = simulated(seed)
    together = fit_logistic(design, np.zeros(300), y, weight)
    for coefficients, row in zip(together, weight, strict=True):
        alone = fit_logistic(design, np.zeros(300), y, row[None])[0]
        np.testing.assert_allclose(coefficients, alone, atol=10 * TOLERANCE**2)


def test_the_offset_takes_the_place_of_a_column():
    design, y, weight = simulated(0)
    free = fit_logistic(design, np.zeros(300), y, weight[:1])[0]
    fixed = fit_logistic(design[:2], free[2] * design[2], y, weight[:1])[0]
    np.testing.assert_allclose(fixed, free[:2], atol=1e-7)


def test_a_ridge_keeps_separated_outcomes_finite():
    x = np.linspace(-1.7, 1.7, 200)
    design, y = np.vstack([np.ones(200), x]), (x > 0.3).astype(float)
    weight = np.ones((3, 200))
    [found, *others] = fit_logistic(design, np.zeros(200), y, weight, 0.1)
    assert 5 < found[1] < 50
    assert penalised_loss(found, design, y, weight[0], 0.1) < penalised_loss(1.05 * found, design, y, weight[0], 0.1)
    assert penalised_loss(found, design, y, weight[0], 0.1) < penalised_loss(0.95 * found, design, y, weight[0], 0.1)
    np.testing.assert_allclose(others, [found, found])


def test_no_resamples_have_no_coefficients():
    design, y, _ = simulated(0)
    assert fit_logistic(design, np.zeros(300), y, np.empty((0, 300))).shape == (0, 3)
