"""How often the outcome came, with an interval that keeps to [0, 1]."""

from collections.abc import Sequence

import numpy as np

from pipeline.arrays import FloatArray, IntArray
from pipeline.disclosure import estimate_share
from pipeline.estimates import Estimate, Z, nothing
from pipeline.outcomes import Observed
from pipeline.patients import count_patients
from pipeline.phrases import phrase


def event_rate(observed: Observed) -> Estimate:
    """Share with the event by the horizon.

    Without a horizon: Wilson's score interval (1927, JASA 22:209). At one: the Aalen-Johansen estimate of cumulative
    incidence (1978, Scand J Stat 5:141), with the interval on the complementary log-log scale from the variance of
    Greenwood's type (Marubini and Valsecchi 1995, 10.3). Where nothing competes that is one less the Kaplan-Meier
    estimate with Greenwood's variance (Kalbfleisch and Prentice 2002, 1.4).
    """
    if not len(observed):
        return nothing(phrase("there are no patients"))
    if observed.time is None or observed.horizon is None:
        return estimate_share(int(observed.event.sum()), len(observed))
    return _aalen_johansen(observed, observed.time, observed.horizon)


def incidence_curve(
    observed: Observed, patient: IntArray, times: Sequence[float], smallest: int
) -> list[dict[str, float | None]]:
    """Cumulative incidence at `times`, ascending, as `event_rate` has it at the horizon: `time`, `value`, `lo`, `hi`.

    The outcome has a horizon, which no time exceeds; `patient` is (n,). The curve stops where fewer than `smallest`
    patients are at risk. Left out are times by which, or between which and the next one shown, fewer than `smallest`
    patients had the event, since the curve and the rate at the horizon would tell how many.
    """
    assert observed.time is not None, "there is a follow-up"
    assert observed.horizon is not None, "there is a horizon"
    ended = np.where(observed.event == 1, observed.time, np.inf)
    shown: list[float] = []
    for time in sorted(times, reverse=True):
        later = shown[-1] if shown else observed.horizon
        by_then, until_later = ended <= time, (ended > time) & (ended <= later)
        told = [observed.time >= time, by_then] + ([until_later] if time < later else [])
        if all(count_patients(patient, members) >= smallest for members in told):
            shown.append(time)
    rates = {time: event_rate(observed.at(time)) for time in reversed(shown)}
    return [{"time": float(t), "value": rate.value, "lo": rate.lo, "hi": rate.hi} for t, rate in rates.items()]


def _aalen_johansen(observed: Observed, time: FloatArray, horizon: float) -> Estimate:
    ended = (observed.ended() == 1) & (time <= horizon)
    times, at = np.unique(time[ended], return_inverse=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left").astype(float)
    event = np.bincount(at, observed.event[ended], minlength=len(times)) / at_risk
    leaving = np.bincount(at, minlength=len(times)) / at_risk
    survival = np.concatenate([[1.0], np.cumprod(1 - leaving)])  # free of any event before each time, then after all
    if time.max() < horizon and survival[-1] > 0:
        return nothing(phrase("nobody was followed to the horizon"))
    if not event.any():
        return _certain(0.0, observed)
    if survival[-1] == 0 and (event == leaving).all():
        return _certain(1.0, observed)
    incidence = np.cumsum(survival[:-1] * event)
    rate, error = float(incidence[-1]), np.sqrt(_variance(incidence, survival, event, leaving, at_risk))
    hazard = -np.log1p(-rate)
    lower, upper = (-np.expm1(-hazard * np.exp(z * error / ((1 - rate) * hazard))) for z in (-Z, Z))
    return Estimate(rate, float(lower), float(upper))


def _certain(rate: float, observed: Observed) -> Estimate:
    """All or nobody had the event, so that the variance is nil: the exact interval of those whose outcome is known."""
    known = int(observed.known().sum())
    bounds = estimate_share(known * int(rate), max(known, 1))
    return Estimate(rate, bounds.lo, bounds.hi)


def _variance(
    incidence: FloatArray, survival: FloatArray, event: FloatArray, leaving: FloatArray, at_risk: FloatArray
) -> float:
    """Variance of the last cumulative incidence: at each time, that of a draw from those at risk.

    `event` and `leaving` are their shares with the event and with any event. In units of the survival until then,
    a patient who stays is worth `later`, the incidence yet to come; one with the event 1, one with a competing event 0.
    """
    yet = incidence[-1] - incidence
    later = np.divide(yet, survival[1:], out=np.zeros_like(yet), where=survival[1:] > 0)
    mean = event + (1 - leaving) * later
    spread = event * (1 - mean) ** 2 + (1 - leaving) * (later - mean) ** 2 + (leaving - event) * mean**2
    return float(np.sum(survival[:-1] ** 2 * spread / at_risk))
