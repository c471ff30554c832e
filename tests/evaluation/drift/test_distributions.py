import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from pipeline.evaluation.drift.distributions import (
    count_bins,
    estimate_difference,
    estimate_ks,
    estimate_psi,
    estimate_ratio,
)

SEEDS = 150
LEVEL = 0.1
MISSES_AT_MOST = 0.16  # of 150 intervals that miss a tenth at most, seen in one of 100 repeats


def share_missed(truth: float, draw) -> float:
    """How often the intervals, at `LEVEL`, of what `draw` estimates by generator leave out the truth."""
    missed = 0
    for seed in range(SEEDS):
        _, interval = draw(np.random.default_rng(seed))
        lo, hi = interval(LEVEL)
        missed += lo > truth or (hi is not None and hi < truth)
    return missed / SEEDS


def test_the_stability_index_of_many_patients_is_the_formula():
    value, interval = estimate_psi(np.array([500_000, 500_000]), np.array([400_000, 600_000]))
    assert value == pytest.approx(-0.1 * np.log(0.8) + 0.1 * np.log(1.2), rel=1e-3)
    lo, hi = interval(0.05)
    assert lo < value < hi
    assert hi - lo < 0.005


def test_the_stability_index_is_rid_of_what_chance_alone_gives():
    p = np.full(10, 0.1)
    values, raw = [], []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        before, after = rng.multinomial(5000, p), rng.multinomial(200, p)
        values.append(estimate_psi(before, after)[0])
        raw.append(((after / 200 - before / 5000) * np.log(after / 200 / (before / 5000))).sum())
    assert np.mean(raw) == pytest.approx(9 / 200 + 9 / 5000, rel=0.15)
    assert np.mean(values) < np.mean(raw) / 4


@pytest.mark.parametrize("tilt", [0.0, 0.15, 0.5])
def test_intervals_of_the_stability_index_hold_the_truth(tilt):
    p = np.full(8, 1 / 8)
    q = p * np.exp(tilt * np.linspace(-1, 1, 8))
    q /= q.sum()
    truth = float(((q - p) * np.log(q / p)).sum())
    missed = share_missed(truth, lambda rng: estimate_psi(rng.multinomial(2000, p), rng.multinomial(400, q)))
    assert missed < MISSES_AT_MOST


def test_the_stability_index_of_samples_with_nothing_in_common_lies_wholly_above_any_bound():
    value, interval = estimate_psi(np.array([1000, 0]), np.array([0, 150]))
    lo, hi = interval(1e-4)
    assert 1 < lo < value < hi < np.inf
    assert estimate_psi(np.array([1000]), np.array([150]))[1](0.01) == (0.0, 0.0)


def test_bins_are_tenths_of_the_first_sample_with_a_bin_for_what_is_missing():
    before = pd.Series([*np.arange(1000.0), *[np.nan] * 100])
    counts = count_bins(before, before)
    assert len(counts[0]) == 11
    assert counts[0] == pytest.approx(np.full(11, 100), abs=1)
    assert counts[0].tolist() == counts[1].tolist()
    low, high = count_bins(before, pd.Series([0.5] * 500 + [np.nan] * 600))
    assert low.sum() == high.sum() == 1100
    assert sorted(high) == [0] * 9 + [500, 600]


@pytest.mark.parametrize("seed", range(5))
def test_rare_bins_are_joined_until_each_is_expected_five_times_and_nobody_is_lost(seed):
    rng = np.random.default_rng(seed)
    share = 0.5 ** np.arange(1, 15)
    before, after = (pd.Series(rng.choice([*"abcdefghijklmn"], n, p=share / share.sum())) for n in (4000, 150))
    low, high = count_bins(before, after)
    assert (low.sum(), high.sum()) == (4000, 150)
    assert ((low + high) * 150 / 4150 >= 5).all()
    assert 3 <= len(low) <= 6
    order = rng.permutation(4000)
    assert [sorted(low), sorted(high)] == [sorted(c) for c in count_bins(before.iloc[order], after)]


def test_a_column_with_one_value_or_with_none_has_no_more_bins_than_that():
    one, none = pd.Series([2.0] * 200), pd.Series([np.nan] * 200)
    assert [len(count_bins(a, b)[0]) for a, b in ((one, one), (none, none), (one, none), (none, one))] == [1, 1, 2, 2]


@pytest.mark.parametrize("seed", range(5))
def test_the_distance_is_that_of_scipy_and_its_interval_holds_it(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.poisson(3, 300).astype(float), rng.poisson(4, 200).astype(float)
    value, interval = estimate_ks(a, b)
    assert value == pytest.approx(ks_2samp(a, b).statistic)
    lo, hi = interval(0.05)
    assert 0 <= lo <= value <= hi <= 1


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_intervals_of_the_distance_hold_the_truth(shift):
    truth = {0.0: 0.0, 1.0: 0.3829249}[shift]  # 2 * Phi(1/2) - 1
    missed = share_missed(truth, lambda rng: estimate_ks(rng.normal(size=500), rng.normal(shift, size=150)))
    assert missed < LEVEL / 2


def test_the_difference_of_shares_is_that_of_newcombe():
    """Newcombe 1998, table II: 56/70 less 48/80, method 10."""
    value, interval = estimate_difference((48, 80), (56, 70))
    assert value == pytest.approx(0.2)
    assert interval(0.05) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert estimate_difference((0, 100), (0, 100))[1](0.05) == pytest.approx((-0.037, 0.037), abs=5e-4)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("n", [100, 2000])
def test_intervals_of_ratios_of_percentiles_hold_the_truth_in_tails_of_rare_large_values(share, n):
    def draw(rng):
        a, b = (np.where(rng.random(m) < 0.02, rng.lognormal(5, 1, m), rng.lognormal(1, 1, m)) for m in (1000, n))
        return estimate_ratio(a, b, share)

    assert share_missed(1.0, draw) < LEVEL


def test_a_ratio_follows_the_unit_and_few_patients_leave_an_end_open():
    rng = np.random.default_rng(1)
    a, b = rng.lognormal(size=3000), rng.lognormal(size=150)
    value, interval = estimate_ratio(a, b, 0.99)
    more, other = estimate_ratio(a, 18 * b, 0.99)
    assert more == pytest.approx(18 * value)
    assert other(0.05)[0] == pytest.approx(18 * interval(0.05)[0])
    assert interval(0.05)[1] is None
    assert estimate_ratio(a, b, 0.01)[1](0.05)[0] == 0.0
    lo, hi = estimate_ratio(a, b, 0.5)[1](0.05)
    assert 0 < lo < 1 < hi < 2
