"""Penalised logistic regression, plain or with splines."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray, IntArray
from pipeline.models.features import Design
from pipeline.models.folds import Folds, Learnt, log_loss
from pipeline.models.screening import learn_design
from pipeline.phrases import phrase

INVERSE_PENALTIES = tuple(float(c) for c in np.logspace(-3, 1, 17))
COARSE = 2  # every second penalty is tried first, then the neighbours of the best
PATIENCE = 2  # weaker penalties that are tried in vain before a path ends
L1_RATIOS = (0.0, 0.9)
MOST_ROWS = 50_000
TUNING_TOLERANCE, TOLERANCE = 1e-3, 1e-6
RIDGE = phrase("ridge penalty of inverse strength {strength}")
ELASTIC_NET = phrase("elastic-net penalty, {share} of it absolute, of inverse strength {strength}")
SPLINES = phrase("restricted cubic splines of the numbers, {penalty}")
"""The tuned settings in words."""


@dataclass(frozen=True)
class LinearModel:
    """A design and its coefficients (m,); log-odds are linear in the design's columns."""

    design: Design
    coefficients: FloatArray
    intercept: float

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        scores: FloatArray = self.intercept + self.design.transform(X) @ self.coefficients
        return scores


@dataclass(frozen=True)
class LogisticCandidate:
    """Elastic-net logistic regression (Zou and Hastie 2005); the penalty has the least held-out log-loss.

    Coefficients b cost `((1 - l1_ratio) / 2 * b @ b + l1_ratio * abs(b).sum()) / inverse_penalty`, beside the sum of
    the weighted log-losses. Of a table of more than 50,000 rows the first 50,000 are learnt from, and of very many
    predictors those that tell most each by itself.
    """

    label: str
    splines: bool

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        share, strength = settings.get("l1_ratio", 0.0), f"{settings['inverse_penalty']:.3g}"
        said = (ELASTIC_NET if share else RIDGE).format(share=f"{share:.0%}", strength=strength)
        return SPLINES.format(penalty=said) if self.splines else said

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """Tune along a path of penalties for each `l1_ratio`, and fit with the best; all of it inside the fold."""
        parts = [self._prepare(X, y, weight, training, held_out) for training, held_out in folds]
        best = tune(parts, y, weight)
        return Learnt(best.settings, best.scores, self.fit(X, y, weight, best.settings))

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> LinearModel:
        """Fit on X with chosen settings; without an `l1_ratio` the penalty is a ridge."""
        rows = slice(MOST_ROWS)
        design = learn_design(X.iloc[rows], y[rows], weight[rows], splines=self.splines)
        fitted = regress(design.transform(X.iloc[rows]), y[rows], weight[rows], settings)
        return LinearModel(design, *fitted)

    def _prepare(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, training: IntArray, held_out: IntArray
    ) -> "Part":
        rows = training[:MOST_ROWS]
        design = learn_design(X.iloc[rows], y[rows], weight[rows], splines=self.splines)
        seen, unseen = design.transform(X.iloc[rows]), design.transform(X.iloc[held_out])
        return Part(Regression(seen, y[rows], weight[rows], TUNING_TOLERANCE), unseen, held_out)


def regress(
    matrix: FloatArray, y: FloatArray, weight: FloatArray, settings: dict[str, Any]
) -> tuple[FloatArray, float]:
    """Coefficients (m,) and intercept, which is not penalised, for a design `matrix` (n, m)."""
    regression = Regression(matrix, y, weight, TOLERANCE)
    return regression.solve(settings["inverse_penalty"], settings.get("l1_ratio", 0.0))


