"""Gradient-boosted trees that keep the directions medicine expects."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xgboost

from data_schemas.columns import Column, FactorClass
from pipeline.arrays import FloatArray
from pipeline.models.features import has_direction
from pipeline.models.folds import Folds

MAX_ROUNDS = 1000
PATIENCE = 50
ONE_THREAD_BELOW = 20_000
PARAMETERS = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_bin": 128,
    "eta": 0.1,
    "max_depth": 2,
    "min_child_weight": 2.0,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "lambda": 1.0,
}


@dataclass(frozen=True)
class TreesModel:
    """A fitted booster; log-odds are the sum of its trees' leaves."""

    booster: xgboost.Booster

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        scores: FloatArray = self.booster.predict(as_matrix(X), output_margin=True).astype(float)
        return scores


@dataclass(frozen=True)
class TreesCandidate:
    """Boosted trees of depth 2; `directions` (-1 or 1 per predictor) constrain each tree; rounds are tuned."""

    label: str
    seed: int
    directions: dict[str, int] = field(default_factory=dict)

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        return f"{settings['rounds']} trees of depth {PARAMETERS['max_depth']}, learning rate {PARAMETERS['eta']}"

    def tune(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds
    ) -> tuple[dict[str, Any], FloatArray]:
        """The number of rounds with the least mean held-out loss, and its out-of-fold log-odds, shape (n,).

        One number for all folds: stopping each fold at its own best would flatter the out-of-fold log-odds.
        """
        fitted = [self._train(X, y, weight, fold, MAX_ROUNDS) for fold in folds]
        rounds = 1 + int(np.argmin(_mean_curve([losses for _, losses in fitted])))
        scores = np.empty(len(y))
        for (booster, _), (_, held_out) in zip(fitted, folds, strict=True):
            last = min(rounds, booster.num_boosted_rounds())
            scores[held_out] = booster.predict(
                as_matrix(X.iloc[held_out]), output_margin=True, iteration_range=(0, last)
            )
        return {"rounds": rounds}, scores

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> TreesModel:
        """Fit on all of X with the rounds that `tune` chose."""
        return TreesModel(xgboost.train(self._parameters(X), as_matrix(X, y, weight), settings["rounds"]))

    def _train(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, fold: tuple[Any, Any], rounds: int
    ) -> tuple[xgboost.Booster, FloatArray]:
        training, held_out = (as_matrix(X.iloc[rows], y[rows], weight[rows]) for rows in fold)
        history: dict[str, dict[str, list[float]]] = {}
        booster = xgboost.train(
            self._parameters(X) | {"eval_metric": "logloss"},
            training,
            rounds,
            evals=[(held_out, "held_out")],
            early_stopping_rounds=PATIENCE,
            evals_result=history,
            verbose_eval=False,
        )
        return booster, np.array(history["held_out"]["logloss"])

    def _parameters(self, X: pd.DataFrame) -> dict[str, Any]:
        constraints = tuple(self.directions.get(str(name), 0) for name in X)
        threads = 1 if len(X) < ONE_THREAD_BELOW else 0
        return PARAMETERS | {"monotone_constraints": constraints, "seed": self.seed, "nthread": threads}


def constrained_directions(predictors: dict[str, Column]) -> dict[str, int]:
    """The direction each predictor's trees must keep: where the schema expects one, except for treatments.

    A treatment is given to the ill, so its association may truly run against its effect.
    """
    return {
        name: int(column.expected.direction)
        for name, column in predictors.items()
        if column.expected and column.factor != FactorClass.TREATMENT and has_direction(column)
    }


def as_matrix(X: pd.DataFrame, y: FloatArray | None = None, weight: FloatArray | None = None) -> xgboost.DMatrix:
    """`X` as xgboost reads it, with native categories."""
    return xgboost.DMatrix(X, label=y, weight=weight, enable_categorical=True)


def _mean_curve(curves: list[FloatArray]) -> FloatArray:
    """The mean of held-out losses per round, each fold's curve held at its last value once it stopped."""
    longest = max(len(curve) for curve in curves)
    filled = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    mean: FloatArray = np.mean(filled, axis=0)
    return mean
