import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline.estimates import Estimate, nothing, wilson


@pytest.mark.parametrize(
    ("count", "n", "lo", "hi"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_of_shares_are_the_published_ones(count, n, lo, hi):
    """Newcombe 1998, Stat Med 17:857, table I, method 3."""
    share = wilson(count, n)
    assert share.value == count / n
    assert (share.lo, share.hi) == (pytest.approx(lo, abs=5e-5), pytest.approx(hi, abs=5e-5))
    assert share.reason is None


@pytest.mark.parametrize("n", [1, 7, 40, 3000])
def test_intervals_of_shares_are_scipys(n):
    for count in np.unique(np.linspace(0, n, 9).round().astype(int)):
        expected = binomtest(int(count), n).proportion_ci(method="wilson")
        found = wilson(int(count), n)
        assert (found.lo, found.hi) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12))


def test_the_interval_of_none_begins_at_0_and_that_of_all_ends_at_1():
    for n in range(1, 200):
        assert wilson(0, n).lo == 0
        assert wilson(n, n).hi == 1


def test_what_cannot_be_computed_has_a_reason_and_no_number():
    assert nothing("too few") == Estimate(None, None, None, "too few")
    assert nothing("too few").to_dict() == {"value": None, "lo": None, "hi": None, "reason": "too few"}
