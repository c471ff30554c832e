"""Values written in another unit than they are kept in, converted as the schema declares (pint; no guessing)."""

from typing import Any

import pandas as pd

from data_schemas.columns import Column
from pipeline.errors import ConfigurationError

UNIT_GIVEN = "unit given"


def converts(column: Column) -> bool:
    """Whether the source writes the column in another unit, or in one that each record names."""
    return bool(column.source_unit or column.unit_column)


def convert_units(frame: pd.DataFrame, columns: dict[str, Column]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`frame` (typed) with every number in its column's unit, and the values whose unit is not known.

    The second table has `record`, `rule`, `column`; such values are missing in the first. From mass to amount of
    substance leads the declared molar mass. Raises ConfigurationError if one unit cannot become the other.
    """
    made = frame.copy(deep=False)
    unknown = []
    for name, column in columns.items():
        if not converts(column):
            continue
        units = _units(frame, column)
        made[name] = _convert(frame[name], units, column, name)
        lacking = frame.index[frame[name].notna() & units.isna()]
        unknown.append(pd.DataFrame({"record": lacking, "rule": UNIT_GIVEN, "column": name}))
    empty = pd.DataFrame(columns=["record", "rule", "column"])
    return made, pd.concat(unknown, ignore_index=True) if unknown else empty


def _units(frame: pd.DataFrame, column: Column) -> pd.Series:
    if column.unit_column:
        return frame[column.unit_column].astype("string")
    return pd.Series(column.source_unit, index=frame.index, dtype="string")


def _convert(values: pd.Series, units: pd.Series, column: Column, name: str) -> pd.Series:
    made = values.where(units == column.unit)
    for unit in sorted(set(units.dropna()) - {str(column.unit)}):
        here = units == unit
        made = made.mask(here, _between(values.where(here), unit, column, name))
    return made


def _between(values: pd.Series, unit: str, column: Column, name: str) -> pd.Series:
    import pint

    registry = _registry()
    try:
        written = registry.Quantity(values.to_numpy(), unit)
        if column.molar_mass:
            mass = registry.Quantity(column.molar_mass, "g/mol")
            kept = written.to(column.unit, "chemistry", mw=mass)
        else:
            kept = written.to(column.unit)
    except (pint.PintError, AttributeError, ValueError, AssertionError):
        raise ConfigurationError(
            f"column {name}: no way leads from {unit!r} to {column.unit!r}; use units that pint knows, and declare "
            "molar_mass (g/mol) where mass becomes amount of substance"
        ) from None
    return pd.Series(kept.magnitude, index=values.index, dtype="float64")


def _registry() -> Any:
    import pint

    return pint.get_application_registry()  # type: ignore[no-untyped-call]
