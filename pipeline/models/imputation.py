"""Logistic regression of multiply imputed predictors, pooled into one linear model."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray
from pipeline.models.calibration import sigmoid
from pipeline.models.features import Blocks, CategoryBlock, blocks_from_dict, learn_blocks
from pipeline.models.folds import Folds, Learnt
from pipeline.models.linear import (
    INVERSE_PENALTIES,
    RIDGE,
    TOLERANCE,
    TUNING_TOLERANCE,
    LinearModel,
    Part,
    Regression,
    tune,
)
from pipeline.models.rubin import pool
from pipeline.phrases import phrase

ROUNDS = 5  # of the chained equations
MOST_ROWS = 5_000


@dataclass(frozen=True)
class ImputedDesign:
    """Standardised columns whose gaps are filled by regression on all that is known of the patient.

    A number has one column, limited as in NumericBlock; a category one per level but its first. What is missing
    takes its mean given what is present, where chained linear regressions settle: with `precision` the inverse
    correlation matrix (m, m) of the columns, `-precision[gaps, gaps]^-1 precision[gaps, present] present`.
    """

    blocks: Blocks
    mean: FloatArray
    scale: FloatArray
    precision: FloatArray

    def transform(self, X: pd.DataFrame) -> FloatArray:
        """The completed design matrix, shape (n, m)."""
        matrix = (_expand(X, self.blocks) - self.mean) / self.scale
        gaps = np.isnan(matrix)
        matrix[gaps] = 0.0
        patterns, pattern = np.unique(np.packbits(gaps, axis=1), axis=0, return_inverse=True)
        order = np.argsort(pattern.ravel(), kind="stable")
        for rows in np.split(order, np.cumsum(np.bincount(pattern, minlength=len(patterns)))[:-1]):
            missing = np.flatnonzero(gaps[rows[0]]) if len(rows) else np.array([], dtype=int)
            if len(missing):
                pull = self.precision[missing] @ matrix[rows].T
                matrix[np.ix_(rows, missing)] = -np.linalg.solve(self.precision[np.ix_(missing, missing)], pull).T
        return matrix

    def owners(self) -> list[str]:
        """The predictor behind each of the m columns."""
        return [name for name, _ in _terms(self.blocks)]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        blocks = {name: asdict(block) for name, block in self.blocks.items()}
        numbers = {"mean": self.mean, "scale": self.scale, "precision": self.precision}
        return {"blocks": blocks} | {name: values.tolist() for name, values in numbers.items()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "ImputedDesign":
        """The design that `to_dict` described."""
        mean, scale, precision = (np.array(content[name]) for name in ("mean", "scale", "precision"))
        return cls(blocks_from_dict(content["blocks"]), mean, scale, precision)


@dataclass(frozen=True)
class Imputed:
    """A design learnt from n patients, and its standardised columns for them with random draws in the gaps, (n, m)."""

    design: ImputedDesign
    completed: list[FloatArray]


def impute(X: pd.DataFrame, y: FloatArray, imputations: int, seed: int) -> Imputed:
    """Multiple imputation by chained Bayesian linear regressions (van Buuren 2018, Flexible imputation, chapter 4).

    Training patients' gaps are drawn given their other predictors and their outcome y (n,): without it the drawn
    values would be unrelated to the outcome and draw the coefficients to zero (Moons et al. 2006, J Clin Epidemiol
    59:1092). The design fills new patients' gaps without the outcome, which nobody knows then.
    """
    from sklearn.covariance import ledoit_wolf

    blocks = learn_blocks(X, splines=False)
    raw = _expand(X, blocks)
    known = ~np.isnan(raw)
    mean, scale = _standards(raw, known)
    matrix = np.where(known.any(axis=0), (raw - mean) / scale, 0.0)
    drawn = _draw(matrix, y, imputations, seed)
    middle = np.mean(drawn, axis=(0, 1))  # not 0 where those with gaps differ from the others
    mean, completed = mean + scale * middle, [one - middle for one in drawn]
    covariance = np.mean([ledoit_wolf(one)[0] for one in completed], axis=0)
    floor = 1e-6 * np.eye(len(mean))  # for columns that do not vary
    return Imputed(ImputedDesign(blocks, mean, scale, np.linalg.inv(covariance + floor)), completed)


def _standards(raw: FloatArray, known: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (m,) of the known values; 0 and 1 where there are none, 1 where they do not vary."""
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0.0).sum(axis=0) / count
    scale = np.sqrt(np.where(known, (raw - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, np.where(scale > 1e-12 * (1 + np.abs(mean)), scale, 1.0)


def _draw(matrix: FloatArray, y: FloatArray, imputations: int, seed: int) -> list[FloatArray]:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - allows the next import
    from sklearn.impute import IterativeImputer
    from sklearn.linear_model import BayesianRidge

    together = np.column_stack([matrix, (y - y.mean()) / y.std()])

    def once(k: int) -> FloatArray:
        imputer = IterativeImputer(
            BayesianRidge(), sample_posterior=True, skip_complete=True, max_iter=ROUNDS, random_state=seed + k
        )
        completed: FloatArray = imputer.fit_transform(together)[:, :-1]
        return completed

    return [once(k) for k in range(imputations)]


@dataclass(frozen=True)
class PooledRegression:
    """Ridge regressions of the same patients, one for each imputation, and the mean of their coefficients."""

    regressions: list[Regression]

    def solve(self, inverse_penalty: float, l1_ratio: float) -> tuple[FloatArray, float]:
        """Coefficients (m,) and intercept."""
        solved = [regression.solve(inverse_penalty, l1_ratio) for regression in self.regressions]
        return np.mean([one for one, _ in solved], axis=0), float(np.mean([intercept for _, intercept in solved]))


@dataclass(frozen=True)
class ImputedLogisticCandidate:
    """Ridge regression of multiply imputed predictors, its coefficients pooled by Rubin's rules.

    Of a table of more than 5,000 rows the first are learnt from.
    """

    label: str
    seed: int
    imputations: int = 5

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        penalty = RIDGE.format(strength=f"{settings['inverse_penalty']:.3g}")
        return phrase("{n} imputations by chained equations, {penalty}").format(n=self.imputations, penalty=penalty)

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """Impute and tune inside the folds, fit on all, and pool what nearly unpenalised regressions say.

        `settings["pooled"]` has what `pool_terms` gives.
        """
        parts = []
        for training, held_out in folds:
            rows = training[:MOST_ROWS]
            imputed = impute(X.iloc[rows], y[rows], self.imputations, self.seed)
            regression = _regress(imputed, y[rows], weight[rows], TUNING_TOLERANCE)
            parts.append(Part(regression, imputed.design.transform(X.iloc[held_out]), held_out))
        best = tune(parts, y, weight, (0.0,))
        rows = np.arange(len(y))[:MOST_ROWS]
        imputed = impute(X.iloc[rows], y[rows], self.imputations, self.seed)
        model = _fit(imputed, y[rows], weight[rows], best.settings)
        settings = best.settings | {"pooled": pool_terms(imputed, y[rows], weight[rows])}
        return Learnt(settings, best.scores, model)

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> LinearModel:
        """Impute and fit once on X with the penalty that `learn` chose."""
        rows = slice(MOST_ROWS)
        return _fit(impute(X.iloc[rows], y[rows], self.imputations, self.seed), y[rows], weight[rows], settings)


def pool_terms(imputed: Imputed, y: FloatArray, weight: FloatArray) -> list[dict[str, Any]]:
    """What pooled regressions say of each column that varies, for JSON: log odds ratios and their 95% intervals.

    `term` is the predictor and `level` the label, None for a number; `estimate`, `lo` and `hi` are per unit of the
    number, or for the level against the first; `fmi` is the fraction of missing information. The regressions have
    the weakest penalty alone, lest intervals miss; their variance is the sandwich that holds for censoring weights
    too, rows taken as independent. Empty where events or non-events are no more than the columns.
    """
    varies = np.any([one.any(axis=0) for one in imputed.completed], axis=0)
    if min(y.sum(), (1 - y).sum()) <= varies.sum():
        return []
    told = [_estimate(one[:, varies], y, weight) for one in imputed.completed]
    pooled = pool(np.array([estimate for estimate, _ in told]), np.array([v for _, v in told]), len(y))
    scale = imputed.design.scale[varies]
    terms = [term for term, kept in zip(_terms(imputed.design.blocks), varies, strict=True) if kept]
    ratios = {name: (getattr(pooled, name)[1:] / scale).tolist() for name in ("estimate", "lo", "hi")}
    ratios["fmi"] = pooled.fmi[1:].tolist()
    return [
        {"term": term, "level": level} | {name: values[k] for name, values in ratios.items()}
        for k, (term, level) in enumerate(terms)
    ]


def _fit(imputed: Imputed, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> LinearModel:
    solved = _regress(imputed, y, weight, TOLERANCE).solve(settings["inverse_penalty"], 0.0)
    return LinearModel(imputed.design, *solved)


def _regress(imputed: Imputed, y: FloatArray, weight: FloatArray, tolerance: float) -> PooledRegression:
    return PooledRegression([Regression(one, y, weight, tolerance) for one in imputed.completed])


def _estimate(matrix: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Intercept and coefficients (1 + m,) under the weakest penalty, and their variances (White 1982), (1 + m,)."""
    weakest = INVERSE_PENALTIES[-1]
    coefficients, intercept = Regression(matrix, y, weight, TOLERANCE).solve(weakest, 0.0)
    design = np.column_stack([np.ones(len(y)), matrix])
    n, k = design.shape
    risk = sigmoid(intercept + matrix @ coefficients)
    penalty = np.diag([0.0, *[1 / weakest] * (k - 1)])
    bread = np.linalg.inv(design.T @ (design * (weight * risk * (1 - risk))[:, None]) + penalty)
    meat = design.T @ (design * ((weight * (y - risk)) ** 2)[:, None]) * n / (n - k)
    return np.array([intercept, *coefficients]), np.diag(bread @ meat @ bread)


def _terms(blocks: Blocks) -> list[tuple[str, str | None]]:
    """Predictor and level behind each column; a number has no level."""
    return [
        (name, level)
        for name, block in blocks.items()
        for level in ([*block.levels, *["other"] * block.pooled][1:] if isinstance(block, CategoryBlock) else [None])
    ]


def _expand(X: pd.DataFrame, blocks: Blocks) -> FloatArray:
    """Columns (n, m), NaN where missing."""
    parts: list[FloatArray] = []
    for name, block in blocks.items():
        if isinstance(block, CategoryBlock):
            levels = block.expand(X[name])[:, 1:]
            levels[X[name].isna()] = np.nan
            parts.append(levels)
        else:
            parts.append(np.clip(X[[name]].to_numpy(np.float64), *block.limits))
    return np.concatenate(parts, axis=1)
