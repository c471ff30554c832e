import numpy as np
import pytest

from pipeline.outcomes import Observed, censoring_survival
from tests.evaluation.simulated import binary, censored, drawn, resampled

# Times 1 1 2 2 3 5 with censoring at 1, 2 and 3: by hand, an event before a censoring at the same time.
TIME = np.array([1, 1, 2, 2, 3, 5.0])
EVENT = np.array([1, 0, 1, 0, 0, 1.0])


def test_censoring_survival_with_ties_by_hand():
    # G falls at 1 by 1/5 (the event at 1 has left), at 2 by 1/3, at 3 by 1/2.
    at = np.array([1, 1.5, 2, 2.5, 3, 9.0])
    found = censoring_survival(TIME, EVENT, np.ones((1, 6)), at)[0]
    np.testing.assert_allclose(found, [1, 4 / 5, 4 / 5, 4 / 5 * 2 / 3, 4 / 5 * 2 / 3, 4 / 5 * 2 / 3 / 2])


def test_weights_by_hand():
    observed = Observed(EVENT, TIME, 4.0)
    np.testing.assert_array_equal(observed.by_horizon(), [1, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(observed.known(), [True, False, True, False, False, True])
    np.testing.assert_allclose(observed.weights(), [1, 0, 5 / 4, 0, 0, 15 / 4])
    assert observed.weights().sum() == pytest.approx(6)


def test_follow_up_that_ends_at_the_horizon_is_known():
    observed = Observed(np.array([0, 0, 1.0]), np.array([3.0, 2.9, 3.0]), 3.0)
    np.testing.assert_array_equal(observed.known(), [True, False, True])
    np.testing.assert_array_equal(observed.by_horizon(), [0, 0, 1])


@pytest.mark.parametrize("seed", range(8))
def test_weights_are_at_least_1_where_known_and_0_elsewhere(seed):
    _, observed = censored(seed)
    known, weights = observed.known(), observed.weights()
    assert 0 < known.sum() < len(observed)
    assert (weights[known] >= 1).all()
    assert weights[known].max() > 1
    assert (weights[~known] == 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_weights_for_counts_are_those_of_the_patients_written_out(seed):
    _, observed = censored(seed, n=80)
    counts = drawn(seed, 80)
    for row, weights in zip(counts, observed.weights_for(counts), strict=True):
        written_out = resampled(observed, row).weights()
        np.testing.assert_allclose(np.repeat(weights, row.astype(int)), written_out, rtol=1e-12)


def test_without_a_horizon_every_patient_counts_once():
    _, observed = binary(0)
    np.testing.assert_array_equal(observed.weights_for(drawn(0, 300)), np.ones((4, 300)))
    assert observed.known().all()


def test_without_censoring_weights_are_1():
    time = np.random.default_rng(0).exponential(2, 50)
    np.testing.assert_array_equal(Observed(np.ones(50), time, 1.0).weights(), 1)


def test_take_keeps_patients_together():
    _, observed = censored(0)
    part = observed.take(np.array([5, 2]))
    assert (part.event[1], part.time[1], part.horizon) == (observed.event[2], observed.time[2], 3.0)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(AssertionError):
        Observed(np.ones(3), np.ones(3))
    with pytest.raises(AssertionError):
        Observed(np.ones(3), np.ones(2), 1.0)
