"""How often the outcome came, with an interval that keeps to [0, 1]."""

from statistics import NormalDist

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.evaluation.intervals import Estimate
from pipeline.outcomes import Observed

Z = NormalDist().inv_cdf(0.975)


def event_rate(observed: Observed) -> Estimate:
    """Share with the event by the horizon.

    Binary: Wilson's score interval (1927, JASA 22:209). At a horizon: one less the Kaplan-Meier estimate, with the
    interval on the complementary log-log scale from Greenwood's variance (Kalbfleisch and Prentice 2002, 1.4).
    """
    if not len(observed):
        return Estimate(None, None, None, "there are no patients")
    if observed.time is None or observed.horizon is None:
        return wilson(float(observed.event.sum()), len(observed))
    return _kaplan_meier(observed.time, observed.event, observed.horizon)


def wilson(events: float, n: int) -> Estimate:
    """The share `events` / `n` with Wilson's interval."""
    share = events / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Estimate(share, max(0.0, float(centre - half)), min(1.0, float(centre + half)))


def _kaplan_meier(time: FloatArray, event: FloatArray, horizon: float) -> Estimate:
    times, events = np.unique(time[(event == 1) & (time <= horizon)], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    survival = float(np.prod(1 - events / at_risk))
    if time.max() < horizon and survival > 0:
        return Estimate(None, None, None, "nobody was followed to the horizon")
    if survival in (0.0, 1.0):  # Greenwood's variance is nil: take the exact interval of those whose outcome is known
        known = int(((event == 1) | (time >= horizon)).sum())
        bounds = wilson(known * (1 - survival), max(known, 1))
        return Estimate(1 - survival, bounds.lo, bounds.hi)
    variance = float(np.sum(events / (at_risk * (at_risk - events)))) / np.log(survival) ** 2
    lower, upper = (survival ** np.exp(sign * Z * np.sqrt(variance)) for sign in (1, -1))
    return Estimate(1 - survival, float(1 - upper), float(1 - lower))
