"""The deployed model: an average on the log-odds scale, recalibrated; and every candidate by itself beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.models.calibration import fit_recalibration, sigmoid
from pipeline.models.candidates import Candidate
from pipeline.models.folds import Fitted, Learnt, log_loss, make_folds
from pipeline.models.stacking import fit_weights
from pipeline.outcomes import Observed
from pipeline.patients import count_patients

ENSEMBLE = "ensemble"
CELLS_AT_ONCE = 4_000_000  # rows times predictors that are given risks at a time
SEARCH_ALL, SEARCH_ROWS = 50_000, 20_000  # rows: of more than the first, as many as the second are searched
WORTHWHILE = 0.1  # over the root of the rows: the share of the loss that one more member must take off
FEWEST = 10  # events, and non-events; with fewer no model of risk means anything


def rows_at_once(X: pd.DataFrame) -> int:
    """How many rows of X are given risks at a time, so that what is made of them stays small."""
    return max(1000, CELLS_AT_ONCE // max(1, X.shape[1]))


@dataclass(frozen=True)
class RiskModel:
    """Fitted members, how each weighs, and the recalibration of their average."""

    members: dict[str, Fitted]
    weights: dict[str, float]
    intercept: float
    slope: float

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Recalibrated log-odds of the event by the horizon, shape (n,)."""
        rows = rows_at_once(X)
        parts = [self._average(X.iloc[start : start + rows]) for start in range(0, len(X), rows)]
        result: FloatArray = self.intercept + self.slope * np.concatenate([np.empty(0), *parts])
        return result

    def _average(self, X: pd.DataFrame) -> FloatArray:
        """Of few rows: the design of a linear member has several columns for each predictor."""
        parts = (self.weights[name] * member.log_odds(X) for name, member in self.members.items())
        return sum(parts, np.zeros(len(X)))

    def risk(self, X: pd.DataFrame) -> FloatArray:
        """Predicted probability of the event, shape (n,)."""
        return sigmoid(self.log_odds(X))


@dataclass(frozen=True)
class Learning:
    """What one outcome taught: models by name, tuned settings by candidate, and the rows with a known outcome.

    `scores` are the recalibrated out-of-fold log-odds of the ensemble for the k rows whose outcome is known, NaN
    where no fold held the row out; `y` and `weight` (k,) are their outcomes and censoring weights.
    """

    models: dict[str, RiskModel]
    settings: dict[str, dict[str, Any]]
    scores: FloatArray
    y: FloatArray
    weight: FloatArray


@dataclass(frozen=True)
class Portfolio:
    """Who competes, who is averaged, and who is tried as a further member, in this order, until one does not pay.

    All are names in `candidates`.
    """

    candidates: Mapping[str, Candidate]
    compete: tuple[str, ...]
    ensemble: tuple[str, ...]
    search: tuple[str, ...] = ()

    def alone(self) -> "Portfolio":
        """The same without those that only compete."""
        return replace(self, compete=())


@dataclass(frozen=True)
class _Rows:
    X: pd.DataFrame
    y: FloatArray
    weight: FloatArray
    patient: IntArray

    def head(self, count: int) -> "_Rows":
        return _Rows(self.X.iloc[:count], self.y[:count], self.weight[:count], self.patient[:count])


