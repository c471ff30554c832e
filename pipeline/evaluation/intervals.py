"""Estimates with 95% intervals, or the reason why there is none."""

from collections.abc import Sequence

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.estimates import Estimate, nothing
from pipeline.evaluation.resampling import Figures, Sample, resample
from pipeline.outcomes import Observed
from pipeline.phrases import phrase

DEGENERATE_AT_MOST = 0.05
QUANTILES, COVERAGE = (0.025, 0.975), 0.95
UNDEFINED = phrase("it is not defined for these patients")


def bootstrap(
    figures: Figures, samples: Sequence[Sample], thresholds: Sequence[float], resamples: int, seed: int
) -> dict[str, Estimate]:
    """Percentile intervals (Efron 1979) of all `figures` from the same resamples of patients, drawn by `resample`.

    Resamples in which a figure is not defined are left out if they are at most 5%; else the estimate has no interval.
    """
    drawn = resample(figures, samples, thresholds, resamples, seed)
    reason = say_why_undefined(samples[0].observed)
    return {name: summarise(point, drawn.values[name], reason) for name, point in drawn.points.items()}


def summarise(value: float, resampled: FloatArray, reason: str = UNDEFINED) -> Estimate:
    """An estimate from its value and its values in resamples, NaN where not defined; `reason` says why none is."""
    if not np.isfinite(value):
        return nothing(reason)
    defined = resampled[np.isfinite(resampled)]
    if len(defined) < (1 - DEGENERATE_AT_MOST) * len(resampled):
        share = f"{1 - len(defined) / len(resampled):.0%}"
        why = phrase("it is not defined in {share} of bootstrap resamples").format(share=share)
        return Estimate(value, None, None, why)
    low, high = np.quantile(defined, QUANTILES)
    return Estimate(value, float(low), float(high))


def summarise_distance(value: float, strays: FloatArray, reason: str = UNDEFINED, most: float = np.inf) -> Estimate:
    """An estimate of a distance, from 0 to `most`, that is off by at most what `strays` says of each resample.

    The interval is the value less and plus the 95% quantile of `strays`, how far resamples lie from the sample. The
    quantiles of the resampled distances themselves would not do: where the true distance is 0, none of them is.
    """
    spread = summarise(value, strays, reason)
    if spread.lo is None or spread.value is None:
        return spread
    reach = float(np.quantile(strays[np.isfinite(strays)], COVERAGE))
    return Estimate(value, max(0.0, value - reach), min(most, value + reach))


def say_why_undefined(observed: Observed) -> str:
    """The plainest reason why a figure is not defined."""
    event = observed.by_horizon() == 1
    if not event.any():
        return phrase("nobody had the event")
    everybody = phrase("everybody whose outcome is known had the event")
    return UNDEFINED if (observed.known() & ~event).any() else everybody
