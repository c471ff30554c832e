"""A series of counts whose sum is known gives none of those it hides away."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.disclosure import hide_in_bins, hide_in_series


@pytest.mark.parametrize(
    ("counts", "total", "expected"),
    [
        ([30, 40, 50], 120, [30, 40, 50]),
        ([3, 40, 50], 93, [None, None, 50]),
        ([None, 40, 50], 93, [None, None, 50]),
        ([None, None, 50], 70, [None, None, 50]),
        ([None, None, 50], 55, [None, None, None]),
        ([], 0, []),
    ],
)
def test_series(counts: list[int | None], total: int, expected: list[int | None]) -> None:
    assert hide_in_series(counts, total, 10) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), max_size=8))
def test_what_a_series_hides_is_several_counts_or_everything(counts: list[int]) -> None:
    kept = hide_in_series(list(counts), sum(counts), 10)
    secret = [c for c, k in zip(counts, kept, strict=True) if k is None]
    assert all(k is None or k >= 10 for k in kept)
    assert not secret or len(secret) == len(counts) or (len(secret) > 1 and sum(secret) >= 10)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([0, 3, 40, 12], [0, None, 40, None]),
        ([4, 5, 40, 12], [None, None, 40, None]),
        ([9, 9, 40, 12], [None, None, 40, 12]),
        ([40, 12], [40, 12]),
        ([7], [None]),
    ],
)
def test_no_hidden_count_follows_from_the_total(counts: list[int], expected: list[int | None]) -> None:
    assert hide_in_bins(counts, 10) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=5))
def test_a_hidden_bin_that_holds_somebody_may_be_three_numbers_apart(counts: list[int]) -> None:
    """By trying every series that a reader cannot rule out: an empty bin is shown, so a hidden one is not empty."""
    kept = hide_in_bins(counts, 3)
    places = [i for i, value in enumerate(kept) if value is None]
    total = sum(counts[i] for i in places)
    assert all(value is None or value == 0 or value >= 3 for value in kept)
    if any(kept):
        possible = [p for p in itertools.product(range(1, total + 1), repeat=len(places)) if sum(p) == total]
        assert all(max(ends) - min(ends) >= 3 for ends in zip(*possible, strict=True))
