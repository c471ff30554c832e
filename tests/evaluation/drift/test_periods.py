from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.drift.periods import MOST, part_by_time


def days(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("years", [0.3, 1, 5, 30])
def test_periods_follow_each_other_share_nobody_and_have_enough(seed, years):
    rng = np.random.default_rng(seed)
    dates = pd.Series(pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, int(365 * years), 600), unit="D"))
    dates[:10] = pd.NaT
    parts = part_by_time(dates, 60)
    assert 2 <= len(parts) <= MOST
    members = np.stack(list(parts.values()))
    assert members.sum(axis=0).tolist() == dates.notna().astype(int).tolist()
    assert (members.sum(axis=1) >= 60).all()
    ends = [(dates[part].min(), dates[part].max()) for part in parts.values()]
    assert all(last < first for (_, last), (first, _) in pairwise(ends))


def test_periods_are_months_named_with_neighbours_joined():
    dates = days(*["2024-01-05"] * 5, *["2024-02-05"] * 2, *["2024-03-05"] * 4, "2024-04-05")
    parts = part_by_time(dates, 4)
    assert list(parts) == ["2024-01", "2024-02 to 2024-04"]
    assert [int(part.sum()) for part in parts.values()] == [5, 7]


def test_there_are_no_periods_in_one_month_or_without_dates():
    assert part_by_time(days(*["2024-01-05"] * 9), 2) == {}
    assert part_by_time(pd.Series(pd.to_datetime([None, None])), 1) == {}
    assert part_by_time(days("2024-01-05", "2024-02-05"), 2) == {}
