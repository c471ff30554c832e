"""Estimates with 95% intervals, or the reason why there is none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.arrays import FloatArray, IntArray
from pipeline.outcomes import Observed

CHUNK_NUMBERS = 4_000_000
DEGENERATE_AT_MOST = 0.05
QUANTILES = (0.025, 0.975)
UNDEFINED = "it is not defined for these patients"
Statistics = Callable[[FloatArray, FloatArray], dict[str, FloatArray]]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% interval; where a part is missing, `reason` says why. Never NaN."""

    value: float | None
    lo: float | None
    hi: float | None
    reason: str | None = None


def bootstrap(
    statistics: Statistics, observed: Observed, patient: IntArray, resamples: int, seed: int
) -> dict[str, Estimate]:
    """Percentile intervals (Efron 1979) of all `statistics` from the same resamples of patients.

    `statistics` takes `weight` and `counts`, both (b, n), and returns (b,) per name; `patient` (n,) is any integer
    code per patient, and all rows of a patient are drawn together. Censoring weights are re-estimated in each
    resample. Resamples in which a statistic is not defined are left out if they are at most 5%; else the estimate has
    no interval.
    """
    everyone = np.ones((1, len(observed)))
    points = statistics(observed.weights_for(everyone), everyone)
    parts = [statistics(counts * observed.weights_for(counts), counts) for counts in _draw(patient, resamples, seed)]
    reason = _why_undefined(observed)
    return {
        name: summarise(float(point[0]), np.concatenate([part[name] for part in parts]), reason)
        for name, point in points.items()
    }


def summarise(value: float, resampled: FloatArray, reason: str = UNDEFINED) -> Estimate:
    """An estimate from its value and its values in resamples, NaN where not defined; `reason` says why none is."""
    if not np.isfinite(value):
        return Estimate(None, None, None, reason)
    defined = resampled[np.isfinite(resampled)]
    if len(defined) < (1 - DEGENERATE_AT_MOST) * len(resampled):
        share = 1 - len(defined) / len(resampled)
        return Estimate(value, None, None, f"it is not defined in {share:.0%} of bootstrap resamples")
    low, high = np.quantile(defined, QUANTILES)
    return Estimate(value, float(low), float(high))


def _why_undefined(observed: Observed) -> str:
    """The plainest reason why a figure is not defined."""
    event = observed.by_horizon() == 1
    if not event.any():
        return "nobody had the event"
    return UNDEFINED if (observed.known() & ~event).any() else "everybody whose outcome is known had the event"


def _draw(patient: IntArray, resamples: int, seed: int) -> Iterator[FloatArray]:
    """How often each row is drawn, (b, n), in chunks that bound the memory."""
    generator = np.random.default_rng(seed)
    codes, position = np.unique(patient, return_inverse=True)
    patients, chunk = len(codes), max(1, CHUNK_NUMBERS // len(patient))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        drawn = generator.multinomial(patients, np.full(patients, 1 / patients), size=rows)
        yield drawn[:, position].astype(float)
