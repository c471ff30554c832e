"""One value as a workbook or a database gives it, written as the text that a delimited file would hold."""

import math
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import numpy as np

from data_schemas.columns import Column, Kind, Role

UNDECLARED = Column("", Role.EXCLUDED, Kind.DATE, date_format="%Y-%m-%d")
"""What a column is taken for that no schema describes: whatever it holds is text, days as 2020-01-31."""


def write_cell(value: object, column: Column) -> str:
    """`value` as text: an empty text for None and NaN, days in the column's format, numbers without exponent.

    Raises TypeError, naming the type and not the value, where the value is no text, number, truth or day.
    """
    match value:
        case None:
            return ""
        case bool() | np.bool_():
            return "true" if value else "false"
        case str() | UUID() | int():
            return str(value)
        case Decimal():
            return "" if value.is_nan() else format(value, "f")
        case float():
            return _write_number(value)
        case datetime() | date():
            return _write_day(value, column)
    raise TypeError(type(value).__name__)


def _write_number(value: float) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return str(value)  # fits no declared kind
    return np.format_float_positional(value, trim="-")


def _write_day(value: date, column: Column) -> str:
    if column.kind == Kind.TEXT:  # which text became this date cannot be told
        raise TypeError(type(value).__name__)
    moment = isinstance(value, datetime)
    if moment and (value.tzinfo or value.time() != time()):  # type: ignore[attr-defined]
        return value.isoformat()  # a moment, which is no day
    day = value.date() if isinstance(value, datetime) else value
    return day.strftime(str(column.date_format)) if column.kind == Kind.DATE else day.isoformat()
