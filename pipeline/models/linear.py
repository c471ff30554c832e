"""Penalised logistic regression, plain or with splines."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from pipeline.arrays import FloatArray
from pipeline.models.features import LinearDesign
from pipeline.models.folds import Folds, log_loss

PENALTIES = tuple(float(c) for c in np.logspace(-3, 1, 9))


@dataclass(frozen=True)
class LinearModel:
    """A design and its coefficients (m,); log-odds are linear in the design's columns."""

    design: LinearDesign
    coefficients: FloatArray
    intercept: float

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        scores: FloatArray = self.intercept + self.design.transform(X) @ self.coefficients
        return scores


@dataclass(frozen=True)
class LogisticCandidate:
    """Ridge-penalised logistic regression; the penalty with the least out-of-fold log-loss is taken."""

    label: str
    splines: bool

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        terms = "restricted cubic splines of the numbers, " if self.splines else ""
        return f"{terms}ridge penalty of inverse strength {settings['inverse_penalty']:.3g}"

    def tune(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds
    ) -> tuple[dict[str, Any], FloatArray]:
        """The best settings and their out-of-fold log-odds, shape (n,); design and fit stay inside each fold."""
        scores = np.empty((len(PENALTIES), len(y)))
        for training, held_out in folds:
            design = LinearDesign.learn(X.iloc[training], splines=self.splines)
            seen, unseen = design.transform(X.iloc[training]), design.transform(X.iloc[held_out])
            for row, inverse_penalty in zip(scores, PENALTIES, strict=True):
                coefficients, intercept = _regress(seen, y[training], weight[training], inverse_penalty)
                row[held_out] = intercept + unseen @ coefficients
        best = int(np.argmin([log_loss(y, row, weight) for row in scores]))
        return {"inverse_penalty": PENALTIES[best]}, scores[best]

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> LinearModel:
        """Fit on all of X with the settings that `tune` chose."""
        design = LinearDesign.learn(X, splines=self.splines)
        return LinearModel(design, *_regress(design.transform(X), y, weight, settings["inverse_penalty"]))


def _regress(matrix: FloatArray, y: FloatArray, weight: FloatArray, inverse_penalty: float) -> tuple[FloatArray, float]:
    """Coefficients (m,) and intercept; a column that does not vary, such as an idle indicator, gets 0 at no cost."""
    varies = matrix.any(axis=0)
    regression = LogisticRegression(C=inverse_penalty, solver="newton-cholesky", tol=1e-6, max_iter=200)
    regression.fit(matrix[:, varies], y, weight)
    coefficients = np.zeros(matrix.shape[1])
    coefficients[varies] = regression.coef_[0]
    return coefficients, float(regression.intercept_[0])
