import numpy as np
import pytest
from scipy.special import expit

from pipeline.evaluation.calibration import (
    brier,
    calibration_intercept,
    calibration_slope,
    log_loss,
    oe_ratio,
    scaled_brier,
)
from pipeline.evaluation.cells import MOST_BINS, draw_poisson, merge_rows
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.utility import net_benefit
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored, competing

AT = np.array([0.05, 0.1, 0.3, 0.5])


def figures(risk, y, weight, counts):
    return {
        "auroc": auroc(risk, y, weight),
        "brier": brier(risk, y, weight, counts),
        "scaled_brier": scaled_brier(risk, y, weight, counts),
        "log_loss": log_loss(risk, y, weight, counts),
        "slope": calibration_slope(risk, y, weight),
        "intercept": calibration_intercept(risk, y, weight),
        "oe": oe_ratio(risk, y, weight, counts),
    }


def test_sums_by_hand():
    risk = np.array([0.1, 0.1, 0.4, 0.4, 0.4])
    cells = merge_rows(risk, Observed(np.array([0, 1, 1, 1, 0.0])), np.array([0, 1, 0, 0, 2]), 3, ())
    assert (cells.risk.tolist(), cells.y.tolist()) == ([0.1, 0.1, 0.4, 0.4], [0, 1, 0, 1])
    weight, counts = cells.sums(np.array([[1, 5.0], [2, 6], [3, 7]]))
    assert counts.tolist() == [[1, 2, 3, 2], [5, 6, 7, 10]]
    assert weight is counts


@pytest.mark.parametrize("make", [censored, competing])
def test_weights_of_censoring_are_added_up(make):
    risk, observed = make(0)
    risk, patient = risk.round(1), np.arange(300) // 3
    drawn = draw_poisson(np.random.default_rng(0), 100, 4)
    cells = merge_rows(risk, observed, patient, 100, ())
    weight, counts = cells.sums(drawn)
    rows = drawn[patient].T
    for k, (p, y) in enumerate(zip(cells.risk, cells.y, strict=True)):
        inside = (risk == p) & (observed.by_horizon() == y)
        np.testing.assert_allclose(counts[:, k], rows[:, inside].sum(axis=1))
        np.testing.assert_allclose(weight[:, k], rows[:, inside] @ observed.weights()[inside], rtol=1e-6)
    assert counts.sum() == rows.sum()


@pytest.mark.parametrize("make", [binary, censored])
def test_few_risks_lose_nothing(make):
    risk, observed = make(0, n=3000)
    risk, y = risk.round(2), observed.by_horizon()
    drawn = draw_poisson(np.random.default_rng(0), 3000, 5)
    cells = merge_rows(risk, observed, np.arange(3000), 3000, AT)
    weight, counts = drawn.T * observed.weights(), drawn.T
    merged = figures(cells.risk, cells.y, *cells.sums(drawn))
    for name, value in figures(risk, y, weight, counts).items():
        np.testing.assert_allclose(merged[name], value, rtol=1e-7)


@pytest.mark.parametrize("shape", ["calibrated", "over-confident", "rare"])
def test_many_risks_lose_less_than_a_twentieth_of_a_standard_error(shape):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=20_000) * 1.5 - (5 if shape == "rare" else 1)
    y, risk = (rng.random(20_000) < expit(truth)).astype(float), expit(truth)
    risk = expit(3 * truth + rng.normal(size=20_000)) if shape == "over-confident" else risk
    drawn = draw_poisson(rng, 20_000, 30)
    cells = merge_rows(risk, Observed(y), np.arange(20_000), 20_000, AT)
    assert len(cells.risk) <= 2 * MOST_BINS
    merged, whole = (figures(cells.risk, cells.y, *cells.sums(each)) for each in (drawn, np.ones((20_000, 1))))
    points = figures(risk, y, *[np.ones((1, 20_000))] * 2)
    counts = drawn.T.astype(float)
    for name, value in figures(risk, y, counts, counts).items():
        assert np.abs(merged[name] - whole[name] + points[name] - value).max() < 0.05 * value.std(), name


@pytest.mark.parametrize("make", [binary, censored])
@pytest.mark.parametrize("seed", range(3))
def test_net_benefit_is_exact_because_thresholds_are_edges(make, seed):
    risk, observed = make(seed, n=5000)
    at = np.concatenate([AT, risk[:3], np.full(1, 0.1 + 0.2)])
    risk[10:20], risk[20:30] = 0.1, 0.1 + 0.2  # as many risks at a threshold as just below another
    drawn = draw_poisson(np.random.default_rng(seed), 5000, 5)
    cells = merge_rows(risk, observed, np.arange(5000), 5000, at)
    assert len(cells.risk) < 2 * MOST_BINS + 100
    weight, counts = cells.sums(drawn)
    expected = net_benefit(risk, observed.by_horizon(), drawn.T * observed.weights(), drawn.T, at)
    np.testing.assert_allclose(net_benefit(cells.risk, cells.y, weight, counts, at), expected, atol=1e-12)


def test_poisson_counts_have_their_probabilities():
    drawn = draw_poisson(np.random.default_rng(0), 1000, 2000)
    assert drawn.shape == (1000, 2000)
    expected = np.exp(-1) / np.array([1, 1, 2, 6, 24, 120, 720])
    shares = [(drawn == k).mean() for k in range(7)]
    np.testing.assert_allclose(shares, expected, atol=5 * np.sqrt(expected / drawn.size).max())
    assert drawn.mean() == pytest.approx(1, abs=0.004)
    assert drawn.var() == pytest.approx(1, abs=0.006)
