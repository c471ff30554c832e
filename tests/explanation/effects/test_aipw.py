import numpy as np
import pandas as pd
import pytest

from pipeline.estimates import Z
from pipeline.evaluation.rates import event_rate
from pipeline.explanation.effects.aipw import _arm_mean, compare_arms, compare_naively
from pipeline.explanation.effects.arms import Arms
from pipeline.explanation.effects.estimates import standard_error
from pipeline.explanation.effects.nuisance import Nuisance, no_nuisance
from pipeline.outcomes import Observed


def arms_of(treated, y, patient=None, time=None, horizon=None, level=None):
    n = len(y)
    X = pd.DataFrame({"level": np.zeros(n) if level is None else np.asarray(level, float)})
    observed = Observed(np.asarray(y, float), time, horizon)
    return Arms(X, np.asarray(treated, bool), observed, np.arange(n) if patient is None else patient)


def saturate(arms):
    """Shares of each level: what a model with a parameter for everything says."""
    told = pd.DataFrame({"l": arms.X.level, "a": arms.treated, "y": arms.observed.by_horizon()})
    e = told.groupby("l").a.transform("mean")
    risk = [told.l.map(told[told.a == side].groupby("l").y.mean()) for side in (False, True)]
    return Nuisance(e.to_numpy(float), risk[0].to_numpy(), risk[1].to_numpy())


def draw_levels(seed, n=400):
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 3, n)
    treated = rng.random(n) < np.array([0.3, 0.5, 0.7])[level]
    return arms_of(treated, rng.random(n) < 0.2 + 0.2 * level, level=level)


def test_published_example():
    """Hernán and Robins (2020, Causal Inference: What If, tables 2.2 and 3.1): the ratio is 1.26, adjusted 1."""
    rows = [(0, 0, 1, 4), (0, 1, 1, 4), (1, 0, 2, 3), (1, 1, 6, 9)]
    level, treated, y = (
        np.concatenate(part)
        for part in zip(*[([lv] * n, [a] * n, [1] * e + [0] * (n - e)) for lv, a, e, n in rows], strict=True)
    )
    arms = arms_of(treated, y, level=level)
    adjusted = compare_arms(arms, saturate(arms), "ATE")
    assert adjusted["risk_treated"].value == pytest.approx(0.5)
    assert adjusted["risk_control"].value == pytest.approx(0.5)
    assert adjusted["ratio"].value == pytest.approx(1)
    assert adjusted["difference"].value == pytest.approx(0, abs=1e-12)
    assert compare_naively(arms)["ratio"].value == pytest.approx((7 / 13) / (3 / 7))


@pytest.mark.parametrize("seed", range(5))
def test_on_saturated_data_it_is_standardisation_and_weighting(seed):
    arms = draw_levels(seed)
    nuisance, a, y = saturate(arms), arms.treated, arms.observed.event
    found = compare_arms(arms, nuisance, "ATE")
    e = nuisance.propensity
    weighted = np.sum(a * y / e) / len(y) - np.sum(~a * y / (1 - e)) / len(y)
    assert found["difference"].value == pytest.approx(nuisance.benefit().mean())
    assert found["difference"].value == pytest.approx(weighted)
    among_treated = compare_arms(arms, nuisance, "ATT")
    assert among_treated["difference"].value == pytest.approx(nuisance.benefit()[a].mean())
    assert among_treated["risk_treated"].value == pytest.approx(y[a].mean())
    odds = np.where(a, 0, e / (1 - e))
    assert among_treated["risk_control"].value == pytest.approx(odds @ y / odds.sum())


@pytest.mark.parametrize("seed", range(5))
def test_without_adjustment_intervals_are_those_of_two_shares(seed):
    arms = draw_levels(seed)
    found, n = compare_naively(arms), len(arms.treated)
    sides = [arms.observed.event[side] for side in (arms.treated, ~arms.treated)]
    (p, q), sizes = (s.mean() for s in sides), [len(s) for s in sides]
    error = np.sqrt((p * (1 - p) / sizes[0] + q * (1 - q) / sizes[1]) * n / (n - 1))
    assert found["difference"].value == pytest.approx(p - q)
    assert found["difference"].hi - found["difference"].value == pytest.approx(Z * error)
    katz = np.sqrt(((1 - p) / (sizes[0] * p) + (1 - q) / (sizes[1] * q)) * n / (n - 1))  # Katz et al. 1978
    assert found["ratio"].hi / found["ratio"].value == pytest.approx(np.exp(Z * katz))


@pytest.mark.parametrize("seed", range(3))
def test_the_other_way_round_the_difference_turns(seed):
    arms = draw_levels(seed)
    nuisance = saturate(arms)
    turned = Arms(arms.X, ~arms.treated, arms.observed, arms.patient)
    there = compare_arms(arms, nuisance, "ATE")
    back = compare_arms(turned, Nuisance(1 - nuisance.propensity, nuisance.treated, nuisance.control), "ATE")
    assert back["difference"].value == pytest.approx(-there["difference"].value)
    assert back["difference"].lo == pytest.approx(-there["difference"].hi)
    assert back["ratio"].lo == pytest.approx(1 / there["ratio"].hi)


