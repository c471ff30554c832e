"""A risk function that is known because it was made up: what a model of synthetic records ought to recover."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from data_schemas.columns import Binary, Cohort, Column, Kind, TimeToEvent
from pipeline.arrays import FloatArray

WITHOUT_EFFECT = 1 / 3  # share of the predictors
LAST_CENSORED = 1 / 0.35  # horizons until the last is censored: 25% to 35% are censored before the first
SPREAD = 1.0  # standard deviation of the log-odds; with 1 the best possible AUROC is about .75


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
    category as its first label. For an outcome at a horizon the risk is that of the event by then.
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

    Times to the event are exponential, with the risk as the probability of an event by the horizon; censoring is
    uniform and independent of everything, and follow-up ends where the plausible range of its column does.
    """
    outcome, columns, risk = cohort.study().outcome, cohort.columns(), true_risk(frame, truth)
    if isinstance(outcome, Binary):
        event = rng.random(len(frame)) < risk
        return {outcome.column: _coded(event, columns[outcome.column], outcome.event, frame.index)}
    event, time = _follow_up(risk, outcome, columns[outcome.time], rng)
    return {
        outcome.event_column: _coded(event, columns[outcome.event_column], outcome.event, frame.index),
        outcome.time: pd.Series(time, index=frame.index).astype(frame[outcome.time].dtype),
    }


def _follow_up(
    risk: FloatArray, outcome: TimeToEvent, column: Column, rng: np.random.Generator
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Whether follow-up ended with the event, and when; in whole units the horizon itself still counts."""
    assert column.plausible, "every measurement has a plausible range"
    low, high = column.plausible
    hazard = -np.log1p(-np.clip(risk, 1e-12, 1 - 1e-12)) / outcome.horizon
    until_event = rng.exponential(size=len(risk)) / hazard
    until_censored = rng.uniform(0, outcome.horizon * LAST_CENSORED, len(risk))
    if column.kind == Kind.INTEGER:
        until_event, until_censored = np.ceil(until_event), np.floor(until_censored)
    until_event, until_censored = np.maximum(until_event, low), np.clip(until_censored, low, high)
    return until_event <= until_censored, np.minimum(until_event, until_censored)


def _coded(event: npt.NDArray[np.bool_], column: Column, label: str, index: pd.Index) -> pd.Series:
    """`label` where the event came, else the first of the other labels."""
    labels = column.labels
    other = next(each for each in labels if each != label)
    codes = np.where(event, labels.index(label), labels.index(other))
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(labels), ordered=column.ordered), index=index)


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
