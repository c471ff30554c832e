from itertools import pairwise

import numpy as np
import pytest

from pipeline.estimates import wilson
from pipeline.evaluation.rates import event_rate, incidence_curve
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored, competing, drawn, resampled


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


def aalen_johansen_by_matrices(observed):
    """Cumulative incidence and its standard error by the recursion for multi-state models.

    Andersen, Borgan, Gill and Keiding 1993, 4.4: the covariance of P(0, t) as one long vector of its columns, states
    being free of events, with the event, with a competing one.
    """
    P, V = np.eye(3), np.zeros((9, 9))
    for t in sorted(set(observed.time[observed.time <= observed.horizon])):
        here, at_risk = observed.time == t, (observed.time >= t).sum()
        to = np.array([observed.event[here].sum(), observed.competing[here].sum()]) / at_risk
        A = np.zeros((3, 3))
        A[0] = [-to.sum(), *to]
        covariance = np.zeros((9, 9))  # of A's columns: a multinomial draw of those who leave and those who stay
        first = np.array([0, 3, 6])
        shares = np.array([1 - to.sum(), *to])
        covariance[np.ix_(first, first)] = (np.diag(shares) - np.outer(shares, shares)) / at_risk
        step, before = np.kron((np.eye(3) + A).T, np.eye(3)), np.kron(np.eye(3), P)
        V = step @ V @ step.T + before @ covariance @ before.T
        P = P @ (np.eye(3) + A)
    return P[0, 1], np.sqrt(V[3, 3])


def interval_of(value, error):
    """On the complementary log-log scale."""
    scaled = 1.959964 * error / ((1 - value) * abs(np.log(1 - value)))
    return tuple(1 - (1 - value) ** np.exp(sign * scaled) for sign in (-1, 1))


def test_the_aalen_johansen_estimate_by_hand():
    # At risk 6, 4, 1 at times 1, 2, 5: the event, one of each kind, a competing event. F(6) = 1/6 + 5/6 * 1/4.
    event, other = np.array([1, 0, 1, 0, 0, 0.0]), np.array([0, 0, 0, 1, 0, 1.0])
    found = event_rate(Observed(event, np.array([1, 1, 2, 2, 3, 5.0]), 6.0, other))
    assert found.value == pytest.approx(1 / 6 + 5 / 6 / 4)
    # Marubini and Valsecchi's sum: after time 1 an incidence of 5/24 is yet to come, after time 2 none.
    yet, free = 5 / 24, 5 / 6
    variance = yet**2 / (6 * 5) + 5 / 6**3 - 2 * yet / 6**2 + free**2 * (3 / 4) * (1 / 4**2)
    assert (found.lo, found.hi) == pytest.approx(interval_of(found.value, np.sqrt(variance)), abs=1e-6)


