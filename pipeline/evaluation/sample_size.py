"""How many patients a new prediction model needs at least, from closed formulas.

Riley et al. 2019 (Stat Med 38:1276, corrected in 38:5672) and Riley et al. 2020 (BMJ 368:m441): each criterion asks
for a number of patients, and the model needs the largest. Parameters are the coefficients that could enter the model,
counted before any selection and without the intercept. R2 is Cox and Snell's, as expected in new patients.
"""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from pipeline.phrases import phrase

ERROR = 0.05  # widest margin of the overall risk, largest mean prediction error, largest optimism
SHRINKAGE = 0.9
Z = 1.96
PREDICTION_ERROR_PARAMETERS = 30
MORE_PARAMETERS = phrase("The formula holds for at most {n} parameters: this is what {n} need, more need more.")
GRID_POINTS, GRID_MARGIN = 4001, 10.0  # the margin in standard deviations


@dataclass(frozen=True)
class Criterion:
    """One demand on the model and the `n` patients that meet it."""

    name: str
    sentence: str
    n: int


@dataclass(frozen=True)
class Needed:
    """The least `n` patients that meet all `criteria`, and the events expected among them."""

    criteria: tuple[Criterion, ...]
    n: int
    events: float
    events_per_parameter: float


def needed_binary(parameters: int, prevalence: float, r2: float) -> Needed:
    """Patients needed for a binary outcome in `prevalence`, a share in (0, 1), of patients.

    ValueError unless there is a parameter and `r2` lies between 0 and `largest_r2`, both excluded.
    """
    overfitting = _overfitting(parameters, r2, largest_r2(prevalence))
    risk = math.ceil((Z / ERROR) ** 2 * prevalence * (1 - prevalence))
    criteria = (
        Criterion("overall risk", phrase("The overall risk is estimated to within {error}.").format(error=ERROR), risk),
        _prediction_error(parameters, prevalence),
        *overfitting,
    )
    return _needed(criteria, parameters, prevalence)


def needed_time_to_event(
    parameters: int, event_rate: float, horizon: float, mean_follow_up: float, r2: float
) -> Needed:
    """Patients needed for a time-to-event outcome predicted at `horizon`.

    `event_rate` is in events per patient and unit of time, `horizon` and `mean_follow_up` (until event or censoring)
    are in that unit. ValueError unless all are above 0, no more than one event per patient is expected, there is a
    parameter, and `r2` lies between 0 and `largest_r2_survival`, both excluded.
    """
    overfitting = _overfitting(parameters, r2, largest_r2_survival(event_rate, mean_follow_up))
    _check(0 < horizon < math.inf, "a horizon above 0", horizon)
    risk = _patients_for_risk_at(horizon, event_rate, mean_follow_up)
    sentence = phrase("The overall risk at the horizon is estimated to within {error}.")
    criteria = (Criterion("overall risk", sentence.format(error=ERROR), risk), *overfitting)
    return _needed(criteria, parameters, event_rate * mean_follow_up)


def largest_r2(prevalence: float) -> float:
    """The R2 of a model that is always right: 1 - exp(2 L), L the log-likelihood per patient without predictors.

    ValueError unless `prevalence` lies in (0, 1).
    """
    _check(0 < prevalence < 1, "a prevalence between 0 and 1, both excluded", prevalence)
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    return -math.expm1(2 * null)


def largest_r2_survival(event_rate: float, mean_follow_up: float) -> float:
    """Largest R2 with `event_rate` events per unit of time and `mean_follow_up` of those units per patient.

    From the log-likelihood without predictors of exponential times, in units of the mean follow-up, as corrected in
    Stat Med 38:5672. ValueError unless both are above 0 and at most one event per patient is expected.
    """
    _check(0 < event_rate < math.inf, "an event rate above 0", event_rate)
    _check(0 < mean_follow_up < math.inf, "a mean follow-up above 0", mean_follow_up)
    events = event_rate * mean_follow_up
    _check(events <= 1, "event rate times mean follow-up (until event or censoring) to be at most 1", events)
    return -math.expm1(2 * events * (math.log(events) - 1))


def r2_from_auroc(auroc: float, prevalence: float) -> float:
    """R2 of a model with this AUROC whose linear predictor is normal, with one variance, in events and in non-events.

    Riley et al. 2021 (Stat Med 40:859), with the expected log-likelihood integrated instead of simulated:
    with unit variance the events lie sqrt(2) Phi^-1(AUROC) above the non-events, and the logit of the risk is linear.
    ValueError unless 0.5 < `auroc` < 1 and `prevalence` lies in (0, 1).
    """
    _check(0.5 < auroc < 1, "an AUROC between 0.5 and 1, both excluded", auroc)
    null = math.log1p(-largest_r2(prevalence)) / 2
    apart = math.sqrt(2) * NormalDist().inv_cdf(auroc)
    x, step = np.linspace(-GRID_MARGIN, apart + GRID_MARGIN, GRID_POINTS, retstep=True)
    logit = math.log(prevalence / (1 - prevalence)) + apart * (x - apart / 2)
    log_likelihood = -prevalence * np.exp(-((x - apart) ** 2) / 2) * np.logaddexp(0, -logit)
    log_likelihood -= (1 - prevalence) * np.exp(-(x**2) / 2) * np.logaddexp(0, logit)
    mean = float(log_likelihood.sum()) * float(step) / math.sqrt(2 * math.pi)
    return -math.expm1(2 * (null - mean))


