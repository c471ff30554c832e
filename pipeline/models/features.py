"""Records to numbers: one frame for all models, and the design matrix of the linear ones."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray, IntArray

Number = Literal["float32", "float64"]
KNOT_QUANTILES = (0.05, 0.275, 0.5, 0.725, 0.95)
LIMIT_QUANTILES = (0.005, 0.995)
FEW_VALUES = 10
ENOUGH = 10_000  # patients whose design has the rank of all
WIDE = 1000  # columns
RARE_BELOW = (5, 1 / 2000)  # patients, and share of the patients; whichever is more


def model_frame(records: pd.DataFrame, predictors: dict[str, Column], number: Number = "float64") -> pd.DataFrame:
    """The predictors as models see them, one column each, in declared order.

    Numbers and ordered or two-code categories become floats (a code's position from 0) of the type `number`, missing
    is NaN; other categories stay pandas categories of their labels. Trees compare float32 whatever they are given, so
    that training, which holds whole tables, asks for these.
    """
    return pd.DataFrame({name: _as_feature(records[name], column, number) for name, column in predictors.items()})


def _as_feature(values: pd.Series, column: Column, number: Number) -> pd.Series:
    if column.numeric:
        return pd.Series(values.to_numpy(number, na_value=np.nan), index=values.index)
    if has_direction(column):
        codes = values.cat.codes.astype(number)
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
        assert np.isfinite(present).all(), "infinite values are refused with the records"
        if not len(present):
            return cls(0.0, (0.0, 0.0), ())
        ordered = np.sort(present)
        distinct = 1 + np.count_nonzero(np.diff(ordered))
        knots = np.unique(np.quantile(ordered, KNOT_QUANTILES)) if splines else np.array([])
        low, high = np.quantile(ordered, LIMIT_QUANTILES if distinct > FEW_VALUES else (0.0, 1.0))
        kept = tuple(float(k) for k in knots) if len(knots) >= 3 and distinct > 3 else ()
        return cls(float(np.median(ordered)), (float(low), float(high)), kept)

    @property
    def width(self) -> int:
        """The number of its design columns."""
        return 2 + max(0, len(self.knots) - 2)

    def expand(self, column: "pd.Series[float] | FloatArray") -> FloatArray:
        """Shape (n,) to (n, 2 + number of cubic terms)."""
        given = np.asarray(column, dtype=np.float64)
        missing = np.isnan(given)
        value = np.clip(np.where(missing, self.median, given), *self.limits)
        return np.array([value, missing, *self._cubic(value)], dtype=np.float64).T

    def _cubic(self, value: FloatArray) -> list[FloatArray]:
        if not self.knots:
            return []
        *inner, before, last = self.knots
        scale = (last - self.knots[0]) ** 2

        def above(knot: float) -> FloatArray:
            beyond = np.maximum(value - knot, 0.0)
            cubed: FloatArray = beyond * beyond * beyond
            return cubed

        beyond_before, beyond_last = above(before), above(last)
        return [
            (above(k) - (beyond_before * (last - k) - beyond_last * (before - k)) / (last - before)) / scale
            for k in inner
        ]


@dataclass(frozen=True)
class CategoryBlock:
    """One design column per level, and where some levels were rare, one more for every other level.

    A missing level is all zeros, and so is an unseen one where no level was rare.
    """

    levels: tuple[str, ...]
    pooled: bool = False

    @classmethod
    def learn(cls, column: "pd.Series[Any]") -> "CategoryBlock":
        """Levels from the training patients' categories, shape (n,); those that few patients have are pooled."""
        counts = np.bincount(column.cat.codes[column.notna()], minlength=len(column.cat.categories))
        fewest, share = RARE_BELOW
        frequent = counts >= max(fewest, share * len(column))
        levels = tuple(str(level) for level in column.cat.categories[frequent])
        return cls(levels, pooled=bool(counts[~frequent].any()))

    @property
    def width(self) -> int:
        """The number of its design columns."""
        return len(self.levels) + self.pooled

    def place(self, column: "pd.Series[Any]") -> IntArray:
        """Which design column each value (n,) belongs to, `width` where it belongs to none."""
        places = {level: place for place, level in enumerate(self.levels)}
        other = len(self.levels)  # the column of those pooled, or none
        of_code = np.array([*(places.get(level, other) for level in column.cat.categories), self.width])
        return of_code[column.cat.codes]

    def expand(self, column: "pd.Series[Any]") -> FloatArray:
        """Shape (n,) to (n, number of levels, and one more where some are pooled)."""
        place = self.place(column)
        columns = [place == k for k in range(self.width)]
        return np.array(columns, dtype=np.float64).reshape(self.width, len(column)).T


Blocks = dict[str, NumericBlock | CategoryBlock]


class Design(Protocol):
    """How `model_frame` output becomes columns in which a linear model's log-odds are linear."""

    def transform(self, X: pd.DataFrame) -> FloatArray:
        """The design matrix, shape (n, m)."""

    def owners(self) -> list[str]:
        """The predictor behind each of the m columns."""

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""


@dataclass(frozen=True)
class LinearDesign:
    """How `model_frame` output becomes standardised columns, one block of them per predictor."""

    blocks: Blocks
    mean: FloatArray
    scale: FloatArray

    @classmethod
    def learn(cls, X: pd.DataFrame, *, splines: bool) -> "LinearDesign":
        """Learn everything from the training patients X."""
        blocks = learn_blocks(X, splines=splines)
        raw = _expand(X, blocks)
        mean, scale = raw.mean(axis=0), raw.std(axis=0)
        return cls(blocks, mean, np.where(scale > 1e-12 * (1 + np.abs(mean)), scale, 1.0))

    def transform(self, X: pd.DataFrame) -> FloatArray:
        """The standardised design matrix, shape (n, m), its columns contiguous."""
        matrix = _expand(X, self.blocks)
        matrix -= self.mean
        matrix /= self.scale
        return matrix

    def owners(self) -> list[str]:
        """The predictor behind each of the m columns."""
        return [name for name, block in self.blocks.items() for _ in range(block.width)]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        blocks = {name: asdict(block) for name, block in self.blocks.items()}
        return {"blocks": blocks, "mean": self.mean.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "LinearDesign":
        """The design that `to_dict` described."""
        return cls(blocks_from_dict(content["blocks"]), np.array(content["mean"]), np.array(content["scale"]))


def blocks_from_dict(content: dict[str, Any]) -> Blocks:
    """The blocks by predictor whose fields `content` holds."""
    return {
        name: CategoryBlock(tuple(b["levels"]), b["pooled"])
        if "levels" in b
        else NumericBlock(b["median"], (b["limits"][0], b["limits"][1]), tuple(b["knots"]))
        for name, b in content.items()
    }


def count_parameters(X: pd.DataFrame, *, splines: bool) -> int:
    """The coefficients that a linear model can choose freely: the rank of its design of at most `ENOUGH` patients.

    Of a design too wide for that it is the number of columns that vary.
    """
    some = X.iloc[:ENOUGH]
    matrix = LinearDesign.learn(some, splines=splines).transform(some)
    if matrix.shape[1] > WIDE:
        return int(np.count_nonzero(matrix.any(axis=0)))
    return int(np.linalg.matrix_rank(matrix))


def learn_blocks(X: pd.DataFrame, *, splines: bool) -> Blocks:
    """The block of every predictor, learnt from the training patients X."""
    return {
        str(name): NumericBlock.learn(column.to_numpy(np.float64), splines=splines)
        if pd.api.types.is_float_dtype(column.dtype)
        else CategoryBlock.learn(column)
        for name, column in X.items()
    }


def _expand(X: pd.DataFrame, blocks: Blocks) -> FloatArray:
    return np.concatenate([block.expand(X[name]).T for name, block in blocks.items()]).T
