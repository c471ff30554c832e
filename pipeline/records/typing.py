"""Text to typed values, by declaration and never by guessing."""

from dataclasses import dataclass

import pandas as pd

from data_schemas.columns import Column, Kind
from pipeline.errors import DataRefusedError

INTEGER = r"[+-]?[0-9]{1,18}"
DECIMAL = r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]*)?|\.[0-9]+)"  # more digits would overflow to infinity
YEARS = (1678, 2261)  # whole years that datetime64[ns] can hold


@dataclass(frozen=True)
class Misfit:
    """How many values of one column are not of its declared type, and what was expected."""

    column: str
    rule: str
    expected: str
    records: int


def type_records(text: pd.DataFrame, columns: dict[str, Column]) -> pd.DataFrame:
    """Turn text columns into typed ones: string, Int64, float64, category (of labels) or datetime64[ns].

    An empty text or a declared missing code becomes a missing value; everything else must be of the declared
    type. Raises DataRefusedError naming each column, rule and count that does not fit, and never a value.
    """
    typed, misfits = {}, []
    for name, column in columns.items():
        values = text[name].mask(text[name].isin(["", *column.missing_codes]))
        typed[name] = _convert(values, column)
        bad = int((typed[name].isna() & values.notna()).sum())
        if bad:
            misfits.append(Misfit(name, *_rule(column), bad))
    if misfits:
        raise DataRefusedError(_refusal(misfits, len(text)))
    return pd.DataFrame(typed)


def _convert(values: pd.Series, column: Column) -> pd.Series:
    """Typed `values`; missing where the text is missing or does not fit."""
    if column.kind == Kind.INTEGER:
        return values.where(values.str.fullmatch(INTEGER)).astype("Int64")
    if column.kind == Kind.DECIMAL:
        return values.where(values.str.fullmatch(DECIMAL)).astype("float64")
    if column.kind == Kind.CATEGORY:
        labels = pd.CategoricalDtype(column.labels, ordered=column.ordered)
        return values.map(dict(column.codes)).astype(labels)
    if column.kind == Kind.DATE:
        return _days(values, str(column.date_format))
    return values


def _days(values: pd.Series, date_format: str) -> pd.Series:
    """Days that read back as the very same text, so that `1-2-1990` is not taken for `01-02-1990`."""
    days = pd.to_datetime(values, format=date_format, errors="coerce")
    days = days.where(days.dt.year.between(*YEARS)).astype("datetime64[ns]")
    return days.where(days.dt.strftime(date_format) == values)


def type_rules(column: Column) -> list[tuple[str, str]]:
    """The rule that every value of the column obeys, and its sentence; none for text."""
    if column.kind == Kind.TEXT:
        return []
    rule, expected = _rule(column)
    return [(rule, f"{column.label} is {expected}")]


def _rule(column: Column) -> tuple[str, str]:
    match column.kind:
        case Kind.CATEGORY:
            return "known code", f"one of {len(column.codes)} declared codes"
        case Kind.DATE:
            return "date format", f"a date as {column.date_format}, from {YEARS[0]} to {YEARS[1]}"
        case Kind.INTEGER:
            return "whole number", "written with digits only"
        case _:
            return "decimal number", "written with digits and a decimal point, no exponent"


def _refusal(misfits: list[Misfit], records: int) -> str:
    parts = [f"column {m.column}, rule '{m.rule}' (expected {m.expected}): {m.records}" for m in misfits]
    return (
        f"of {records} records, values that do not fit the schema: {'; '.join(parts)}; "
        "mend the export, or declare the code, format or missing code in the schema"
    )
