"""Standardised differences against other ways to the same number."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.reporting.standardised import difference_of_numbers, difference_of_shares

levels = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=1, max_size=6)


@pytest.mark.parametrize("seed", range(5))
def test_means_are_apart_in_standard_deviations_whatever_the_unit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(1, 2, 150), rng.normal(2, 3, 90)
    found = difference_of_numbers(one, other)
    assert found == pytest.approx(abs(one.mean() - other.mean()) / np.sqrt((np.var(one, ddof=1) + np.cov(other)) / 2))
    assert found == difference_of_numbers(other, one)
    assert found == pytest.approx(difference_of_numbers(5 - 30 * one, 5 - 30 * other))
    assert difference_of_numbers(np.repeat(one, 50), np.repeat(other, 50)) == pytest.approx(found, rel=0.01)


def test_values_that_do_not_vary_are_not_apart_or_without_measure() -> None:
    assert difference_of_numbers(np.ones(9), np.ones(7)) == 0
    assert difference_of_numbers(np.ones(9), np.zeros(7)) is None


@given(st.integers(1, 99), st.integers(1, 99))
def test_two_levels_are_austins_difference_of_shares(one: int, other: int) -> None:
    """Austin 2009, section 2: (p - q) over the root of the mean of p (1 - p) and q (1 - q)."""
    p, q = one / 100, other / 100
    expected = abs(p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert difference_of_shares(np.array([one, 100 - one]), np.array([other, 100 - other])) == pytest.approx(expected)


@given(levels, st.randoms(use_true_random=False))
def test_no_level_is_the_odd_one_out(counts: list[tuple[int, int]], random) -> None:
    """With the inverse of Moore and Penrose no level is left out; the order makes no difference, nor do the sizes."""
    one, other = np.array(counts).T
    assume(min(one.sum(), other.sum()) > 0)
    found = difference_of_shares(one, other)
    if found is None:
        assert (one * other == 0).any()
        return
    p, q = one / one.sum(), other / other.sum()
    spread = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    assert found == pytest.approx(np.sqrt((p - q) @ np.linalg.pinv(spread) @ (p - q)), abs=1e-6)
    order = random.sample(range(len(one)), len(one))
    assert difference_of_shares(3 * one[order], 7 * other[order]) == pytest.approx(found, abs=1e-9)


def test_a_level_of_one_group_alone_has_no_measure_only_where_the_other_varies_in_nothing_else() -> None:
    assert difference_of_shares(np.array([30, 0]), np.array([0, 40])) is None
    assert difference_of_shares(np.array([30, 10, 0]), np.array([20, 10, 0])) == pytest.approx(
        difference_of_shares(np.array([30, 10]), np.array([20, 10]))
    )
    assert difference_of_shares(np.array([50]), np.array([70])) == 0
