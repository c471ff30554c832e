"""A figure with its 95% interval, or the reason why there is none; what every room that estimates returns."""

from dataclasses import asdict, dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% interval; where a part is missing, `reason` says why. Never NaN."""

    value: float | None
    lo: float | None
    hi: float | None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def nothing(reason: str) -> Estimate:
    """No value, and why."""
    return Estimate(None, None, None, reason)


def wilson(events: float, n: float) -> Estimate:
    """The share `events` / `n`, n above 0, with Wilson's score interval (1927, JASA 22:209).

    That of none begins at 0 and that of all ends at 1, which rounding would miss.
    """
    share = events / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Estimate(
        share, max(0.0, centre - half) if events > 0 else 0.0, min(1.0, centre + half) if events < n else 1.0
    )
