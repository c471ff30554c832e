"""The simplest models, always beside the others: what a model adds shows only against them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray
from pipeline.models.candidates import Candidate, Context, build_candidates
from pipeline.models.folds import Fitted, Folds, Learnt
from pipeline.models.linear import LogisticCandidate
from pipeline.phrases import phrase

PREVALENCE, SIMPLE, LOGISTIC = "prevalence", "baseline", "logistic"


@dataclass(frozen=True)
class ConstantModel:
    """Everybody has the same log-odds."""

    value: float

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        return np.full(len(X), self.value)


@dataclass(frozen=True)
class PrevalenceCandidate:
    """The share with the event, for everybody."""

    label: str = phrase("The event rate for everybody")

    def describe(self, settings: dict[str, Any]) -> str:
        """Nothing is tuned."""
        return phrase("no predictor")

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """The rate of each fold's training patients for those held out, and that of all."""
        scores = np.full(len(y), np.nan)
        for rows, held_out in folds:
            scores[held_out] = self.fit(X, y[rows], weight[rows], {}).value
        return Learnt({}, scores, self.fit(X, y, weight, {}))

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> ConstantModel:
        """The weighted rate, of outcomes that include both."""
        rate = float(np.average(y, weights=weight))
        return ConstantModel(float(np.log(rate / (1 - rate))))


@dataclass(frozen=True)
class ColumnsCandidate:
    """Another candidate that sees some of the predictors only."""

    label: str
    candidate: Candidate
    columns: tuple[str, ...]

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        return self.candidate.describe(settings)

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """As the candidate learns from these columns."""
        learnt = self.candidate.learn(X[list(self.columns)], y, weight, folds)
        return Learnt(learnt.settings, learnt.scores, _OnColumns(learnt.model, self.columns))

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> Fitted:
        """As the candidate fits these columns."""
        return _OnColumns(self.candidate.fit(X[list(self.columns)], y, weight, settings), self.columns)


@dataclass(frozen=True)
class _OnColumns:
    model: Fitted
    columns: tuple[str, ...]

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        return self.model.log_odds(X[list(self.columns)])


def add_baselines(
    candidates: Mapping[str, Candidate], columns: tuple[str, ...], context: Context
) -> dict[str, Candidate]:
    """`candidates` with the event rate, the columns that the study calls its baseline, and logistic regression."""
    simple = {PREVALENCE: PrevalenceCandidate()} | (
        {SIMPLE: ColumnsCandidate(_says(columns, context.predictors), LogisticCandidate("", splines=True), columns)}
        if columns
        else {}
    )
    return dict(candidates) | build_candidates((LOGISTIC,), context) | simple


def _says(columns: tuple[str, ...], predictors: Mapping[str, Column]) -> str:
    *first, last = (predictors[name].label for name in columns)
    if not first:
        return phrase("Baseline: {label} alone").format(label=last)
    return phrase("Baseline: {several} and {label} alone").format(several=", ".join(first), label=last)
