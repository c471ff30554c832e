import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pipeline.outcomes import Observed, censoring_survival

SEEDS = range(8)


def followed(seed: int, n: int = 60, horizon: float = 10.0) -> Observed:
    """Whole-day times, so that events, censorings and the horizon tie; somebody is always still followed."""
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 15, n).astype(float)
    time[0] = horizon + 2
    return Observed((rng.random(n) < 0.4).astype(float), time, horizon)


def staying(observed: Observed, at: float) -> float:
    """Kaplan-Meier of remaining uncensored to just before `at`, by the definition: one factor a censoring time."""
    product = 1.0
    for t in sorted(set(observed.time)):
        if t >= at:
            break
        censored = sum(1 for u, e in zip(observed.time, observed.event, strict=True) if u == t and not e)
        at_risk = sum(1 for u, e in zip(observed.time, observed.event, strict=True) if u > t or (u == t and not e))
        product *= 1 - censored / at_risk if censored else 1.0
    return product


def event_free(observed: Observed) -> float:
    """Kaplan-Meier of being event-free after the horizon, events and censorings exchanged."""
    product = 1.0
    for t in sorted({u for u in observed.time if u <= observed.horizon}):
        events = sum(1 for u, e in zip(observed.time, observed.event, strict=True) if u == t and e)
        product *= 1 - events / sum(1 for u in observed.time if u >= t)
    return product


def test_weights_worked_by_hand_with_ties():
    # day:      1       2       2          3        4       5 and later
    # what:     event   event   censored   event    censored    followed past the horizon of 5, three times
    observed = Observed(np.array([1.0, 1, 0, 1, 0, 0, 1, 0]), np.array([1.0, 2, 2, 3, 4, 5, 6, 7]), 5.0)
    # At day 2 the event leaves first: 1 of the 6 still at risk is censored. At day 4, 1 of 4.
    after_two, after_four = 5 / 6, 5 / 6 * 3 / 4
    expected = [1, 1, 0, 1 / after_two, 0, 1 / after_four, 1 / after_four, 1 / after_four]
    assert_allclose(observed.weights(), expected, rtol=1e-15)
    assert_array_equal(observed.by_horizon(), [1, 1, 0, 1, 0, 0, 0, 0])
    assert_array_equal(observed.known(), [1, 1, 0, 1, 0, 1, 1, 1])


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_equal_an_independent_loop(seed):
    observed = followed(seed)
    expected = [
        1 / staying(observed, min(t, observed.horizon)) if e or t >= observed.horizon else 0.0
        for t, e in zip(observed.time, observed.event, strict=True)
    ]
    assert_allclose(observed.weights(), expected, rtol=1e-12)
    assert 0.0 in expected


@pytest.mark.parametrize("seed", SEEDS)
def test_known_patients_stand_for_those_lost(seed):
    observed = followed(seed)
    weights, known = observed.weights(), observed.known()
    assert (weights[known] >= 1).all()
    assert (weights[~known] == 0).all()
    assert weights.max() > 1
    assert_allclose(weights.sum(), len(observed), rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_weighted_event_share_is_kaplan_meier(seed):
    observed = followed(seed)
    share = (observed.weights() * observed.by_horizon()).sum() / len(observed)
    assert_allclose(share, 1 - event_free(observed), rtol=1e-12)


def test_patients_lost_entirely_leave_a_sum_below_n():
    lost = Observed(np.array([1.0, 0, 0]), np.array([1.0, 2, 3]), 5.0)
    assert_array_equal(lost.weights(), [1, 0, 0])


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_for_counts_equal_those_of_the_resampled_data(seed):
    observed = followed(seed)
    rng = np.random.default_rng(seed + 100)
    drawn = rng.integers(0, len(observed), (5, len(observed)))
    counts = np.stack([np.bincount(row, minlength=len(observed)) for row in drawn]).astype(float)
    together = observed.weights_for(counts)
    for row, weights in zip(drawn, together, strict=True):
        assert_allclose(weights[row], observed.take(row).weights(), rtol=1e-12)


def test_weights_do_not_depend_on_row_order_or_unit_of_time():
    observed = followed(0)
    order = np.random.default_rng(0).permutation(len(observed))
    assert_allclose(observed.take(order).weights(), observed.weights()[order], rtol=1e-12)
    in_weeks = Observed(observed.event, observed.time / 7, observed.horizon / 7)
    assert_allclose(in_weeks.weights(), observed.weights(), rtol=1e-12)


def test_a_binary_outcome_is_known_and_counts_once():
    observed = Observed(np.array([1.0, 0, 1]))
    assert_array_equal(observed.weights(), [1, 1, 1])
    assert_array_equal(observed.by_horizon(), observed.event)
    assert observed.known().all()
    assert_array_equal(observed.weights_for(np.full((2, 3), 4.0)), np.ones((2, 3)))
    assert observed.take(np.array([True, False, True])).time is None
    assert len(observed.take(np.array([2]))) == 1


def test_survival_is_one_before_anyone_is_censored_and_zero_after_all_are():
    survival = censoring_survival(
        np.array([1.0, 2, 3]), np.array([1.0, 0, 0]), np.ones((1, 3)), np.array([0.5, 2, 2.5, 9])
    )
    assert_allclose(survival, [[1, 1, 0.5, 0]])


def test_time_needs_a_horizon():
    with pytest.raises(AssertionError):
        Observed(np.ones(2), np.ones(2))
    with pytest.raises(AssertionError):
        Observed(np.ones(2), np.ones(3), 1.0)