def test_a_record_given_twice_tells_nothing_more():
    arms = draw_levels(1)
    twice = arms.take(np.repeat(np.arange(len(arms.treated)), 2))
    once, again = (compare_arms(each, saturate(each), "ATE") for each in (arms, twice))
    for name, estimate in once.items():
        assert (again[name].value, again[name].lo) == pytest.approx((estimate.value, estimate.lo))


def draw_confounded(seed, n, effect=0.05):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, n)
    e, base = 0.5 + 0.35 * x, 0.4 + 0.3 * x
    treated = rng.random(n) < e
    y = rng.random(n) < base + effect * treated
    return arms_of(treated, y), Nuisance(e, base, base + effect)


@pytest.mark.parametrize("right", ["propensity", "risks"])
def test_either_model_may_be_wrong(right):
    arms, truth = draw_confounded(3, 100_000)
    half = np.full(len(truth.propensity), 0.5)
    nuisance = (
        Nuisance(truth.propensity, half, half)
        if right == "propensity"
        else Nuisance(half, truth.control, truth.treated)
    )
    found = compare_arms(arms, nuisance, "ATE")["difference"]
    assert found.value == pytest.approx(0.05, abs=0.012)
    assert abs(compare_naively(arms)["difference"].value - 0.05) > 0.1


@pytest.mark.parametrize(("effect", "estimand"), [(0.0, "ATE"), (0.05, "ATE"), (0.05, "ATT")])
def test_intervals_hold_the_effect_and_naive_ones_do_not(effect, estimand):
    held = naive = 0
    for seed in range(200):
        arms, truth = draw_confounded(seed, 300, effect)
        nuisance = Nuisance(truth.propensity, np.full(300, 0.4), np.full(300, 0.4))
        found, plain = compare_arms(arms, nuisance, estimand)["difference"], compare_naively(arms)["difference"]
        held += found.lo <= effect <= found.hi
        naive += plain.lo <= effect <= plain.hi
    assert 0.91 * 200 <= held <= 0.99 * 200
    assert naive < 0.4 * 200


def test_no_ratio_where_nobody_had_the_event():
    found = compare_naively(arms_of([1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 1]))
    assert found["ratio"].value is None
    assert "estimated as 0" in found["ratio"].reason
    assert found["difference"].value == pytest.approx(-2 / 3)


def draw_followed(seed, n=300):
    rng = np.random.default_rng(seed)
    until, lost = rng.exponential(1.0, n), rng.exponential(np.where(np.arange(n) % 2, 1.0, 3.0))
    time = np.ceil(10 * np.minimum(until, lost))  # with ties
    return arms_of(np.arange(n) % 2, until <= lost, time=time, horizon=8.0)


@pytest.mark.parametrize("seed", range(5))
def test_with_a_horizon_each_arm_has_its_kaplan_meier_risk_and_greenwood_error(seed):
    arms = draw_followed(seed)
    for side in ("treated", "control"):
        members = arms.side(side)
        mean, part = _arm_mean(arms, no_nuisance(arms), side, "ATE"), arms.observed.take(members)
        assert mean.value == pytest.approx(event_rate(part).value)
        n = members.sum()
        assert standard_error(mean.influence, arms.patient) == pytest.approx(greenwood(part), rel=1 / n)


def greenwood(observed):
    survival, total = 1.0, 0.0
    for at in np.unique(observed.time[(observed.event == 1) & (observed.time <= observed.horizon)]):
        risk, died = (observed.time >= at).sum(), ((observed.time == at) & (observed.event == 1)).sum()
        survival *= 1 - died / risk
        total += died / (risk * (risk - died))
    return survival * np.sqrt(total)


@pytest.mark.parametrize("seed", range(3))
def test_influence_is_the_derivative_of_the_weighted_mean(seed):
    """Counting one patient a little more moves the mean, censoring weights included, by the influence."""
    arms = draw_followed(seed, 60)
    rng = np.random.default_rng(seed)
    nuisance = Nuisance(rng.uniform(0.2, 0.8, 60), rng.random(60), rng.random(60))
    mean = _arm_mean(arms, nuisance, "treated", "ATE")
    own, y = arms.take(arms.treated).observed, arms.observed.by_horizon()

    def recompute(counts):
        weight = np.zeros(60)
        censoring = own.weights_for(counts[None, arms.treated])[0]
        weight[arms.treated] = counts[arms.treated] * censoring / nuisance.propensity[arms.treated]
        return counts @ nuisance.treated / counts.sum() + weight @ (y - nuisance.treated) / weight.sum()

    step = 1e-6
    moved = [(recompute(1 + step * unit) - recompute(1 - step * unit)) / (2 * step) * 60 for unit in np.eye(60)]
    np.testing.assert_allclose(mean.influence, moved, atol=1e-6)
