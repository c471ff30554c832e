"""Typed records as the text of a source: units, digits, codes and days as the schema declares them.

A decimal number is rounded to the digits that are written, so that a record and its text agree to the last bit.
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Cohort, Column, Kind, Role
from pipeline.arrays import FloatArray
from pipeline.files import SIGNIFICANT_DIGITS
from pipeline.records.units import convert_units

Ints = npt.NDArray[np.int64]


@cache
def plausible_days(cohort: type[Cohort], name: str) -> tuple[int, int]:
    """The first and last plausible day of a date, as days since 1970."""
    checks: dict[str, Any] = {str(c.name): c.statistics for c in cohort.to_schema().columns[name].checks}
    first = pd.Timestamp(checks["greater_than_or_equal_to"]["min_value"])
    last = pd.Timestamp(checks["less_than_or_equal_to"]["max_value"])
    return first.toordinal() - pd.Timestamp(0).toordinal(), last.toordinal() - pd.Timestamp(0).toordinal()


def plausible_range(column: Column) -> tuple[float, float]:
    """The least and the largest plausible number."""
    assert column.plausible, "every measurement has a plausible range"
    return column.plausible


def read_back(frame: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """`frame` with every decimal number as it comes back from the text that `as_source_text` writes."""
    made = {}
    for name, column in cohort.columns().items():
        if column.kind == Kind.DECIMAL:
            made[name] = frame[name].copy()
            for here, unit, digits, decimals in _written(frame, name, column):
                made[name][here] = _converted(_value(digits, decimals), unit, str(column.unit), column.molar_mass)
    return frame.assign(**made)


def as_source_text(frame: pd.DataFrame, name: str, cohort: type[Cohort]) -> pd.Series:
    """A column as a source would write it: the first code of each label, days in the declared format."""
    values, column = frame[name], cohort.columns()[name]
    if column.kind == Kind.DECIMAL:
        text = pd.Series("", index=values.index, dtype="string")
        for here, _, digits, decimals in _written(frame, name, column):
            text[here] = _decimal_text(digits, decimals).array
        return text
    if column.kind == Kind.CATEGORY:
        codes = {label: code for code, label in reversed(list(column.codes.items()))}
        return values.cat.rename_categories(codes).astype("string").fillna("")
    if column.kind == Kind.DATE:
        first_day, last_day = plausible_days(cohort, name)
        days = values.dropna().to_numpy("datetime64[D]").astype("int64") - first_day
        written = _day_texts(first_day, last_day, str(column.date_format)).take(days)
        return written.set_axis(values.dropna().index).reindex(values.index, fill_value="")
    return values.astype("string").fillna("")


@cache
def _day_texts(first_day: int, last_day: int, date_format: str) -> pd.Series:
    days = pd.to_datetime(np.arange(first_day, last_day + 1), unit="D", origin="unix")
    return pd.Series(days.strftime(date_format), dtype="string")


def _written(frame: pd.DataFrame, name: str, column: Column) -> Iterator[tuple[npt.NDArray[np.bool_], str, Ints, int]]:
    """For each unit: where numbers are written in it, the unit, their digits, and how many stand after the mark."""
    given = frame[name].notna().to_numpy()
    if column.unit_column:
        units = frame[column.unit_column]
        parts = [(given & (units == unit).to_numpy(bool), unit) for unit in units.cat.categories]
    else:
        parts = [(given, str(column.source_unit or column.unit))]
    for here, unit in parts:
        digits, decimals = _on_grid(frame[name].to_numpy()[here], column, unit)
        yield here, unit, digits, decimals


def _on_grid(values: FloatArray, column: Column, unit: str) -> tuple[Ints, int]:
    """`values` in `unit` as whole multiples of 10^-decimals that lie in the plausible range."""
    kept = str(column.unit)
    least, most, decimals = _grid(plausible_range(column), kept, unit, column.molar_mass)
    scaled = _converted(values, kept, unit, column.molar_mass) * 10.0**decimals
    return np.clip(np.rint(scaled), least, most).astype("int64"), decimals


@cache
def _grid(plausible: tuple[float, float], kept: str, unit: str, molar_mass: float | None) -> tuple[int, int, int]:
    """The ends of a range in `unit`, inwards, in steps of 10^-decimals, and `decimals`.

    Numbers have six digits, or more where six would leave fewer than ten steps.
    """
    low, high = (Decimal(repr(end)) for end in sorted(_converted(np.array(plausible), kept, unit, molar_mass).tolist()))
    margin = int(unit != kept)  # what is converted back may be off in its last bits
    decimals = SIGNIFICANT_DIGITS - 1 - max(end.adjusted() for end in (low, high) if end)
    while True:
        least = int(low.scaleb(decimals).to_integral(ROUND_CEILING)) + margin
        most = int(high.scaleb(decimals).to_integral(ROUND_FLOOR)) - margin
        if most - least >= 10:
            return least, most, decimals
        decimals += 1


def _value(digits: Ints, decimals: int) -> FloatArray:
    """The very number that is read from the text: one rounding, of an exact quotient."""
    return np.asarray(digits / 10.0**decimals if decimals > 0 else digits * 10.0**-decimals, dtype="float64")


def _decimal_text(digits: Ints, decimals: int) -> pd.Series:
    if decimals <= 0:
        return pd.Series(digits * 10**-decimals).astype("string")
    whole, part = np.divmod(np.abs(digits), 10**decimals)
    sign = pd.Series(np.where(digits < 0, "-", ""), dtype="string")
    after = pd.Series(part + 10**decimals).astype("string").str.slice(1)
    return sign + pd.Series(whole).astype("string") + "." + after


def _converted(values: FloatArray, unit: str, into: str, molar_mass: float | None) -> FloatArray:
    if unit == into:
        return values
    column = Column("", Role.PREDICTOR, Kind.DECIMAL, unit=into, source_unit=unit, molar_mass=molar_mass)
    made: FloatArray = convert_units(pd.DataFrame({"x": values}), {"x": column})[0]["x"].to_numpy()
    return made
