"""A risk function that is known because it was made up: what a model of synthetic records ought to recover."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq, elementwise
from scipy.special import expit

from data_schemas.columns import Classes, Cohort, Column, Kind, TimeToEvent
from pipeline.arrays import FloatArray

WITHOUT_EFFECT = 1 / 3  # share of the predictors
LAST_CENSORED = 1 / 0.35  # horizons until the last is censored: 25% to 35% are censored before the first
COMPETING = 0.15  # share with a competing event by the horizon where nothing else comes first
SPREAD = 1.0  # standard deviation of the log-odds; with 1 the best possible AUROC is about .75
Labels = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Slope:
    """Log-odds for each `scale` that a number lies above `centre`, both in the column's unit."""

    coefficient: float
    centre: float
    scale: float


@dataclass(frozen=True)
class RiskFunction:
    """Log-odds = intercept + a slope per number + a coefficient per label, the first label's being 0.

    A predictor without effect has coefficients 0. A missing value adds nothing: a number counts as its centre, a
    category as its first label. For an outcome at a horizon the risk is that of the event by then and before any
    competing one; of classes it is that of the class of interest.
    """

    intercept: float
    numbers: Mapping[str, Slope]
    categories: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Plain content for JSON."""
        return asdict(self)


def true_risk(frame_typed: pd.DataFrame, truth: RiskFunction) -> FloatArray:
    """The risk of each typed record, numbers in their columns' units, shape (n,), between 0 and 1."""
    risk: FloatArray = expit(_log_odds(frame_typed, truth))
    return risk


def draw_risk_function(
    sample: pd.DataFrame, predictors: Mapping[str, Column], rng: np.random.Generator, event_share: float
) -> RiskFunction:
    """Draw effects for `predictors`; over `sample` (typed) the log-odds have SD 1 and the mean risk is `event_share`.

    A third of the predictors, chosen at random, has no effect. The sign is the declared direction, else random; an
    ordered category, or one with a direction, rises or falls in equal steps.
    """
    names = list(predictors)
    idle = set(rng.permutation(names)[: round(len(names) * WITHOUT_EFFECT)])
    sizes = {name: 0.0 if name in idle else _signed_size(predictors[name], rng) for name in names}
    drawn = RiskFunction(
        intercept=0.0,
        numbers={name: _slope(sample[name], sizes[name]) for name in names if predictors[name].numeric},
        categories={name: _steps(c, sizes[name], rng) for name, c in predictors.items() if not c.numeric},
    )
    scaled = _scaled(drawn, float(_log_odds(sample, drawn).std()))
    return replace(scaled, intercept=_intercept(_log_odds(sample, scaled), event_share))


def draw_outcome(
    frame: pd.DataFrame, cohort: type[Cohort], truth: RiskFunction, rng: np.random.Generator
) -> dict[str, pd.Series]:
    """The columns of the cohort's outcome for each typed record, drawn from its true risk.

    Times to the event are exponential, with the risk as the probability of an event by the horizon; competing events
    come at a constant rate, independent of everything, each as often as the others. So is censoring, which is uniform;
    follow-up ends where the plausible range of its column does. The classes that are not of interest have equal shares.
    """
    outcome, columns, risk = cohort.study().outcome, cohort.columns(), true_risk(frame, truth)
    if isinstance(outcome, TimeToEvent):
        ended, time = _follow_up(risk, outcome, columns, rng)
        return {
            outcome.event_column: _coded(ended, columns[outcome.event_column], frame.index),
            outcome.time: pd.Series(time, index=frame.index).astype(frame[outcome.time].dtype),
        }
    event = rng.random(len(frame)) < risk
    others = [label for label in columns[outcome.column].labels if label != outcome.event]
    other = rng.choice(others, len(frame)) if isinstance(outcome, Classes) else others[0]
    return {outcome.column: _coded(np.where(event, outcome.event, other), columns[outcome.column], frame.index)}


