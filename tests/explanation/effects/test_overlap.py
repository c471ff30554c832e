import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataRefusedError
from pipeline.explanation.effects.aipw import balancing_weights
from pipeline.explanation.effects.arms import Arms
from pipeline.explanation.effects.overlap import (
    describe_balance,
    describe_overlap,
    may_count,
    refuse_without_overlap,
    stay_within,
)
from pipeline.outcomes import Observed

SMALLEST = 10


def draw(seed, n=1000, steep=1.5):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    propensity = 1 / (1 + np.exp(-steep * x))
    treated = rng.random(n) < propensity
    X = pd.DataFrame({"x": x, "kind": pd.Categorical(rng.choice(["a", "b", "c"], n, p=[0.6, 0.39, 0.01]))})
    return Arms(X, treated, Observed(np.zeros(n)), np.arange(n)), propensity


def test_the_rule_is_from_a_tenth_to_nine_tenths():
    propensity = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
    assert stay_within(propensity, "ATE").tolist() == [False, True, True, True, False]
    assert stay_within(propensity, "ATT").tolist() == [True, True, True, True, False]


def test_refused_where_fewer_than_half_stay_or_an_arm_is_empty():
    arms, propensity = draw(1, steep=12)
    with pytest.raises(DataRefusedError, match=r"the arms do not overlap: \d+% of the patients"):
        refuse_without_overlap(arms, stay_within(propensity, "ATE"), SMALLEST)
    nearly, _ = draw(2)
    with pytest.raises(DataRefusedError, match="at least 10 in each arm"):
        refuse_without_overlap(nearly, ~nearly.treated | (np.cumsum(nearly.treated) <= 9), SMALLEST)
    refuse_without_overlap(nearly, np.ones(1000, dtype=bool), SMALLEST)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(20, 400), steep=st.floats(0, 8), smallest=st.integers(2, 20))
def test_no_bin_shows_a_small_group_and_bins_follow_each_other(seed, n, steep, smallest):
    arms, propensity = draw(seed, n, steep)
    found = describe_overlap(arms, propensity, "ATE", smallest)
    told = [row[side] for row in found["bins"] for side in ("treated", "control")]
    assert all(count == 0 or count >= smallest for count in told)
    assert [row["hi"] for row in found["bins"][:-1]] == [row["lo"] for row in found["bins"][1:]]
    for side in ("treated", "control"):
        drawn = sum(row[side] for row in found["bins"])
        assert drawn in (0, arms.count()[side])
        assert found["drawn"][side] == (drawn > 0)
    shown = found["left"]
    assert shown is None or all(count == 0 or count >= smallest for count in shown.values())
    assert (shown is None) == (found["stay"] is None) == (found["share"]["value"] is None)


def test_ends_that_few_leave_at_are_not_told_even_together():
    """Five at one end could be told from fifteen at both and the ten of a bin."""
    treated = np.arange(200) % 2 == 0
    propensity = np.full(200, 0.5)
    propensity[:20], propensity[20:30] = 0.05, 0.95
    arms = Arms(pd.DataFrame(index=range(200)), treated, Observed(np.zeros(200)), np.arange(200))
    assert not may_count(arms, propensity, "ATE", SMALLEST)
    propensity[30:40] = 0.95
    assert may_count(arms, propensity, "ATE", SMALLEST)


def test_weighting_by_the_true_probability_balances():
    arms, propensity = draw(3, n=20_000, steep=0.8)
    rows = {
        (row["column"], row["level"]): row
        for row in describe_balance(arms, balancing_weights(arms, propensity, "ATE"), SMALLEST)
    }
    assert rows["x", None]["before"]["value"] > 0.5
    assert abs(rows["x", None]["after"]["value"]) < 0.05
    assert abs(rows["kind", "a"]["after"]["value"]) < 0.05


def test_difference_is_in_standard_deviations():
    treated = np.repeat([True, False], 50)
    values = np.tile([-1.0, 1.0], 50) + 2.0 * treated
    arms = Arms(pd.DataFrame({"x": values}), treated, Observed(np.zeros(100)), np.arange(100))
    (row,) = describe_balance(arms, np.ones(100), SMALLEST)
    assert row["before"]["value"] == pytest.approx(2.0)


def test_a_rare_level_is_hidden_and_missing_counts_as_one():
    arms, propensity = draw(4, n=400)
    gaps = arms.X.assign(x=arms.X.x.where(np.arange(400) % 4 != 0))
    found = describe_balance(
        Arms(gaps, arms.treated, arms.observed, arms.patient), balancing_weights(arms, propensity, "ATE"), SMALLEST
    )
    rows = {(row["column"], row["level"]): row["before"] for row in found}
    assert rows["kind", "c"]["value"] is None
    assert "fewer patients" in rows["kind", "c"]["reason"]
    assert rows["x", "missing"]["value"] is not None


def test_the_last_bin_may_hold_patients_of_one_arm_alone():
    """All twenty above .8 are treated: nobody of the other arm is there to be told."""
    probability = np.concatenate([np.tile(np.linspace(0.2, 0.7, 40), 2), np.linspace(0.82, 0.97, 20)])
    treated = np.concatenate([np.repeat([True, False], 40), np.ones(20, dtype=bool)])
    arms = Arms(pd.DataFrame(index=range(100)), treated, Observed(np.zeros(100)), np.arange(100))
    bins = describe_overlap(arms, probability, "ATE", 10)["bins"]
    assert sum(row["treated"] for row in bins) == 60
    assert sum(row["control"] for row in bins) == 40