@pytest.mark.parametrize("horizon", [1.0, 3.0, 6.0])
@pytest.mark.parametrize("digits", [0, 1, 9])
@pytest.mark.parametrize("seed", range(3))
def test_competing_events_agree_with_the_recursion_for_multi_state_models(seed, digits, horizon):
    observed = competing(seed, n=120, digits=digits)[1].at(horizon)
    found = event_rate(observed)
    value, error = aalen_johansen_by_matrices(observed)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert (found.lo, found.hi) == pytest.approx(interval_of(value, error), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_where_nobody_has_a_competing_event_it_is_kaplan_meiers(seed):
    _, observed = censored(seed)
    none = Observed(observed.event, observed.time, observed.horizon, np.zeros(len(observed)))
    assert event_rate(none) == event_rate(observed)


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_is_the_bootstraps(seed):
    _, observed = competing(seed, n=400)
    shares = [event_rate(resampled(observed, row)).value for row in drawn(seed, 400, resamples=800)]
    # The standard deviation of 800 draws is known to 2.5%.
    assert aalen_johansen_by_matrices(observed)[1] == pytest.approx(np.std(shares), rel=0.1)
    found = event_rate(observed)
    assert (found.lo, found.hi) == pytest.approx(np.quantile(shares, [0.025, 0.975]), abs=0.012)


def test_without_censoring_it_is_the_share():
    time = np.random.default_rng(0).exponential(2, 80)
    assert event_rate(Observed(np.ones(80), time, 1.0)).value == pytest.approx((time <= 1).mean())
    event = np.arange(80) % 2.0
    share = event[time <= 1].sum() / 80
    found = event_rate(Observed(event, time, 1.0, 1 - event))
    assert found.value == pytest.approx(share)
    assert (found.lo, found.hi) == pytest.approx(interval_of(share, np.sqrt(share * (1 - share) / 80)), abs=1e-6)


def test_intervals_hold_the_truth_about_95_times_in_100():
    held = {}
    for make in (binary, censored, competing):
        truth = make(10_000, n=50_000)[0].mean()
        found = [event_rate(make(seed, n=150)[1]) for seed in range(200)]
        held[make.__name__] = sum(rate.lo <= truth <= rate.hi for rate in found)
    # Binomial(200, .95) lies in 180..199 with probability .998.
    assert all(180 <= times <= 199 for times in held.values()), held


@pytest.mark.parametrize(("event", "value"), [(0.0, 0.0), (1.0, 1.0)])
def test_none_or_all_still_have_an_interval(event, value):
    time, events = np.linspace(0.5, 2, 20) + (event == 0) * 5, np.full(20, event)
    ended = np.linspace(0.5, 2, 20)
    for observed in (Observed(events), Observed(events, time, 3.0), Observed(events, ended, 3.0, 1 - events)):
        found = event_rate(observed)
        assert found.value == value
        assert found.hi - found.lo == pytest.approx(wilson(0, 20).hi)
        assert 0 <= found.lo <= value <= found.hi <= 1


def test_no_figure_beyond_the_follow_up_or_without_patients():
    early = event_rate(Observed(np.array([1, 0, 0.0]), np.array([1, 2, 2.0]), 3.0))
    assert early.value is None
    assert "horizon" in early.reason
    assert event_rate(Observed(np.array([]))).reason == "there are no patients"


def test_who_all_had_an_event_of_some_kind_needs_no_longer_follow_up():
    found = event_rate(Observed(np.array([1, 0, 1.0]), np.array([1, 2, 2.5]), 3.0, np.array([0, 1, 0.0])))
    assert found.value == pytest.approx(2 / 3)
    assert found.reason is None


TIMES = tuple(np.linspace(0.25, 3, 12))


def curve(observed, smallest=10, patient=None):
    return incidence_curve(observed, np.arange(len(observed)) if patient is None else patient, TIMES, smallest)


@pytest.mark.parametrize("seed", range(3))
def test_a_curve_of_competing_events_agrees_with_the_recursion_at_every_time(seed):
    observed = competing(seed, n=250)[1]
    points = curve(observed, smallest=2)
    assert len(points) > 6
    for point in points:
        value, error = aalen_johansen_by_matrices(observed.at(point["time"]))
        assert point["value"] == pytest.approx(value, abs=1e-12)
        assert (point["lo"], point["hi"]) == pytest.approx(interval_of(value, error), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_curve_where_nothing_competes_is_one_less_kaplan_meiers(seed):
    observed = censored(seed, n=400)[1]
    points = curve(observed)
    assert [point["value"] for point in points] == pytest.approx(
        [1 - survival_by_loop(observed.at(point["time"]))[0] for point in points]
    )
    assert len(points) > 6
    assert all(one["value"] < other["value"] for one, other in pairwise(points))


@pytest.mark.parametrize("make", [censored, competing])
def test_a_curve_ends_in_the_rate_at_the_horizon(make):
    observed = make(1)[1]
    rate, last = event_rate(observed), curve(observed)[-1]
    assert last == {"time": 3.0, "value": rate.value, "lo": rate.lo, "hi": rate.hi}


def test_a_curve_stops_where_few_are_at_risk():
    # 100 patients, one event after the other until all but ten are gone.
    time = np.concatenate([np.arange(1, 91) / 36, np.full(10, 9.0)])
    observed = Observed((time < 9).astype(float), time, 3.0)
    assert [point["time"] for point in curve(observed, 10)][-1] == 3.0
    # At 2.5 the 90th and the ten others are at risk, too few; after 2.25 nine events come, which the rate would tell.
    assert curve(observed, 12)[-1]["time"] == pytest.approx(2.0)
    assert curve(observed, 101) == []


@pytest.mark.parametrize("make", [censored, competing])
@pytest.mark.parametrize("seed", range(10))
def test_no_curve_tells_of_few_events(seed, make):
    smallest = 8
    observed = make(seed, n=150)[1]
    points = curve(observed, smallest)
    ended = np.where(observed.event == 1, observed.time, np.inf)
    edges = [0.0, *(point["time"] for point in points), 3.0]
    events = [int(((ended > low) & (ended <= high)).sum()) for low, high in pairwise(edges) if low < high]
    assert points
    assert min(events) >= smallest
    assert all((observed.time >= point["time"]).sum() >= smallest for point in points)


def test_rows_of_the_same_patient_count_once_in_a_curve():
    observed = censored(0, n=60)[1]
    twice = observed.take(np.repeat(np.arange(60), 2))
    times = [[p["time"] for p in curve(o, 6, who)] for o, who in ((observed, None), (twice, np.repeat(range(60), 2)))]
    assert times[0] == times[1]
    assert times[0] != [p["time"] for p in curve(twice, 6)]
