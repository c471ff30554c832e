"""Gradient-boosted trees that keep the directions medicine expects."""

import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost

from data_schemas.columns import Column, FactorClass
from pipeline.arrays import FloatArray, IntArray
from pipeline.models.features import has_direction
from pipeline.models.folds import Folds, Learnt
from pipeline.models.growing import BINS, Grower, LocalGrower, Rows
from pipeline.phrases import phrase

MAX_ROUNDS = 1000
PATIENCE = 30  # rounds without gain; of a large table, whose steps are larger, half as many
ONE_THREAD_BELOW = 50_000  # rows; below, a second thread costs more than it saves
LEAF_SHARE = 0.02  # of what all patients tell of the outcome: no leaf rests on less, or on more than the shape says
LEAST_LEAF = 0.5
LARGE, LARGE_STEP = 5_000, 2.0  # rows from which on trees learn faster, since there are enough to steady them
CARD = Path("/dev/nvidia0")  # what the driver makes for the first graphics card, on Linux


@dataclass(frozen=True)
class Shape:
    """How trees are grown: xgboost's parameters of the same names; `min_child_weight` is the most that is asked."""

    eta: float
    max_depth: int
    min_child_weight: float
    subsample: float
    colsample_bytree: float
    reg_lambda: float

    def fitting(self, y: FloatArray) -> "Shape":
        """The shape for outcomes y (n,): smaller leaves in small tables, larger steps in large ones."""
        told = len(y) * float(y.mean() * (1 - y.mean()))
        leaf = min(self.min_child_weight, max(LEAST_LEAF, LEAF_SHARE * told))
        return replace(self, min_child_weight=leaf, eta=self.eta * (LARGE_STEP if len(y) >= LARGE else 1))


@dataclass(frozen=True)
class TreesModel:
    """Fitted boosters, each of which has seen another part of the patients; log-odds are their mean."""

    boosters: tuple[xgboost.Booster, ...]

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        mean: FloatArray = np.mean([predict(booster, X) for booster in self.boosters], axis=0)
        return mean


@dataclass(frozen=True)
class TreesCandidate:
    """Boosted trees of one shape; `directions` (-1 or 1 per predictor) constrain each tree; rounds are tuned."""

    label: str
    seed: int
    directions: dict[str, int] = field(default_factory=dict)
    shape: Shape = Shape(0.08, 2, 2, 0.8, 0.6, 1)
    device: str = "cpu"
    grower: Grower = field(default_factory=LocalGrower)

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        return phrase("{n} trees of depth {depth}").format(n=settings["rounds"], depth=self.shape.max_depth)

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """Train on each fold; the number of rounds has the least mean held-out loss.

        One number for all folds: stopping each fold at its own best would flatter the out-of-fold log-odds. The model
        is the mean of the folds' boosters: that predicts better than one fitted to all, and nothing more is trained.
        """
        trained = [self._train(X, y, weight, fold) for fold in folds]
        rounds = 1 + int(np.argmin(_mean_curve([losses for _, losses in trained])))
        kept = [booster[: min(rounds, booster.num_boosted_rounds())] for booster, _ in trained]
        scores = np.full(len(y), np.nan)
        for booster, (_, held_out) in zip(kept, folds, strict=True):
            scores[held_out] = predict(booster, X.iloc[held_out])
        return Learnt({"rounds": rounds}, scores, TreesModel(tuple(kept)))

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> TreesModel:
        """Fit once on all of X with the rounds that `learn` chose."""
        rows = Rows.of(X, y, weight)
        return TreesModel((self.grower.grow(self._parameters(X, y), rows, None, settings["rounds"])[0],))

    def _train(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, fold: tuple[IntArray, IntArray]
    ) -> tuple[xgboost.Booster, FloatArray]:
        seen, unseen = (Rows.of(X, y, weight, place) for place in fold)
        patience = PATIENCE // (2 if len(seen) >= LARGE else 1)
        return self.grower.grow(self._parameters(X, seen.y), seen, unseen, MAX_ROUNDS, patience)

    def _parameters(self, X: pd.DataFrame, y: FloatArray) -> dict[str, Any]:
        constraints = tuple(self.directions.get(str(name), 0) for name in X)
        return asdict(self.shape.fitting(y)) | {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "max_bin": BINS,
            "monotone_constraints": constraints,
            "seed": self.seed,
            "nthread": 1 if len(X) < ONE_THREAD_BELOW else os.cpu_count() or 1,
            "device": self.device,
        }


def find_device(wanted: str) -> str:
    """`cpu` or `cuda`: for `auto`, a graphics card where one is present and xgboost was built for it."""
    if wanted != "auto":
        return wanted
    return "cuda" if CARD.exists() and xgboost.build_info()["USE_CUDA"] else "cpu"


def constrained_directions(predictors: dict[str, Column]) -> dict[str, int]:
    """The direction each predictor's trees must keep: where the schema expects one, except for treatments.

    A treatment is given to the ill, so its association may truly run against its effect.
    """
    return {
        name: int(column.expected.direction)
        for name, column in predictors.items()
        if column.expected and column.factor != FactorClass.TREATMENT and has_direction(column)
    }


def predict(booster: xgboost.Booster, X: pd.DataFrame) -> FloatArray:
    """Log-odds of the event by one booster, shape (n,); X is read where it lies."""
    return booster.inplace_predict(X, predict_type="margin").astype(float)


def as_matrix(X: pd.DataFrame, y: FloatArray | None = None, weight: FloatArray | None = None) -> xgboost.DMatrix:
    """`X` as xgboost reads it, with native categories."""
    return xgboost.DMatrix(X, label=y, weight=weight, enable_categorical=True)


def _mean_curve(curves: list[FloatArray]) -> FloatArray:
    """The mean of held-out losses per round, each fold's curve held at its last value once it stopped."""
    longest = max(len(curve) for curve in curves)
    filled = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    mean: FloatArray = np.mean(filled, axis=0)
    return mean