def _follow_up(
    risk: FloatArray, outcome: TimeToEvent, columns: Mapping[str, Column], rng: np.random.Generator
) -> tuple[Labels, FloatArray]:
    """How follow-up ended, and when; in whole units the horizon itself still counts."""
    time, n = columns[outcome.time], len(risk)
    assert time.plausible, "every measurement has a plausible range"
    hazard, competing_hazard = _hazards(risk, COMPETING if outcome.competing else 0.0)
    until_end = rng.exponential(size=n) / hazard * outcome.horizon
    until_censored = rng.uniform(0, outcome.horizon * LAST_CENSORED, n)
    end = np.full(n, outcome.event)
    if outcome.competing:
        until_competing = rng.exponential(size=n) / competing_hazard * outcome.horizon
        end = np.where(until_end <= until_competing, end, rng.choice(outcome.competing, n))
        until_end = np.minimum(until_end, until_competing)
    if time.kind == Kind.INTEGER:
        until_end, until_censored = np.ceil(until_end), np.floor(until_censored)
    low, high = time.plausible
    until_end, until_censored = np.maximum(until_end, low), np.clip(until_censored, low, high)
    if not (censored := _censored(outcome, columns[outcome.event_column])):
        return end, np.minimum(until_end, high)
    return np.where(until_end <= until_censored, end, censored[0]), np.minimum(until_end, until_censored)


def _hazards(risk: FloatArray, competing: float) -> tuple[FloatArray, float]:
    """Constant hazards over one horizon of an event with that risk, and of one that competes with it."""
    kept = np.clip(risk, 1e-12, 1 - 1e-12)
    alone, other = -np.log1p(-kept), -float(np.log1p(-competing))
    if not competing:
        return alone, other

    def excess(log_hazard: FloatArray, aim: FloatArray) -> FloatArray:
        hazard = np.exp(log_hazard)
        both = hazard + other
        return hazard / both * -np.expm1(-both) - aim

    found: FloatArray = elementwise.find_root(excess, (np.log(alone), np.log(alone) + 30), args=(kept,)).x
    return np.exp(found), other


def _censored(outcome: TimeToEvent, column: Column) -> list[str]:
    """The labels that say that follow-up ended without an event."""
    return [label for label in column.labels if label not in (outcome.event, *outcome.competing)]


def _coded(labels: Labels, column: Column, index: pd.Index) -> pd.Series:
    return pd.Series(pd.Categorical(labels, categories=column.labels, ordered=column.ordered), index=index)


def _log_odds(frame: pd.DataFrame, truth: RiskFunction) -> FloatArray:
    log_odds = np.full(len(frame), truth.intercept)
    for name, slope in truth.numbers.items():
        values = frame[name].to_numpy("float64", na_value=np.nan)
        log_odds += np.nan_to_num((values - slope.centre) * (slope.coefficient / slope.scale))
    for name, effects in truth.categories.items():
        labels = frame[name].cat
        log_odds += np.array([*(effects[label] for label in labels.categories), 0.0])[labels.codes]
    return log_odds


def _signed_size(column: Column, rng: np.random.Generator) -> float:
    sign = column.expected.direction if column.expected else rng.choice([-1, 1])
    return float(sign * rng.uniform(0.5, 1.5))


def _slope(values: pd.Series, size: float) -> Slope:
    numbers = values.astype("Float64")
    return Slope(size, float(numbers.mean()), float(numbers.std(ddof=0)) or 1.0)


def _steps(column: Column, size: float, rng: np.random.Generator) -> dict[str, float]:
    """A coefficient per label, the last one's `size` where they are in order."""
    others = len(column.labels) - 1
    if column.ordered or column.expected:
        steps = size * np.arange(1, others + 1) / max(others, 1)
    else:
        steps = size * rng.choice([-1, 1], others) * rng.uniform(0.5, 1.5, others)
    return dict(zip(column.labels, [0.0, *steps.tolist()], strict=True))


def _scaled(truth: RiskFunction, spread: float) -> RiskFunction:
    """`truth` with effects such that log-odds which had the standard deviation `spread` have `SPREAD`."""
    factor = SPREAD / spread if spread > 0 else 1.0
    numbers = {name: replace(s, coefficient=s.coefficient * factor) for name, s in truth.numbers.items()}
    categories = {name: {k: v * factor for k, v in steps.items()} for name, steps in truth.categories.items()}
    return RiskFunction(truth.intercept, numbers, categories)


def _intercept(log_odds: FloatArray, event_share: float) -> float:
    return float(brentq(lambda intercept: expit(log_odds + intercept).mean() - event_share, -50, 50, xtol=1e-12))
