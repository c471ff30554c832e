import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline.evaluation.rates import event_rate, wilson
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored


def survival_by_loop(observed):
    """Kaplan-Meier estimate and Greenwood's sum."""
    survival, greenwood = 1.0, 0.0
    for t in sorted(set(observed.time[observed.event == 1])):
        if t <= observed.horizon:
            at_risk = sum(observed.time >= t)
            events = sum((observed.time == t) & (observed.event == 1))
            survival *= 1 - events / at_risk
            greenwood += events / (at_risk * (at_risk - events))
    return survival, greenwood


@pytest.mark.parametrize("events", [0, 1, 17, 39, 40])
def test_wilson_equals_scipy(events):
    expected = binomtest(events, 40).proportion_ci(method="wilson")
    found = wilson(events, 40)
    assert (found.value, found.reason) == (events / 40, None)
    assert (found.lo, found.hi) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_kaplan_meier_by_hand():
    # At risk 6, 4, 1 at times 1, 2, 5; one event at each: S(4) = 5/6 * 3/4.
    observed = Observed(np.array([1, 0, 1, 0, 0, 1.0]), np.array([1, 1, 2, 2, 3, 5.0]), 4.0)
    found = event_rate(observed)
    assert found.value == pytest.approx(1 - 5 / 6 * 3 / 4)
    error = np.sqrt(1 / 30 + 1 / 12) / abs(np.log(5 / 8))
    assert found.lo == pytest.approx(1 - (5 / 8) ** np.exp(-1.959964 * error), abs=1e-6)
    assert found.hi == pytest.approx(1 - (5 / 8) ** np.exp(1.959964 * error), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_kaplan_meier_equals_a_loop(seed):
    _, observed = censored(seed)
    survival, greenwood = survival_by_loop(observed)
    found = event_rate(observed)
    error = 1.959964 * np.sqrt(greenwood) / abs(np.log(survival))
    assert found.value == pytest.approx(1 - survival)
    assert found.lo == pytest.approx(1 - survival ** np.exp(-error), abs=1e-6)
    assert found.hi == pytest.approx(1 - survival ** np.exp(error), abs=1e-6)
    assert 0 < found.lo < found.value < found.hi < 1


def test_without_censoring_it_is_the_share():
    time = np.random.default_rng(0).exponential(2, 80)
    assert event_rate(Observed(np.ones(80), time, 1.0)).value == pytest.approx((time <= 1).mean())


def test_intervals_hold_the_truth_about_95_times_in_100():
    held = {}
    for make in (binary, censored):
        truth = make(10_000, n=50_000)[0].mean()
        found = [event_rate(make(seed, n=150)[1]) for seed in range(200)]
        held[make.__name__] = sum(rate.lo <= truth <= rate.hi for rate in found)
    # Binomial(200, .95) lies in 180..199 with probability .998.
    assert all(180 <= times <= 199 for times in held.values()), held


@pytest.mark.parametrize(("event", "value"), [(0.0, 0.0), (1.0, 1.0)])
def test_none_or_all_still_have_an_interval(event, value):
    time = np.linspace(0.5, 2, 20) + (event == 0) * 5
    for observed in (Observed(np.full(20, event)), Observed(np.full(20, event), time, 3.0)):
        found = event_rate(observed)
        assert found.value == value
        assert found.hi - found.lo == pytest.approx(wilson(0, 20).hi)
        assert 0 <= found.lo <= value <= found.hi <= 1


def test_no_figure_beyond_the_follow_up_or_without_patients():
    early = event_rate(Observed(np.array([1, 0, 0.0]), np.array([1, 2, 2.0]), 3.0))
    assert early.value is None
    assert "horizon" in early.reason
    assert event_rate(Observed(np.array([]))).reason == "there are no patients"
