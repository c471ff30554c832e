"""Whether the shares of the clusters drift with the calendar year."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, IntArray
from pipeline.disclosure import NumberOf, TextOf, estimate_share, hide_in_groups, share
from pipeline.estimates import nothing
from pipeline.phrases import phrase

LEAST = 50
"""Patients in a period, or five times the smallest group if that is more."""
LEVEL = 0.05
CHANGED = phrase(
    "From {first} to {last}, of the shares shown, that of cluster {cluster} changed most: from {before} to {after}, "
    "{change} percentage points."
)


@dataclass(frozen=True, eq=False)
class _Periods:
    """Names of the periods, numbers of the clusters, counts of that shape, and which counts are hidden."""

    names: tuple[str, ...]
    clusters: IntArray
    counts: IntArray
    hidden: BoolArray


def shares_over_time(
    dates: "pd.Series[Any]", assignment: IntArray, k: int, smallest: int
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the share of each cluster in each period, and a test of whether shares differ between years.

    One row a patient: `dates` are datetimes, missing allowed, and `assignment` (rows,) has numbers 1 to `k`, of
    which some may be absent, and 0 for patients of no cluster, who are left out. Periods are calendar years, joined
    to the following ones until each has `LEAST` patients. A share is hidden where it, or subtraction from others
    shown, would tell a count below `smallest`; where fewer than that have no date, so is the smallest period. The
    test is that of Kruskal and Wallis (1952, JASA 47:583): the ranks of the years of patients do not differ between
    clusters. No periods and no test where fewer than two periods would be left.
    """
    years = dates.dt.year.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(years) & (assignment > 0)
    left_out = np.bincount(assignment[np.isnan(years)], minlength=k + 1)
    year, cluster = years[known].astype(int), assignment[known]
    ends = _join_years(year, max(LEAST, 5 * smallest))
    if len(ends) < 2:
        return [], None
    place = np.searchsorted(ends, year)
    counts = np.bincount(place * k + cluster - 1, minlength=len(ends) * k).reshape(len(ends), k)
    names = tuple(_name(year[place == i], smallest) for i in range(len(ends)))
    present = np.unique(assignment[assignment > 0])
    counts, left_out = counts[:, present - 1], left_out[present]
    periods = _Periods(names, present, counts, _hide(counts, left_out, smallest))
    return _tabulate(periods, smallest), _test(year, cluster, periods, smallest)


def _join_years(year: IntArray, least: int) -> IntArray:
    """Return the last year of each period; what is left over at the end joins the period before."""
    ends: list[int] = []
    waiting = 0
    for value, patients in zip(*np.unique(year, return_counts=True), strict=True):
        waiting += int(patients)
        if waiting >= least:
            ends.append(int(value))
            waiting = 0
    if waiting and ends:
        ends[-1] = int(year.max())
    return np.array(ends, dtype=np.int64)


def _name(year: IntArray, smallest: int) -> str:
    """The years between which it lies, but for fewer than `smallest` patients at either end."""
    ordered = np.sort(year)
    first, last = ordered[smallest - 1], ordered[-smallest]
    return f"{first}" if first == last else f"{first}\u2013{last}"


def _hide(counts: IntArray, undated: IntArray, smallest: int) -> BoolArray:
    """Return the hidden cells of `counts`; a cluster's patients without a date, (k,), follow by subtraction too."""
    unshown, kept = undated, np.ones(len(counts), dtype=bool)
    if 0 < undated.sum() < smallest:
        kept[counts.sum(axis=1).argmin()] = False
        unshown = undated + counts[~kept][0]
    table = np.vstack([counts[kept], unshown]) if unshown.any() else counts[kept]
    hidden = np.ones(counts.shape, dtype=bool)
    hidden[kept] = hide_in_groups(table, smallest)[: kept.sum()]
    return hidden


def _tabulate(periods: _Periods, smallest: int) -> list[dict[str, Any]]:
    reason = phrase("shown, it would tell of fewer than {n} patients").format(n=smallest)
    rows = []
    for name, counts, hidden in zip(periods.names, periods.counts, periods.hidden, strict=True):
        n = int(counts.sum())
        shares = [nothing(reason) if h else estimate_share(int(c), n) for c, h in zip(counts, hidden, strict=True)]
        rows.append(
            {
                "period": name,
                "n": None if hidden.all() else n,
                "shares": {str(c): asdict(share) for c, share in zip(periods.clusters, shares, strict=True)},
            }
        )
    return rows


def _test(year: IntArray, cluster: IntArray, periods: _Periods, smallest: int) -> dict[str, Any] | None:
    from scipy.stats import kruskal

    groups = [year[cluster == c] for c in np.unique(cluster)]
    groups = [group for group in groups if len(group) >= smallest]
    if len(groups) < 2 or np.ptp(np.concatenate(groups)) == 0:
        return None
    p = float(kruskal(*groups).pvalue)
    return {"p": p, "says": _say_change(_say_test(p), periods)}


def _say_test(p: float) -> str:
    told = "P < 0.001" if p < 0.001 else f"P = {p:.2g}"
    differ = phrase("Shares differ between calendar years ({p}, Kruskal-Wallis test of the year by cluster).")
    alike = phrase("No difference between calendar years is shown ({p}, Kruskal-Wallis test of the year by cluster).")
    return (differ if p < LEVEL else alike).format(p=told)


def _say_change(tested: str, periods: _Periods) -> str:
    """Say after `tested` which share differs most between the first and the last period, of those shown in both."""
    shown = np.flatnonzero(~periods.hidden[0] & ~periods.hidden[-1])
    if not len(shown):
        return tested
    first, last = (periods.counts[i] / periods.counts[i].sum() for i in (0, -1))
    most = shown[np.abs(last - first)[shown].argmax()]
    told = {"first": periods.names[0], "last": periods.names[-1], "cluster": periods.clusters[most]}

    def say(before: float, after: float) -> str:
        change = f"{100 * (after - before):+.1f}".replace("-", "\u2212")
        shares = {"before": f"{100 * before:.1f}%", "after": f"{100 * after:.1f}%"}
        return f"{tested} {CHANGED.format(**told, **shares, change=change)}"

    ends = (NumberOf(share, int(periods.counts[i][most]), int(periods.counts[i].sum())) for i in (0, -1))
    return TextOf(say, *ends)
