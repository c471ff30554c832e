"""Patients whose true risk is known."""

import numpy as np
from scipy.special import expit

from pipeline.outcomes import Observed


def binary(seed, n=300, slope=1.0, centre=-0.5):
    """True risks, and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    risk = expit(centre + slope * rng.normal(size=n))
    return risk, Observed((rng.random(n) < risk).astype(float))


def censored(seed, n=300, horizon=3.0, digits=1):
    """True risks by the horizon, and follow-up with ties: times are rounded up to `digits` digits."""
    rng = np.random.default_rng(seed)
    risk = expit(-0.5 + rng.normal(size=n))
    event_time = rng.exponential(-horizon / np.log1p(-risk))
    stopped = rng.uniform(0.5, 2.5 * horizon, n)
    unit = 10.0**-digits
    time = np.ceil(np.minimum(event_time, stopped) / unit) * unit
    return risk, Observed((event_time <= stopped).astype(float), time, horizon)


def competing(seed, n=300, horizon=3.0, digits=1):
    """True risks of the event by the horizon and before a competing one, and follow-up with ties, as in `censored`."""
    rng = np.random.default_rng(seed)
    hazard, other = np.exp(-2 + rng.normal(size=n)), 0.15
    until_event, until_other = rng.exponential(1 / hazard), rng.exponential(1 / other, n)
    stopped = rng.uniform(0.5, 2.5 * horizon, n)
    unit = 10.0**-digits
    time = np.ceil(np.minimum(np.minimum(until_event, until_other), stopped) / unit) * unit
    event = (until_event <= until_other) & (until_event <= stopped)
    competed = (until_other < until_event) & (until_other <= stopped)
    risk = hazard / (hazard + other) * -np.expm1(-(hazard + other) * horizon)
    return risk, Observed(event.astype(float), time, horizon, competed.astype(float))


def drawn(seed, n, resamples=4):
    """How often each of n patients is drawn, (resamples, n)."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)


def resampled(observed, counts):
    """The outcomes of one resample, each patient written out as often as drawn."""
    return observed.take(np.repeat(np.arange(len(observed)), counts.astype(int)))