def r2_from_concordance(concordance: float, events_per_patient: float) -> float:
    """R2 of a Cox model with this concordance when so many events per patient are seen.

    By way of Royston's D (Jinks et al. 2015, BMC Med Res Methodol 15:82) and the explained randomness of O'Quigley et
    al., as in Riley et al. 2019; for strong models it is less than the truth, and so asks for more. ValueError
    unless 0.5 < `concordance` < 1 and events per patient lie in (0, 1].
    """
    _check(0.5 < concordance < 1, "a concordance between 0.5 and 1, both excluded", concordance)
    _check(0 < events_per_patient <= 1, "events per patient above 0 and at most 1", events_per_patient)
    d = 5.50 * (concordance - 0.5) + 10.26 * (concordance - 0.5) ** 3
    explained = d**2 * math.pi / 8
    return -math.expm1(-events_per_patient * math.log1p(explained))


def parameters_allowed(n: int, needed: Callable[[int], Needed]) -> int:
    """The most parameters that `n` patients suffice for, 0 if none; never more than one per patient.

    By bisection: `needed` must ask for no fewer patients when there are more parameters.
    """
    return bisect_right(range(1, n + 1), n, key=lambda parameters: needed(parameters).n)


def _prediction_error(parameters: int, prevalence: float) -> Criterion:
    """Van Smeden et al. 2019 (Stat Methods Med Res 28:2455), as in BMJ 2020.

    The formula was fitted to at most 30 parameters and to events as the rarer outcome. It is not extrapolated beyond
    30: what 30 need stays the least, since leaving it out would let more parameters need fewer patients.
    """
    counted, rarer = min(parameters, PREDICTION_ERROR_PARAMETERS), min(prevalence, 1 - prevalence)
    log_n = (-0.508 + 0.259 * math.log(rarer) + 0.504 * math.log(counted) - math.log(ERROR)) / 0.544
    sentence = phrase("Predicted risks are off by at most {error} on average.").format(error=ERROR)
    if parameters > counted:
        sentence = f"{sentence} {MORE_PARAMETERS.format(n=counted)}"
    return Criterion("prediction error", sentence, math.ceil(math.exp(log_n)))


def _overfitting(parameters: int, r2: float, largest: float) -> tuple[Criterion, Criterion]:
    """Criteria from the heuristic shrinkage of van Houwelingen and Le Cessie (Riley et al. 2019), solved for n.

    `modest` is the shrinkage at which apparent and adjusted Nagelkerke R2 differ by the allowed optimism.
    """
    _check(parameters >= 1, "at least 1 parameter", parameters)
    _check(0 < r2 < largest, f"an R2 between 0 and the largest possible, {largest:.4g}, both excluded", r2)
    modest = r2 / (r2 + ERROR * largest)
    shrunk, optimistic = (
        math.ceil(parameters / ((shrinkage - 1) * math.log1p(-r2 / shrinkage))) for shrinkage in (SHRINKAGE, modest)
    )
    coefficients = phrase("Expected shrinkage of the coefficients is at least {shrinkage}.").format(shrinkage=SHRINKAGE)
    explained = phrase("Nagelkerke's R2 is at most {error} too high in the development data.").format(error=ERROR)
    return Criterion("shrinkage", coefficients, shrunk), Criterion("optimism", explained, optimistic)


def _patients_for_risk_at(horizon: float, event_rate: float, mean_follow_up: float) -> int:
    """Patients for whom both 95% limits of 1 - exp(-rate * horizon) lie within the margin.

    The limits are those of the rate, +- 1.96 sqrt(rate / person-time). The lower limit of risk lies farther off, by
    S (exp(d) - 1), where S is survival to the horizon and d the half-width of rate * horizon.
    """
    half_width = float(np.logaddexp(0, math.log(ERROR) + event_rate * horizon))
    return math.ceil(event_rate * (Z * horizon / half_width) ** 2 / mean_follow_up)


def _needed(criteria: tuple[Criterion, ...], parameters: int, events_per_patient: float) -> Needed:
    n = max(criterion.n for criterion in criteria)
    events = n * events_per_patient
    return Needed(criteria, n, events, events / parameters)


def _check(holds: bool, expected: str, came: float) -> None:
    if not holds:
        raise ValueError(f"expected {expected}; got {came}")