class Regression:
    """Regressions of the same patients under one penalty after another, each begun where the last one ended.

    A column that does not vary, such as an idle indicator, gets 0 at no cost. `tolerance` is the largest component
    that the gradient of the mean loss may keep.
    """

    def __init__(self, matrix: FloatArray, y: FloatArray, weight: FloatArray, tolerance: float) -> None:
        from glum import GeneralizedLinearRegressor

        self.varying = np.flatnonzero(matrix.any(axis=0))
        self.width = matrix.shape[1]
        self.data = np.asfortranarray(matrix[:, self.varying]), y, weight
        self.solver = GeneralizedLinearRegressor(
            family="binomial",
            warm_start=len(self.varying) > 1,  # glum 3.4 cannot begin anew from a single coefficient
            gradient_tol=tolerance,
            max_iter=200,
            check_input=False,
        )

    def solve(self, inverse_penalty: float, l1_ratio: float) -> tuple[FloatArray, float]:
        """Coefficients (m,) and intercept."""
        matrix, y, weight = self.data
        coefficients = np.zeros(self.width)
        if not len(self.varying):
            return coefficients, float(np.log(weight @ y) - np.log(weight @ (1 - y)))
        self.solver.set_params(alpha=1 / (inverse_penalty * weight.sum()), l1_ratio=l1_ratio)
        self.solver.fit(matrix, y, sample_weight=weight)
        coefficients[self.varying] = self.solver.coef_
        return coefficients, float(self.solver.intercept_)


class Solver(Protocol):
    """What gives coefficients under a penalty."""

    def solve(self, inverse_penalty: float, l1_ratio: float) -> tuple[FloatArray, float]:
        """Coefficients (m,) and intercept."""


@dataclass(frozen=True)
class Part:
    """One fold: the regression of its training rows, and the design (k, m) and positions (k,) of its held-out rows."""

    regression: Solver
    unseen: FloatArray
    held_out: IntArray


@dataclass(frozen=True)
class Trial:
    """Held-out log-loss and log-odds (n,) under one penalty, whose place is that in INVERSE_PENALTIES."""

    place: int
    l1_ratio: float
    loss: float
    scores: FloatArray

    @property
    def settings(self) -> dict[str, Any]:
        """The penalty, for JSON."""
        return {"inverse_penalty": INVERSE_PENALTIES[self.place], "l1_ratio": self.l1_ratio}


def tune(parts: list[Part], y: FloatArray, weight: FloatArray, l1_ratios: tuple[float, ...] | None = None) -> Trial:
    """The penalty of least held-out log-loss for outcomes y (n,), found along a path for each of `l1_ratios`."""
    tried: list[Trial] = []
    for l1_ratio in l1_ratios or L1_RATIOS:
        # What leaves columns out penalises the others less than the best ridge does, or little more.
        start = max(0, min(tried, key=_loss).place - COARSE) if tried else 0
        tried += _walk(parts, y, weight, l1_ratio, start)
    best = min(tried, key=_loss)
    beside = {best.place - 1, best.place + 1} & set(range(len(INVERSE_PENALTIES)))
    return min([best, *(_try(parts, y, weight, best.l1_ratio, place) for place in sorted(beside))], key=_loss)


def _loss(trial: Trial) -> float:
    return trial.loss


def _walk(parts: list[Part], y: FloatArray, weight: FloatArray, l1_ratio: float, start: int) -> list[Trial]:
    """Try ever weaker penalties until they get worse."""
    path: list[Trial] = []
    for place in range(start, len(INVERSE_PENALTIES), COARSE):
        path.append(_try(parts, y, weight, l1_ratio, place))
        if place - min(path, key=_loss).place >= PATIENCE * COARSE:
            break
    return path


def _try(parts: list[Part], y: FloatArray, weight: FloatArray, l1_ratio: float, place: int) -> Trial:
    scores = np.full(len(y), np.nan)
    for part in parts:
        coefficients, intercept = part.regression.solve(INVERSE_PENALTIES[place], l1_ratio)
        scores[part.held_out] = intercept + part.unseen @ coefficients
    return Trial(place, l1_ratio, log_loss(y, scores, weight), scores)
