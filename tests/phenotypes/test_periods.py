import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from pipeline.estimates import wilson
from pipeline.phenotypes.periods import shares_over_time

SMALLEST = 10
HALVES = {1984: (30, 30), 1985: (10, 10), 1986: (15, 25), 1987: (2, 3), 1990: (20, 40)}


def made(counts):
    """Dates and clusters with so many patients of each cluster in each year."""
    years = [year for year, row in counts.items() for n in row for _ in range(n)]
    clusters = [c for row in counts.values() for c, n in enumerate(row, start=1) for _ in range(n)]
    return pd.Series(pd.to_datetime([f"{year}-06-15" for year in years])), np.array(clusters)


def drawn(seed, drift, n=600, k=3):
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 3650, n)
    chance = np.column_stack([np.exp(drift * j * days / 3650) for j in range(k)])
    below = (chance / chance.sum(axis=1)[:, None]).cumsum(axis=1)
    cluster = 1 + np.minimum((rng.random(n)[:, None] > below).sum(axis=1), k - 1)
    return pd.Series(pd.Timestamp("2001-01-01") + pd.to_timedelta(days, unit="D")), cluster


def test_years_by_hand():
    periods, trend = shares_over_time(*made(HALVES), 2, SMALLEST)
    assert [(row["period"], row["n"]) for row in periods] == [
        ("1984", 60),
        ("1985\u20131986", 60),
        ("1990", 65),  # five patients before do not name it
    ]
    for row, count in zip(periods, (30, 25, 22), strict=True):
        expected = wilson(count, row["n"])
        assert row["shares"]["1"] == {
            "value": expected.value,
            "lo": expected.lo,
            "hi": expected.hi,
            "reason": None,
        }
        assert row["shares"]["1"]["value"] + row["shares"]["2"]["value"] == 1
    assert trend["says"].endswith(
        "From 1984 to 1990, of the shares shown, that of cluster 1 changed most: "
        "from 50.0% to 33.8%, \u221216.2 percentage points."
    )


def test_what_is_left_over_joins_the_last_period():
    periods, _ = shares_over_time(*made({2001: (30, 30), 2002: (30, 30), 2003: (5, 4)}), 2, SMALLEST)
    assert [(row["period"], row["n"]) for row in periods] == [("2001", 60), ("2002", 69)]


@pytest.mark.parametrize("dates", [pd.Series([pd.NaT] * 80), pd.Series([pd.Timestamp("2001-05-05")] * 80)])
def test_without_dates_or_with_one_period_there_is_nothing(dates):
    assert shares_over_time(dates.astype("datetime64[ns]"), np.repeat([1, 2], 40), 2, SMALLEST) == ([], None)


@pytest.mark.parametrize("undated", [0, 4, 40])
@pytest.mark.parametrize("seed", range(12))
def test_no_small_count_can_be_told(seed, undated):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(150, 500)), int(rng.integers(2, 5))
    dates, _ = drawn(seed, 0.0, n)
    cluster = 1 + rng.choice(k, n, p=rng.dirichlet(np.full(k, 0.8)))
    dates.iloc[rng.choice(n, undated, replace=False)] = pd.NaT
    periods, _ = shares_over_time(dates, cluster, k, SMALLEST)
    known = np.zeros(k)
    partly = np.zeros(k, dtype=bool)
    for row in periods:
        values = [row["shares"][str(c)]["value"] for c in range(1, k + 1)]
        counts = np.array([np.nan if v is None else v * row["n"] for v in values])
        assert row["n"] is None or row["n"] >= 50
        assert not (counts < SMALLEST - 0.5).any()
        hidden = np.isnan(counts)
        if row["n"] and hidden.any():
            assert hidden.sum() > 1
            assert row["n"] - np.nansum(counts) >= SMALLEST
        known += np.nan_to_num(counts)
        partly |= hidden
    unknown = np.bincount(cluster, minlength=k + 1)[1:] - known
    nothing_hidden = (unknown < 0.5) & ~partly & (undated == 0)
    assert (nothing_hidden | (unknown >= SMALLEST - 0.5) | (known == 0)).all()
    told = sum(row["n"] or 0 for row in periods)
    assert n - told == 0 or n - told >= SMALLEST


def test_few_patients_without_a_date_hide_the_smallest_period():
    dates, cluster = made({2001: (40, 40), 2002: (30, 30), 2003: (50, 50)})
    dates, cluster = pd.concat([dates, pd.Series([pd.NaT] * 4)]), np.append(cluster, [1, 1, 2, 2])
    periods, _ = shares_over_time(dates, cluster, 2, SMALLEST)
    assert [row["n"] for row in periods] == [80, None, 100]
    assert {share["value"] for share in periods[1]["shares"].values()} == {None}
    assert all(share["reason"] for share in periods[1]["shares"].values())


@pytest.mark.parametrize("seed", range(5))
def test_with_two_clusters_the_test_is_that_of_mann_and_whitney(seed):
    dates, cluster = drawn(seed, 0.5, k=2)
    years = dates.dt.year.to_numpy()
    expected = mannwhitneyu(years[cluster == 1], years[cluster == 2], use_continuity=False, method="asymptotic")
    assert shares_over_time(dates, cluster, 2, SMALLEST)[1]["p"] == pytest.approx(expected.pvalue)


def test_the_test_errs_in_one_of_twenty_and_finds_a_drift():
    found = [shares_over_time(*drawn(seed, 0.0, 160), 3, SMALLEST)[1]["p"] < 0.05 for seed in range(200)]
    assert 0.015 < np.mean(found) < 0.095
    for seed in range(5):
        trend = shares_over_time(*drawn(seed, 1.5), 3, SMALLEST)[1]
        assert trend["p"] < 0.001
        assert trend["says"].startswith("Shares differ between calendar years (P < 0.001")


def test_patients_of_no_cluster_are_left_out():
    dates, cluster = made({2001: (40, 40, 40), 2002: (30, 30, 40)})
    one, _ = shares_over_time(dates, np.where(cluster == 3, 0, cluster), 2, SMALLEST)
    assert [row["n"] for row in one] == [80, 60]


def test_clusters_keep_their_numbers_where_others_are_absent():
    dates, cluster = made(HALVES)
    (one, said), (two, says) = (shares_over_time(dates, c, k, SMALLEST) for c, k in ((cluster, 2), (4 * cluster, 9)))
    for row, again in zip(one, two, strict=True):
        assert again["shares"] == {"4": row["shares"]["1"], "8": row["shares"]["2"]}
    assert says["says"] == said["says"].replace("cluster 1", "cluster 4")
