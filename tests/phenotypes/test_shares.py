import pytest

from pipeline.phenotypes.shares import Share, estimate_share, hide_share


@pytest.mark.parametrize(
    ("count", "n", "lo", "hi"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_the_published_ones(count, n, lo, hi):
    """Newcombe 1998, Stat Med 17:857, table I, method 3."""
    share = estimate_share(count, n)
    assert share.value == count / n
    assert (share.lo, share.hi) == (pytest.approx(lo, abs=5e-5), pytest.approx(hi, abs=5e-5))
    assert share.reason is None


def test_a_hidden_share_holds_no_number():
    assert hide_share("too few") == Share(None, None, None, "too few")
