"""The space in which patients are compared: every predictor on one scale, learnt from development patients.

Each predictor carries a total variance of its weight over the development patients, whatever its unit or its
number of levels: a numeric or ordered one as one standardised column, an unordered one as indicator columns that
are scaled together. A missing number takes the development median, a missing ordered level the median level, and
a missing unordered level the development shares, which is the origin. A predictor that does not vary among
development patients, or has no weight, is left out.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray
from pipeline.disclosure import are_enough
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.phrases import phrase

Kind = Literal["numeric", "ordered", "nominal"]

CONSTANT = phrase("it has one value, or none, among the development patients")
WEIGHTLESS = phrase("it has no weight: a treatment, or declared so")
SKEWNESS_LIMIT = 1.0
"""A non-negative predictor that is more skewed than this on the development patients is log-transformed."""


@dataclass(frozen=True)
class Coordinate:
    """How one predictor becomes columns: `(value - centre) / scale`, after the logarithm and the fill.

    Its weight is in the scale, which is the standard deviation over the weight's root.

    `log_unit` is the development median of the positive values: a logged value is `log1p(value / log_unit)`,
    so that the unit of measurement makes no difference. None means no logarithm.
    """

    predictor: str
    kind: Kind
    levels: tuple[str, ...]
    log_unit: float | None
    fill: float
    centre: tuple[float, ...]
    scale: float


@dataclass(frozen=True)
class Space:
    """The fitted coordinates in the order of their columns, and why other predictors are left out, by name."""

    coordinates: tuple[Coordinate, ...]
    left_out: Mapping[str, str]

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The matrix columns that each coordinate fills."""
        ends = np.cumsum([len(c.centre) for c in self.coordinates], dtype=int)
        return tuple(slice(int(e) - len(c.centre), int(e)) for c, e in zip(self.coordinates, ends, strict=True))

    def transform(self, frame: pd.DataFrame) -> FloatArray:
        """Return the matrix of `frame`, shape (rows, columns), without missing values.

        Raises `ConfigurationError` when a predictor is absent or of another kind than at the fit, and
        `DataRefusedError` when it holds an infinite number or a level that the fit did not declare.
        """
        parts = [_encode(c, frame) for c in self.coordinates]
        return np.hstack(parts) if parts else np.empty((len(frame), 0))

    def find_known(self, frame: pd.DataFrame) -> BoolArray:
        """Where `frame` has a value, shape (rows, predictors of the space)."""
        known: BoolArray = frame[[c.predictor for c in self.coordinates]].notna().to_numpy(bool)
        return known

    def move(self, points: FloatArray, other: "Space") -> FloatArray:
        """Points (rows, columns) of this space in the columns of another; what only that one knows is at its centre."""
        own = {c.predictor: (c, b) for c, b in zip(self.coordinates, self.blocks, strict=True)}
        parts = [_move(points, *own[c.predictor], c) if c.predictor in own else None for c in other.coordinates]
        empty = [np.zeros((len(points), len(c.centre))) for c in other.coordinates]
        return np.hstack([e if part is None else part for part, e in zip(parts, empty, strict=True)])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        return {"coordinates": [asdict(c) for c in self.coordinates], "left_out": dict(self.left_out)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Rebuild what `to_dict` returned, also after a journey through JSON."""
        coordinates = tuple(
            Coordinate(**{**c, "levels": tuple(c["levels"]), "centre": tuple(c["centre"])})
            for c in plain["coordinates"]
        )
        return cls(coordinates, dict(plain["left_out"]))


def fit_space(frame: pd.DataFrame, weights: Mapping[str, float] | None = None) -> Space:
    """Learn the space from development patients: one row a patient, one column a predictor.

    Columns are numbers (missing as NaN), ordered or unordered pandas categoricals. `weights` says how much a
    predictor counts, 1 where it has no entry. Raises as `Space.transform`.
    """
    weight = {str(name): (weights or {}).get(str(name), 1.0) for name in frame.columns}
    fitted = {name: _fit(name, frame[name], w) for name, w in weight.items() if w > 0}
    left_out = {name: WEIGHTLESS for name, w in weight.items() if w == 0}
    left_out |= {name: CONSTANT for name, c in fitted.items() if c is None}
    return Space(tuple(c for c in fitted.values() if c is not None), left_out)


def kind_of(name: str, column: "pd.Series[Any]") -> Kind:
    """Say how a predictor is compared, from its dtype; raises `ConfigurationError` for text and dates."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "ordered" if column.dtype.ordered else "nominal"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "numeric"
    raise ConfigurationError(
        f"predictor '{name}': expected numbers or a pandas categorical, came {column.dtype}; "
        "declare its type in the cohort's schema"
    )


def read_values(name: str, column: "pd.Series[Any]") -> FloatArray:
    """Return numbers, or the position of each level, with NaN where missing; shape (rows,)."""
    if kind_of(name, column) != "numeric":
        codes = column.cat.codes.to_numpy()
        return np.where(codes < 0, np.nan, codes.astype(float))
    values: FloatArray = column.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(values).any():
        raise DataRefusedError(f"predictor '{name}': expected finite numbers, came infinity; correct the records")
    return values


def label_values(values: FloatArray, distinct: FloatArray, smallest: int) -> list[str]:
    """What to call each of the `distinct` values; one that fewer than `smallest` rows have is not named."""
    sizes = [int((values == value).sum()) for value in distinct]
    return [f"{v:g}" if are_enough([n], smallest) else "another value" for v, n in zip(distinct, sizes, strict=True)]


def _fit(name: str, column: "pd.Series[Any]", weight: float) -> Coordinate | None:
    kind = kind_of(name, column)
    values = read_values(name, column)
    present = values[~np.isnan(values)]
    if len(present) == 0 or np.ptp(present) == 0:
        return None
    if kind == "nominal":
        return _fit_nominal(name, column, present, weight)
    log_unit = _log_unit(present) if kind == "numeric" else None
    raw = float(np.median(present)) if kind == "numeric" else float(np.sort(present)[(len(present) - 1) // 2])
    moved = compress(np.where(np.isnan(values), raw, values), log_unit)
    levels = () if kind == "numeric" else _levels(column)
    scale = float(moved.std() / np.sqrt(weight))
    return Coordinate(name, kind, levels, log_unit, raw, (float(moved.mean()),), scale)


def _fit_nominal(name: str, column: "pd.Series[Any]", codes: FloatArray, weight: float) -> Coordinate:
    levels = _levels(column)
    shares = np.bincount(codes.astype(int), minlength=len(levels)) / len(codes)
    # Imputed patients sit at the origin, so the variance is taken over all rows: it adds up to the weight.
    variance = (1 - np.sum(shares**2)) * len(codes) / len(column) / weight
    return Coordinate(name, "nominal", levels, None, 0.0, tuple(shares.tolist()), float(np.sqrt(variance)))


def _encode(coordinate: Coordinate, frame: pd.DataFrame) -> FloatArray:
    name = coordinate.predictor
    if name not in frame.columns:
        raise ConfigurationError(f"predictor '{name}': expected as at the fit, came no such column; fit again")
    column = _align(coordinate, frame[name])
    values = read_values(name, column)
    centre = np.asarray(coordinate.centre)
    if coordinate.kind != "nominal":
        filled = np.where(np.isnan(values), coordinate.fill, values)
        column_scaled: FloatArray = (compress(filled, coordinate.log_unit) - centre[0]) / coordinate.scale
        return column_scaled[:, None]
    indicators = (values[:, None] == np.arange(len(centre))).astype(float)
    encoded: FloatArray = np.where(np.isnan(values)[:, None], 0.0, (indicators - centre) / coordinate.scale)
    return encoded


def _move(points: FloatArray, own: Coordinate, columns: slice, other: Coordinate) -> FloatArray | None:
    """One predictor of points as `other` has it; None where the two are of another kind or other levels."""
    if (own.kind, own.levels) != (other.kind, other.levels):
        return None
    value = points[:, columns] * own.scale + np.asarray(own.centre)
    if own.log_unit is not None:
        value = np.where(value < 0, value, np.expm1(np.maximum(value, 0.0))) * own.log_unit
    moved: FloatArray = (compress(value, other.log_unit) - np.asarray(other.centre)) / other.scale
    return moved


def _align(coordinate: Coordinate, column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give a categorical the levels of the fit, in their order."""
    name, kind = coordinate.predictor, kind_of(coordinate.predictor, column)
    if kind != coordinate.kind:
        raise ConfigurationError(f"predictor '{name}': expected {coordinate.kind} as at the fit, came {kind}")
    if kind == "numeric" or _levels(column) == coordinate.levels:
        return column
    positions = {level: i for i, level in enumerate(coordinate.levels)}
    unknown = set(column.dropna().astype(str)) - set(positions)
    if unknown:
        raise DataRefusedError(f"predictor '{name}': expected the levels of the fit, came others; fit again")
    renamed = column.astype(object).map(lambda v: v if pd.isna(v) else str(v))
    return pd.Series(
        pd.Categorical(renamed, categories=list(coordinate.levels), ordered=kind == "ordered"), index=column.index
    )


def _levels(column: "pd.Series[Any]") -> tuple[str, ...]:
    return tuple(str(level) for level in column.cat.categories)


def _log_unit(present: FloatArray) -> float | None:
    """Return the unit of the logarithm, or None where it is not needed, not possible or of no help."""
    if present.min() < 0 or _skewness(present) <= SKEWNESS_LIMIT:
        return None
    unit = float(np.median(present[present > 0]))
    return unit if abs(_skewness(compress(present, unit))) < _skewness(present) else None


def compress(values: FloatArray, log_unit: float | None) -> FloatArray:
    """Return `log1p(values / log_unit)`, or `values` themselves when `log_unit` is None; NaN stays NaN.

    Later patients may lie below the development minimum of zero: there the logarithm goes on as a straight line.
    """
    if log_unit is None:
        return values
    scaled = values / log_unit
    compressed: FloatArray = np.where(scaled < 0, scaled, np.log1p(np.maximum(scaled, 0.0)))
    return compressed


def _skewness(values: FloatArray) -> float:
    centred = values - values.mean()
    return float(np.mean(centred**3) / np.mean(centred**2) ** 1.5)
