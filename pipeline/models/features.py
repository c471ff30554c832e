"""Records to numbers: one frame for all models, and the design matrix of the linear ones."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray

KNOT_QUANTILES = (0.05, 0.275, 0.5, 0.725, 0.95)
LIMIT_QUANTILES = (0.005, 0.995)
FEW_VALUES = 10


def model_frame(records: pd.DataFrame, predictors: dict[str, Column]) -> pd.DataFrame:
    """The predictors as models see them, one column each, in declared order.

    Numbers and ordered or two-code categories become float64 (a code's position from 0), missing is NaN;
    other categories stay pandas categories of their labels.
    """
    return pd.DataFrame({name: _as_feature(records[name], column) for name, column in predictors.items()})


def _as_feature(values: pd.Series, column: Column) -> pd.Series:
    if column.numeric:
        return values.astype("Float64").astype("float64")
    if has_direction(column):
        codes = values.cat.codes.astype("float64")
        return codes.mask(codes < 0)
    return values


def has_direction(column: Column) -> bool:
    """Whether a model sees the predictor as a number, so that risk can rise or fall with it."""
    return column.numeric or column.ordered or len(column.labels) == 2


@dataclass(frozen=True)
class NumericBlock:
    """Design columns of one number: the value, its restricted cubic splines, and an indicator of missingness.

    Missing values take the median of the training patients; values are limited to their 0.5% and 99.5%
    quantiles, or, where only ten or fewer distinct ones occur, to their range, so that a rare code still counts;
    the knots are those of Harrell (2015, Regression Modeling Strategies, section 2.4.6). With fewer than three
    distinct knots the block is linear.
    """

    median: float
    limits: tuple[float, float]
    knots: tuple[float, ...]

    @classmethod
    def learn(cls, column: FloatArray, *, splines: bool) -> "NumericBlock":
        """Learn from the training patients' values, shape (n,), NaN where missing."""
        present = column[~np.isnan(column)]
        if not len(present):
            return cls(0.0, (0.0, 0.0), ())
        knots = np.unique(np.quantile(present, KNOT_QUANTILES)) if splines else np.array([])
        distinct = len(np.unique(present))
        low, high = np.quantile(present, LIMIT_QUANTILES if distinct > FEW_VALUES else (0.0, 1.0))
        kept = tuple(float(k) for k in knots) if len(knots) >= 3 and distinct > 3 else ()
        return cls(float(np.median(present)), (float(low), float(high)), kept)

    def expand(self, column: FloatArray) -> FloatArray:
        """Shape (n,) to (n, 2 + number of cubic terms)."""
        missing = np.isnan(column)
        value = np.clip(np.where(missing, self.median, column), *self.limits)
        return np.column_stack([value, missing.astype(float), *self._cubic(value)])

    def _cubic(self, value: FloatArray) -> list[FloatArray]:
        if not self.knots:
            return []
        *inner, before, last = self.knots
        scale = (last - self.knots[0]) ** 2

        def above(knot: float) -> FloatArray:
            cubed: FloatArray = np.maximum(value - knot, 0.0) ** 3
            return cubed

        return [
            (above(k) - (above(before) * (last - k) - above(last) * (before - k)) / (last - before)) / scale
            for k in inner
        ]


@dataclass(frozen=True)
class CategoryBlock:
    """One design column per level; a missing or unseen level is all zeros."""

    levels: tuple[str, ...]

    def expand(self, column: "pd.Series[Any]") -> FloatArray:
        """Shape (n,) to (n, number of levels)."""
        return np.column_stack([(column == level).fillna(False).to_numpy(float) for level in self.levels])


@dataclass(frozen=True)
class LinearDesign:
    """How `model_frame` output becomes standardised columns, one block of them per predictor."""

    blocks: dict[str, NumericBlock | CategoryBlock]
    mean: FloatArray
    scale: FloatArray

    @classmethod
    def learn(cls, X: pd.DataFrame, *, splines: bool) -> "LinearDesign":
        """Learn everything from the training patients X."""
        blocks = {
            str(name): NumericBlock.learn(X[name].to_numpy(float), splines=splines)
            if pd.api.types.is_float_dtype(X[name].dtype)
            else CategoryBlock(tuple(X[name].cat.categories))
            for name in X
        }
        raw = _expand(X, blocks)
        scale = raw.std(axis=0)
        return cls(blocks, raw.mean(axis=0), np.where(scale > 1e-12 * (1 + np.abs(raw.mean(axis=0))), scale, 1.0))

    def transform(self, X: pd.DataFrame) -> FloatArray:
        """The standardised design matrix, shape (n, m)."""
        matrix: FloatArray = (_expand(X, self.blocks) - self.mean) / self.scale
        return matrix

    def owners(self) -> list[str]:
        """The predictor behind each of the m columns."""
        return [
            name
            for name, block in self.blocks.items()
            for _ in range(len(block.levels) if isinstance(block, CategoryBlock) else 2 + max(0, len(block.knots) - 2))
        ]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        blocks = {name: asdict(block) for name, block in self.blocks.items()}
        return {"blocks": blocks, "mean": self.mean.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "LinearDesign":
        """The design that `to_dict` described."""
        blocks: dict[str, NumericBlock | CategoryBlock] = {
            name: CategoryBlock(tuple(b["levels"]))
            if "levels" in b
            else NumericBlock(b["median"], (b["limits"][0], b["limits"][1]), tuple(b["knots"]))
            for name, b in content["blocks"].items()
        }
        return cls(blocks, np.array(content["mean"]), np.array(content["scale"]))


def count_parameters(X: pd.DataFrame, *, splines: bool) -> int:
    """The coefficients that a linear model can choose freely: the rank of its design of at most 10,000 patients."""
    some = X.iloc[:10_000]
    return int(np.linalg.matrix_rank(LinearDesign.learn(some, splines=splines).transform(some)))


def _expand(X: pd.DataFrame, blocks: dict[str, NumericBlock | CategoryBlock]) -> FloatArray:
    return np.column_stack(
        [
            block.expand(X[name].to_numpy(float)) if isinstance(block, NumericBlock) else block.expand(X[name])
            for name, block in blocks.items()
        ]
    )