def learn_outcome(X: pd.DataFrame, observed: Observed, patient: IntArray, portfolio: Portfolio, folds: int) -> Learning:
    """Learn and recalibrate every candidate, and the weighted average of the members.

    Patients whose outcome is unknown take part through the censoring weights alone, which are estimated here,
    on these patients. Weights and recalibration use out-of-fold log-odds, so nothing judges what it was fitted to.
    Of more than 50,000 rows the first 20,000, whose order is random, decide who becomes a member. A member that was
    only searched has no model of its own, since other patients might not have led to it. Raises DataRefusedError where
    events or non-events are fewer than ten patients.
    """
    weights = observed.weights()
    used = weights > 0
    rows = _Rows(X, observed.by_horizon(), weights, patient)
    if not used.all():
        rows = _Rows(X[used], rows.y[used], weights[used], patient[used])
    _refuse_too_few(rows.y, rows.patient)
    shown = dict.fromkeys((*portfolio.compete, *portfolio.ensemble))
    if portfolio.search and len(rows.y) > SEARCH_ALL:
        few, _ = _search(_deciding(rows, folds), portfolio.alone(), folds)
        portfolio = replace(portfolio, ensemble=tuple(few), search=())
    members, learnt = _search(rows, portfolio, folds)
    models = {ENSEMBLE: _average(members, rows.y, rows.weight)}
    models |= {name: _average({name: learnt[name]}, rows.y, rows.weight) for name in shown}
    scores = _blend(models[ENSEMBLE], members)
    return Learning(models, {name: one.settings for name, one in learnt.items()}, scores, rows.y, rows.weight)


def _deciding(rows: _Rows, folds: int) -> _Rows:
    """The first 20,000 rows, or as many as it takes to have enough patients with the event and without it."""
    fresh = ~pd.DataFrame({"patient": rows.patient, "y": rows.y}).duplicated().to_numpy(bool)
    seen = np.minimum(*(np.cumsum(fresh & (rows.y == outcome)) for outcome in (0, 1)))
    return rows.head(max(SEARCH_ROWS, 1 + int(np.searchsorted(seen, max(FEWEST, folds)))))


def _search(rows: _Rows, portfolio: Portfolio, folds: int) -> tuple[dict[str, Learnt], dict[str, Learnt]]:
    """The members of the average, and all that was learnt."""
    inner = make_folds(rows.y, rows.patient, folds)

    def learn(name: str) -> Learnt:
        return portfolio.candidates[name].learn(rows.X, rows.y, rows.weight, inner)

    learnt = {name: learn(name) for name in dict.fromkeys((*portfolio.compete, *portfolio.ensemble))}
    members = {name: learnt[name] for name in portfolio.ensemble}
    reached = _loss(members, rows)
    for name in portfolio.search:
        learnt[name] = learnt.get(name) or learn(name)
        more = members | {name: learnt[name]}
        loss = _loss(more, rows)
        if loss > (1 - WORTHWHILE / np.sqrt(len(rows.y))) * reached:
            break
        members, reached = more, loss
    return members, learnt


def _loss(members: Mapping[str, Learnt], rows: _Rows) -> float:
    """Out-of-fold log-loss of the members' average."""
    return log_loss(rows.y, _blend(_average(members, rows.y, rows.weight), members), rows.weight)


def _refuse_too_few(y: FloatArray, patient: IntArray) -> None:
    for outcome, called in ((1, "the event"), (0, "a known outcome without it")):
        count = count_patients(patient, y == outcome)
        if count < FEWEST:
            raise DataRefusedError(
                f"{count} patients for training have {called}, expected at least {FEWEST}; gather more patients, "
                "or choose an outcome or horizon that more of them reach"
            )


def _average(members: Mapping[str, Learnt], y: FloatArray, weight: FloatArray) -> RiskModel:
    scores = np.array([one.scores for one in members.values()])
    known = np.isfinite(scores).all(axis=0)
    scores, y, weight = scores[:, known], y[known], weight[known]
    share = fit_weights(scores, y, weight) if len(members) > 1 else np.ones(1)
    intercept, slope = fit_recalibration(share @ scores, y, weight)
    return RiskModel(
        {name: one.model for name, one in members.items()},
        dict(zip(members, map(float, share), strict=True)),
        intercept,
        slope,
    )


def _blend(model: RiskModel, members: Mapping[str, Learnt]) -> FloatArray:
    average = np.sum([model.weights[name] * one.scores for name, one in members.items()], axis=0)
    blended: FloatArray = model.intercept + model.slope * average
    return blended
