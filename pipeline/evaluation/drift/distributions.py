"""How far apart two independent samples of a column lie: a figure each, and its interval at any level.

An interval at level a misses the truth with a probability of at most, or about, a. None of them needs resamples, which
say nothing of what a sample has not seen: of the hundredth patient when there are a hundred.
"""

from collections.abc import Callable
from math import log, sqrt

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import binom, binomtest, ncx2

from pipeline.arrays import FloatArray, IntArray

Limits = tuple[float | None, float | None]
Interval = Callable[[float], Limits]
"""From a level to both ends; an end that is None is open."""

BINS = 10
EXPECTED = 5.0  # records in a bin, for the chi-squared distribution to hold (Cochran 1954, Biometrics 10:417)
ADDED = 0.5  # to the count of each bin, so that the logarithm of an empty one is finite


def count_bins(before: pd.Series, after: pd.Series) -> tuple[IntArray, IntArray]:
    """How many records of each sample are in each bin, (k,): tenths of `before`, or the levels of a category.

    What is missing is a bin of its own. The rarest bins are joined until each is expected `EXPECTED` times in both.
    """
    both = pd.concat([before, after], ignore_index=True)
    if pd.api.types.is_numeric_dtype(both):
        codes = _code_numbers(before.to_numpy(float, na_value=np.nan), both.to_numpy(float, na_value=np.nan))
    else:
        codes = pd.factorize(both.astype(object), use_na_sentinel=False)[0]
    size = int(codes.max()) + 1
    counts = [np.bincount(part, minlength=size) for part in (codes[: len(before)], codes[len(before) :])]
    return _join_rare(*counts)


def _code_numbers(before: FloatArray, both: FloatArray) -> IntArray:
    known = before[~np.isnan(before)]
    if not len(known):
        return np.isnan(both).astype(int)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf"))
    return np.where(np.isnan(both), len(edges) + 1, np.searchsorted(edges, both, side="left"))


def _join_rare(before: IntArray, after: IntArray) -> tuple[IntArray, IntArray]:
    pooled = before + after
    expected = pooled * min(before.sum(), after.sum()) / pooled.sum()
    order = np.argsort(expected, kind="stable")
    sums = np.cumsum(expected[order])
    first = int(np.searchsorted(sums, EXPECTED)) + 1 if expected[order[0]] < EXPECTED else 1
    label = np.empty(len(order), dtype=int)
    label[order] = np.maximum(np.arange(len(order)) - first + 1, 0)
    return np.bincount(label, before).astype(int), np.bincount(label, after).astype(int)


def estimate_psi(before: IntArray, after: IntArray) -> tuple[float, Interval]:
    """The population stability index of counts (k,) of two samples, and its interval.

    The sum over bins of (q - p) log(q / p). Where nothing has changed, its product with nm/(n + m) has about a
    chi-squared distribution of k - 1 degrees (Yurdakul and Naranjo 2020, J Risk Model Valid 14(4):89), so that the mean
    (k - 1)(1/n + 1/m) is taken off; elsewhere, a non-central one, and the interval holds
    its parameters that are not refuted.
    """
    n, m, k = int(before.sum()), int(after.sum()), len(before)
    p, q = ((counts + ADDED) / (counts.sum() + ADDED * k) for counts in (before, after))
    index, size = float(((q - p) * np.log(q / p)).sum()), n * m / (n + m)

    def interval(level: float) -> Limits:
        if k < 2:
            return 0.0, 0.0
        lo, hi = (_noncentrality(index * size, k - 1, share) for share in (1 - level / 2, level / 2))
        return lo / size, hi / size

    return max(0.0, index - (k - 1) / size), interval


def _noncentrality(value: float, degrees: int, share: float) -> float:
    """The least non-centrality under which a `share` of the distribution, or less, lies below `value`."""

    def excess(parameter: float) -> float:
        return float(ncx2.cdf(value, degrees, parameter)) - share

    most = (sqrt(value) + sqrt(-2 * log(min(share, 1 - share))) + 1) ** 2 + degrees
    return float(brentq(excess, 1e-9, most)) if excess(1e-9) > 0 else 0.0


def estimate_ks(before: FloatArray, after: FloatArray) -> tuple[float, Interval]:
    """The Kolmogorov-Smirnov distance of values (n,) and (m,), none missing, and its interval.

    Neither empirical distribution is off by more than the bound of Massart (1990, Ann Probab 18:1269) anywhere.
    """
    both = np.concatenate([before, after])
    shares = [np.searchsorted(np.sort(values), both, side="right") / len(values) for values in (before, after)]
    distance = float(np.abs(shares[0] - shares[1]).max())

    def interval(level: float) -> Limits:
        off = sum(sqrt(log(4 / level) / (2 * len(values))) for values in (before, after))
        return max(0.0, distance - off), min(1.0, distance + off)

    return distance, interval


def estimate_difference(before: tuple[int, int], after: tuple[int, int]) -> tuple[float, Interval]:
    """The share counted of the second pair, of (count, total), less that of the first, by Newcombe's method 10.

    Newcombe (1998, Stat Med 17:873): the root of the summed squares of what Wilson's intervals of both shares reach.
    """
    shares = [count / total for count, total in (before, after)]
    difference = shares[1] - shares[0]

    def interval(level: float) -> Limits:
        each = [binomtest(*pair).proportion_ci(1 - level, method="wilson") for pair in (before, after)]
        below = sqrt((shares[1] - each[1].low) ** 2 + (each[0].high - shares[0]) ** 2)
        above = sqrt((each[1].high - shares[1]) ** 2 + (shares[0] - each[0].low) ** 2)
        return float(difference - below), float(difference + above)

    return difference, interval


def estimate_ratio(before: FloatArray, after: FloatArray, share: float) -> tuple[float, Interval]:
    """The `share` quantile of `after` (m,) over that of `before` (n,), positive, none missing, and its interval.

    Made of order statistics, whatever the distribution is (Thompson 1936, Ann Math Stat 7:122): from the lower limit
    of one over the upper of the other, each at a quarter of the level. Few patients leave an end open.
    """
    was, now = np.sort(before), np.sort(after)
    ratio = float(np.quantile(now, share) / np.quantile(was, share))

    def interval(level: float) -> Limits:
        (was_low, was_high), (now_low, now_high) = (_quantile_limits(each, share, level / 2) for each in (was, now))
        lo = 0.0 if now_low is None or was_high is None else now_low / was_high
        return lo, None if now_high is None or was_low is None else now_high / was_low

    return ratio, interval


def _quantile_limits(ordered: FloatArray, share: float, level: float) -> Limits:
    n = len(ordered)
    lower, upper = int(binom.ppf(level / 2, n, share)), int(binom.isf(level / 2, n, share)) + 1
    return (float(ordered[lower - 1]) if lower >= 1 else None, float(ordered[upper - 1]) if upper <= n else None)
