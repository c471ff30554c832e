import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chi2
from sklearn.linear_model import LogisticRegression

from pipeline.evaluation.likelihood_ratio import log_likelihood, mean_design_effect, refer, say_p
from tests.evaluation.simulated import drawn


def fitted(seed, n=400):
    """A design of three rows, outcomes, and the risks of the fit."""
    rng = np.random.default_rng(seed)
    design = np.vstack([np.ones(n), rng.normal(size=n), rng.random(n) < 0.3]).astype(float)
    y = (rng.random(n) < expit(design.T @ [-0.5, 1.0, 0.4])).astype(float)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(design[1:].T, y)
    return design, y, model.predict_proba(design[1:].T)[:, 1]


def test_rows_that_all_count_once_have_no_design_effect():
    design, y, risk = fitted(0)
    assert mean_design_effect(design, risk, y, np.ones(400), np.arange(400), (1, 2)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_of_one_coefficient_it_is_the_ratio_of_the_variances(seed):
    design, y, risk = fitted(seed)
    weight = np.random.default_rng(seed).uniform(0.5, 2, 400)
    information, scores = np.zeros((3, 3)), np.zeros((3, 3))
    for x, outcome, p, w in zip(design.T, y, risk, weight, strict=True):
        information += w * p * (1 - p) * np.outer(x, x)
        scores += (w * (outcome - p)) ** 2 * np.outer(x, x)
    naive = np.linalg.inv(information)
    robust = naive @ scores @ naive
    for k in range(3):
        found = mean_design_effect(design, risk, y, weight, np.arange(400), (k,))
        assert found == pytest.approx(robust[k, k] / naive[k, k])
    everything = mean_design_effect(design, risk, y, weight, np.arange(400), (0, 1, 2))
    assert everything == pytest.approx(np.trace(naive @ scores) / 3)


@pytest.mark.parametrize("times", [2, 3, 7])
def test_rows_written_out_more_often_count_as_often_less(times):
    design, y, risk = fitted(1)

    def effect(repeats):
        rows = np.repeat(np.arange(400), repeats)
        return mean_design_effect(design[:, rows], risk[rows], y[rows], np.ones(len(rows)), rows, (1, 2))

    assert effect(times) == pytest.approx(effect(5) * times / 5)
    assert effect(times) == pytest.approx(times, rel=0.2)


def test_a_likelihood_counts_rows_by_their_weight():
    _, y, risk = fitted(2)
    weight = drawn(0, 400, 1)[0]
    expected = np.log(np.where(y == 1, risk, 1 - risk)) @ weight
    assert log_likelihood(np.log(risk / (1 - risk)), y, weight) == pytest.approx(expected)


def test_a_statistic_is_referred_to_chi_square():
    assert refer(5.991, 2) == {"statistic": 5.991, "degrees": 2, "p": pytest.approx(0.05, abs=1e-4)}
    assert refer(3.0, 1)["p"] == pytest.approx(chi2.sf(3.0, 1))
    assert refer(-1e-12, 1) == {"statistic": 0.0, "degrees": 1, "p": 1.0}


@pytest.mark.parametrize(("p", "said"), [(0.0004, "p < 0.001"), (0.0312, "p = 0.031"), (0.7, "p = 0.700")])
def test_p_in_words(p, said):
    assert say_p(p) == said
