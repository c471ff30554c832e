"""Raw columns to typed ones, by declaration and never by guessing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from data_schemas.columns import Column, Kind
from data_schemas.vocabulary import Severity
from pipeline.errors import DataRefusedError
from pipeline.phrases import phrase

INTEGER = r"[+-]?[0-9]{1,18}"
DECIMAL = r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]*)?|\.[0-9]+)"  # more digits would overflow to infinity
YEARS = (1678, 2261)  # whole years that datetime64[ns] can hold
EXACT = 2**53  # beyond it not every whole number is a float
RULES = {
    Kind.CATEGORY: ("known code", phrase("{label} is one of {n} declared codes")),
    Kind.DATE: ("date format", phrase("{label} is a date as {written}, from {first} to {last}")),
    Kind.INTEGER: ("whole number", phrase("{label} is written with digits only")),
}
DECIMAL_NUMBER = (
    "decimal number",
    phrase("{label} is written with digits and one decimal mark, no exponent"),
)
"""The rule that values of a kind obey, and its sentence."""


@dataclass(frozen=True)
class Typed:
    """Typed columns, and what did not fit its type: one row of `misfits` per value, `record`, `rule`, `column`."""

    frame: pd.DataFrame
    misfits: pd.DataFrame


def type_records(raw: pd.DataFrame, columns: dict[str, Column], decimal: str = ".") -> Typed:
    """Turn raw columns into typed ones: string, Int64, float64, category (of labels) or datetime64[ns].

    `raw` holds text, or numbers and days where the source has them. An empty text or a declared missing code
    becomes a missing value; everything else must be of the declared type, decimal numbers written with the mark
    `decimal`. Raises DataRefusedError naming each column, rule and count that does not fit, and never a value;
    where the column declares quarantine for its type, such values are missing and listed instead.
    """
    typed = fit_types(raw, columns, decimal)
    counts = typed.misfits.groupby("column", sort=False).size()
    refuse_misfits({str(name): int(n) for name, n in counts.items()}, columns, len(raw))
    return typed


def fit_types(raw: pd.DataFrame, columns: dict[str, Column], decimal: str = ".") -> Typed:
    """`type_records` of a part of a table: what does not fit is missing and listed, whatever the column declares."""
    typed, misfits = {}, []
    for name, column in columns.items():
        values = _without_missing_codes(raw[name], column)
        converted = _convert(values, column, decimal)
        typed[name] = _without_missing_numbers(converted, column)
        bad = converted.isna() & values.notna()
        if bad.any():
            misfits.append(pd.DataFrame({"record": raw.index[bad], "rule": _rule(column)[0], "column": name}))
    found = pd.concat(misfits, ignore_index=True) if misfits else pd.DataFrame(columns=["record", "rule", "column"])
    return Typed(pd.DataFrame(typed), found)


def refuse_misfits(misfits: Mapping[str, int], columns: dict[str, Column], records: int) -> None:
    """Raise DataRefusedError if one of `misfits`, values by column that do not fit its type, refuses the table."""
    refusing = {name: n for name, n in misfits.items() if n and columns[name].severity("type") == Severity.REFUSE}
    if not refusing:
        return
    parts = []
    for name, n in refusing.items():
        rule, sentence = _rule(columns[name])
        expected = sentence.removeprefix(f"{columns[name].label} is ")
        parts.append(f"column {name}, rule '{rule}' (expected {expected}): {n}")
    raise DataRefusedError(
        f"of {records} records, values that do not fit the schema: {'; '.join(parts)}; "
        "mend the export, or declare the code, format or missing code in the schema"
    )


def type_rule(column: Column) -> tuple[str, str] | None:
    """The rule that every value of the column obeys, and its sentence; none for text."""
    return None if column.kind == Kind.TEXT else _rule(column)


def _without_missing_codes(values: pd.Series, column: Column) -> pd.Series:
    """`values` without empty texts and missing codes, which are compared as text."""
    if isinstance(values.dtype, pd.StringDtype):
        return values.mask(values.isin(["", *column.missing_codes]))
    return values


def _without_missing_numbers(values: pd.Series, column: Column) -> pd.Series:
    """`values` without missing codes compared as numbers, so that `-9.0` is the declared `-9`."""
    if not column.numeric:
        return values
    numbers = [float(code) for code in column.missing_codes if re.fullmatch(DECIMAL, code)]
    return values.mask(values.isin(numbers)) if numbers else values


def _convert(values: pd.Series, column: Column, decimal: str) -> pd.Series:
    """Typed `values`; missing where they are missing or do not fit."""
    if is_numeric_dtype(values.dtype):
        return _from_numbers(values, column)
    if column.kind == Kind.INTEGER:
        return values.where(values.str.fullmatch(INTEGER)).str.removeprefix("+").astype("Int64")
    if column.kind == Kind.DECIMAL:
        return _decimals(values, decimal)
    if column.kind == Kind.CATEGORY:
        return _labels(values, column)
    if column.kind == Kind.DATE:
        return _days(values, str(column.date_format))
    return values


def _from_numbers(values: pd.Series, column: Column) -> pd.Series:
    assert column.numeric, "a reader gives numbers for numeric columns only"
    if column.kind == Kind.INTEGER:
        return values
    exact = values.where(values.abs() <= EXACT) if values.dtype == "Int64" else values
    numbers: pd.Series = exact.astype("float64")
    return numbers.where(np.isfinite(numbers))


def _decimals(values: pd.Series, decimal: str) -> pd.Series:
    pattern = DECIMAL.replace(r"\.", decimal) if decimal != "." else DECIMAL
    fitting = values.where(values.str.fullmatch(pattern))
    pointed = fitting.str.replace(decimal, ".", regex=False) if decimal != "." else fitting
    return pointed.astype("float64[pyarrow]").astype("float64")


def _labels(values: pd.Series, column: Column) -> pd.Series:
    """The label of each code; as fast as the few distinct texts allow."""
    dtype = pd.CategoricalDtype(column.labels, ordered=column.ordered)
    encoded = values.astype("category")
    places = {code: column.labels.index(label) for code, label in column.codes.items()}
    known = np.array([*(places.get(str(text), -1) for text in encoded.cat.categories), -1], dtype=np.intp)
    return pd.Series(pd.Categorical.from_codes(known[encoded.cat.codes], dtype=dtype), index=values.index)


def _days(values: pd.Series, date_format: str) -> pd.Series:
    """Days that read back as the very same text, so that `1-2-1990` is not taken for `01-02-1990`."""
    if is_datetime64_any_dtype(values.dtype):
        whole = values.where((values == values.dt.normalize()) & values.dt.year.between(*YEARS))
        return whole.astype("datetime64[ns]")
    days = pd.to_datetime(values, format=date_format, errors="coerce")
    days = days.where(days.dt.year.between(*YEARS)).astype("datetime64[ns]")
    return days.where(days.dt.strftime(date_format) == values)


def _rule(column: Column) -> tuple[str, str]:
    rule, sentence = RULES.get(column.kind, DECIMAL_NUMBER)
    first, last = YEARS
    told = {"n": len(column.codes), "written": column.date_format, "first": first, "last": last}
    return rule, sentence.format(label=column.label, **told)
