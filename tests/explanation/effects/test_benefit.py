import numpy as np
import pandas as pd
import pytest

from pipeline.explanation.effects.arms import Arms
from pipeline.explanation.effects.benefit import ALIKE, NO_GROUPS, benefit_slope, effect_by
from pipeline.explanation.effects.nuisance import Nuisance
from pipeline.outcomes import Observed

SMALLEST = 10


def draw(seed, n=600, *, censored=False):
    """The treatment takes from 0 to 0.4 off the risk, more from those at high risk; drawn by lot."""
    rng = np.random.default_rng(seed)
    risk = rng.uniform(0.3, 0.7, n)
    treated, benefit = rng.random(n) < 0.5, -(risk - 0.3)
    event = rng.random(n) < risk + benefit * treated
    observed = Observed(event.astype(float))
    if censored:
        until, lost = np.where(event, rng.random(n), 2.0), rng.exponential(np.where(treated, 1.5, 3.0))
        observed = Observed((until <= lost).astype(float), np.minimum(until, lost), 1.0)
    arms = Arms(pd.DataFrame({"risk": risk}), treated, observed, np.arange(n))
    return arms, Nuisance(np.full(n, 0.5), risk, risk + benefit)


@pytest.mark.parametrize("censored", [False, True])
def test_slope_is_1_where_predictions_are_right(censored):
    found = [benefit_slope(*draw(seed, censored=censored)) for seed in range(80)]
    assert np.mean([f.value for f in found]) == pytest.approx(1, abs=0.12)
    assert sum(f.lo <= 1 <= f.hi for f in found) >= 0.9 * 80


def test_slope_is_a_half_where_benefit_is_told_twice_too_varied():
    arms, truth = draw(1, 60_000)
    middle = truth.benefit().mean()
    twice = Nuisance(truth.propensity, truth.control, truth.control + middle + 2 * (truth.benefit() - middle))
    assert benefit_slope(arms, twice).value == pytest.approx(0.5, abs=0.06)


def test_no_slope_where_all_are_told_the_same():
    arms, truth = draw(1)
    found = benefit_slope(arms, Nuisance(truth.propensity, truth.control, truth.control - 0.1))
    assert (found.value, found.reason) == (None, ALIKE)


def test_quarters_find_the_effect_that_grows_with_risk():
    arms, truth = draw(2, 20_000)
    rows = effect_by(truth.control, arms, truth, "ATE", SMALLEST)["groups"]
    assert len(rows) == 4
    means = [row["mean"]["value"] for row in rows]
    assert means == sorted(means)
    for row in rows:
        assert row["difference"]["value"] == pytest.approx(row["predicted"]["value"], abs=0.04)
    assert sum(sum(row["patients"].values()) for row in rows) == 20_000


def test_groups_are_fewer_where_some_would_be_small_and_none_where_two_are():
    arms, truth = draw(3, 300)
    counts = [len(effect_by(truth.control, arms, truth, "ATE", s)["groups"]) for s in (5, 20, 1000)]
    assert counts[0] == 4
    assert counts[1] in (2, 3)
    assert effect_by(truth.control, arms, truth, "ATE", 1000) == {"groups": [], "reason": NO_GROUPS}
    assert effect_by(np.zeros(300), arms, truth, "ATE", 5) == {"groups": [], "reason": ALIKE}
