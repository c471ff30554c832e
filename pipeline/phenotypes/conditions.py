"""What a rule asks of one predictor, and how it says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, isinf
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray
from pipeline.disclosure import pool_ages
from pipeline.phenotypes.space import Kind, kind_of, read_values

DIGITS = 3
"""Significant digits of a published threshold, so that it is not one patient's value."""
OR_MISSING = " or not recorded"


@dataclass(frozen=True, eq=False)
class Predictor:
    """A predictor as rules see it: `values` (rows,) in its unit, or the positions of its `levels`; missing is NaN."""

    label: str
    unit: str
    kind: Kind
    levels: tuple[str, ...]
    values: FloatArray
    whole: bool
    gaps: bool

    def take(self, rows: BoolArray) -> "Predictor":
        """The same predictor of fewer patients."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True)
class Condition:
    """The recorded values that meet it, `lower` (inclusive) to `upper`, and whether a missing one does.

    `allowed` holds positions of levels instead, for categories. Nothing recorded meets a `lower` of infinity.
    """

    lower: float = -inf
    upper: float = inf
    allowed: frozenset[int] = frozenset()
    missing: bool = True

    def met_by(self, predictor: Predictor) -> BoolArray:
        """Which patients meet it, shape (rows,)."""
        values = predictor.values
        inside = (values >= self.lower) & (values < self.upper)
        if predictor.levels:
            inside = np.isin(values, list(self.allowed))
        return inside | (self.missing & np.isnan(values))


@dataclass(frozen=True)
class Cut:
    """Where a tree parts patients: predictor `at`, below `threshold` or not; or not of `level`, or of it."""

    at: int
    threshold: float
    level: int | None
    missing_low: bool

    def narrow(self, condition: Condition, *, high: bool) -> Condition:
        """The condition with the cut's high or low side added."""
        missing = condition.missing and high != self.missing_low
        if condition.allowed:
            return replace(condition, allowed=self._levels(condition, high=high), missing=missing)
        if high:
            return replace(condition, lower=max(condition.lower, self.threshold), missing=missing)
        return replace(condition, upper=min(condition.upper, self.threshold), missing=missing)

    def _levels(self, condition: Condition, *, high: bool) -> frozenset[int]:
        if isinf(self.threshold):
            return frozenset() if high else condition.allowed
        chosen = {i for i in condition.allowed if (i >= self.threshold if self.level is None else i == self.level)}
        return frozenset(chosen if high else condition.allowed - chosen)


def read_predictors(
    frame: pd.DataFrame, labels: Mapping[str, str], units: Mapping[str, str | None]
) -> tuple[Predictor, ...]:
    """Return each column of `frame` as rules see it; raises as `read_values`."""
    return tuple(_read(frame[c], labels.get(str(c), str(c)), units.get(str(c)) or "", str(c)) for c in frame.columns)


def _read(column: "pd.Series[Any]", label: str, unit: str, name: str) -> Predictor:
    kind, values = kind_of(name, column), read_values(name, column)
    levels = () if kind == "numeric" else tuple(str(level) for level in column.cat.categories)
    values = pool_ages(values, name, label, unit)
    recorded = values[~np.isnan(values)]
    whole = bool((recorded == np.round(recorded)).all())
    return Predictor(label, unit, kind, levels, values, whole, len(recorded) < len(values))


def anything(predictor: Predictor) -> Condition:
    """The condition that everybody meets."""
    return Condition(allowed=frozenset(range(len(predictor.levels))))


def publishable(threshold: float, predictor: Predictor) -> float:
    """Return a tree's threshold as it is published: the next whole number for whole numbers, then `DIGITS` digits."""
    if isinf(threshold) or predictor.levels:
        return threshold
    return float(f"{ceil(threshold) if predictor.whole else threshold:.{DIGITS}g}")


def say(condition: Condition, predictor: Predictor) -> str:
    """Return the condition in words, such as `Age 40 to under 52 years or not recorded`."""
    if predictor.levels:
        recorded = _say_levels(condition.allowed, predictor)
    else:
        recorded = _say_range(condition.lower, condition.upper, predictor.unit)
    ending = OR_MISSING if condition.missing and predictor.gaps and recorded else ""
    return f"{predictor.label} {recorded or 'is not recorded'}{ending}"


def _say_range(lower: float, upper: float, unit: str) -> str:
    after = f" {unit}" if unit else ""
    if lower >= upper:
        return ""
    if isinf(lower):
        return "is recorded" if isinf(upper) else f"under {upper:.10g}{after}"
    return f"at least {lower:.10g}{after}" if isinf(upper) else f"{lower:.10g} to under {upper:.10g}{after}"


def _say_levels(allowed: frozenset[int], predictor: Predictor) -> str:
    last = len(predictor.levels) - 1
    names = [predictor.levels[i] for i in sorted(allowed)]
    others = [level for i, level in enumerate(predictor.levels) if i not in allowed]
    if not names or not others:
        return "is recorded" if names else ""
    if len(names) == 1:
        return f"is {names[0]}"
    if predictor.kind == "ordered":
        if max(allowed) == last:
            return f"is at least {names[0]}"
        return f"is at most {names[-1]}" if min(allowed) == 0 else f"is {names[0]} to {names[-1]}"
    return f"is not {_join(others)}" if len(others) < len(names) else f"is {_join(names)}"


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
