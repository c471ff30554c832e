"""Shares of patients with 95% intervals, or the reason why there is none."""

from dataclasses import dataclass

from scipy.stats import binomtest


@dataclass(frozen=True)
class Share:
    """A share, 0 to 1, with its 95% interval; where a part is missing, `reason` says why. Never NaN."""

    value: float | None
    lo: float | None
    hi: float | None
    reason: str | None = None


def estimate_share(count: int, n: int, reason: str | None = None) -> Share:
    """Return `count` of `n` patients with Wilson's score interval (1927, JASA 22:209); `n` is at least 1."""
    bounds = binomtest(count, n).proportion_ci(0.95, method="wilson")
    return Share(count / n, float(bounds.low), float(bounds.high), reason)


def hide_share(reason: str) -> Share:
    """Return a share that is not shown."""
    return Share(None, None, None, reason)
