import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import Binary, Classes, Outcome, Study, TimeToEvent
from pipeline.outcomes import Observed, censoring_survival, name_horizons, observe
from tests.evaluation.simulated import binary, censored, competing, drawn, resampled

# Times 1 1 2 2 3 5 with censoring at 1, 2 and 3: by hand, an event before a censoring at the same time.
TIME = np.array([1, 1, 2, 2, 3, 5.0])
EVENT = np.array([1, 0, 1, 0, 0, 1.0])
FOLLOWED = [censored, competing]


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


def test_a_competing_event_is_a_known_outcome_and_no_censoring_by_hand():
    # As above, but what ended follow-up at 2 without the event competes with it: G falls at 1 by 1/5, at 3 by 1/2.
    observed = Observed(EVENT, TIME, 4.0, np.array([0, 0, 0, 1, 0, 0.0]))
    np.testing.assert_array_equal(observed.by_horizon(), [1, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(observed.known(), [True, False, True, True, False, True])
    np.testing.assert_allclose(observed.weights(), [1, 0, 5 / 4, 5 / 4, 0, 5 / 2])


def test_follow_up_that_ends_at_the_horizon_is_known():
    observed = Observed(np.array([0, 0, 1.0]), np.array([3.0, 2.9, 3.0]), 3.0)
    np.testing.assert_array_equal(observed.known(), [True, False, True])
    np.testing.assert_array_equal(observed.by_horizon(), [0, 0, 1])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("make", FOLLOWED)
def test_weights_are_at_least_1_where_known_and_0_elsewhere(make, seed):
    _, observed = make(seed)
    known, weights = observed.known(), observed.weights()
    assert 0 < known.sum() < len(observed)
    assert (weights[known] >= 1).all()
    assert weights[known].max() > 1
    assert (weights[~known] == 0).all()


def aalen_johansen(observed):
    """Cumulative incidence by the horizon: of those free of any event, the share with the event at each time."""
    free, incidence = 1.0, 0.0
    for t in sorted(set(observed.time[observed.time <= observed.horizon])):
        here, at_risk = observed.time == t, (observed.time >= t).sum()
        incidence += free * observed.event[here].sum() / at_risk
        free *= 1 - (observed.event + observed.competing)[here].sum() / at_risk
    return incidence


@pytest.mark.parametrize("horizon", [1.0, 3.0, 6.0])
@pytest.mark.parametrize("digits", [0, 1, 9])
@pytest.mark.parametrize("seed", range(5))
def test_the_weighted_share_is_the_aalen_johansen_estimate(seed, digits, horizon):
    observed = competing(seed, digits=digits)[1].at(horizon)
    assert 0 < observed.competing[observed.time <= horizon].sum() < len(observed)
    share = (observed.weights() * observed.by_horizon()).mean()
    assert share == pytest.approx(aalen_johansen(observed), abs=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_censoring_at_a_competing_event_would_overstate_the_risk(seed):
    risk, observed = competing(seed, n=4000)
    naive = Observed(observed.event, observed.time, observed.horizon)
    share, naive_share = ((each.weights() * each.by_horizon()).mean() for each in (observed, naive))
    assert naive_share > share + 0.02
    assert share == pytest.approx(risk.mean(), abs=0.03)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("make", FOLLOWED)
def test_weights_for_counts_are_those_of_the_patients_written_out(make, seed):
    _, observed = make(seed, n=80)
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
    ended = np.arange(50) % 2.0
    np.testing.assert_array_equal(Observed(ended, time, 1.0, 1 - ended).weights(), 1)


def test_take_keeps_patients_together():
    _, observed = competing(0)
    part = observed.take(np.array([5, 2]))
    assert (part.event[1], part.time[1], part.horizon) == (observed.event[2], observed.time[2], 3.0)
    np.testing.assert_array_equal(part.competing, observed.competing[[5, 2]])


def test_another_horizon_judges_the_same_follow_up():
    _, observed = competing(0)
    later = observed.at(5.0)
    assert later.horizon == 5.0
    assert later.by_horizon().sum() > observed.by_horizon().sum()
    np.testing.assert_array_equal(later.ended(), observed.ended())
    with pytest.raises(AssertionError, match="follow-up"):
        binary(0)[1].at(5.0)


@pytest.mark.parametrize(
    "parts",
    [
        (np.ones(3), np.ones(3)),
        (np.ones(3), np.ones(2), 1.0),
        (np.zeros(3), None, None, np.zeros(3)),
        (np.zeros(3), np.ones(3), 1.0, np.zeros(2)),
        (np.ones(3), np.ones(3), 1.0, np.ones(3)),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts):
    with pytest.raises(AssertionError):
        Observed(*parts)


LABELS = ["lost", "relapse", "death", "end of study"]


def study(outcome: Outcome) -> Study:
    return Study(
        title="t", population="p", intended_use="u", outcome=outcome, source="s", licence="l", thresholds=(0.5,),
        auroc_ceiling=0.9, auroc_ceiling_source="made up",
    )  # fmt: skip


def records(seed: int = 0, n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    status = pd.Categorical.from_codes(rng.integers(0, 4, n), LABELS)
    return pd.DataFrame({"status": status, "days": pd.array(rng.integers(1, 900, n), dtype="Int64")})


def test_a_binary_outcome_is_one_target_named_by_its_event():
    found = observe(records(), study(Binary("status", "death", "death")))
    assert list(found) == ["death"]
    np.testing.assert_array_equal(found["death"].event == 1, records()["status"] == "death")
    assert found["death"].time is None


def test_horizons_are_targets_of_one_follow_up_the_outcomes_own_first():
    outcome = TimeToEvent(
        "days", "status", "relapse", 365, "days", "relapse", competing=("death",), censored=("lost", "end of study"),
        also_at=(730, 90.5),
    )  # fmt: skip
    found = observe(records(), study(outcome))
    assert {name: each.horizon for name, each in found.items()} == {"365 days": 365, "90.5 days": 90.5, "730 days": 730}
    assert list(found) == list(name_horizons(outcome)) == ["365 days", "90.5 days", "730 days"]
    for each in found.values():
        np.testing.assert_array_equal(each.event == 1, records()["status"] == "relapse")
        np.testing.assert_array_equal(each.competing == 1, records()["status"] == "death")
        np.testing.assert_array_equal(each.time, records()["days"].astype(int))
        assert each.time.dtype == each.event.dtype == each.competing.dtype == np.float64


def test_without_declared_competing_events_there_are_none():
    outcome = TimeToEvent(
        "days", "status", "relapse", 365, "days", "relapse", censored=("lost", "end of study", "death")
    )
    [observed] = observe(records(), study(outcome)).values()
    assert observed.competing is None


def test_classes_are_targets_that_share_every_record_the_class_of_interest_first():
    found = observe(records(), study(Classes("status", "death", "the end")))
    assert list(found) == ["death", "lost", "relapse", "end of study"]
    np.testing.assert_array_equal(sum(each.event for each in found.values()), np.ones(60))
    for label, each in found.items():
        np.testing.assert_array_equal(each.event == 1, records()["status"] == label)
