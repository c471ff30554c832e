"""Table 1: who the patients are, by part and, for a binary outcome, by outcome. No small group is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Binary, Classes, Cohort, Column, Kind, Outcome, Role, TimeToEvent
from pipeline.arrays import BoolArray
from pipeline.disclosure import OLDEST, hide_in_table, is_age, pool_ages, quantile_of_several
from pipeline.reporting import words
from pipeline.reporting.tables import Row, Table
from pipeline.reporting.words import numbers

PSEUDONYM = "pseudonym"
MISSING = "Missing"


@dataclass(frozen=True)
class Groups:
    """The columns of Table 1: heading -> mask over patients; and which are sums of which others."""

    masks: Mapping[str, BoolArray]
    partitions: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Characteristics:
    """Table 1, and of which levels it hides a count: (label of the column, level)."""

    table: Table
    hidden_levels: frozenset[tuple[str, str]]


def describe_patients(cohort: type[Cohort], valid: pd.DataFrame, split: pd.DataFrame, smallest: int) -> Characteristics:
    """Summarise one record a patient: the earliest by index date, or else the first.

    Categories: number and share of the group, missing values included in the total. Numbers: median and
    quartiles, with at least `smallest` values on either side of each.
    """
    records = _one_a_patient(valid, split, cohort.index_date())
    groups = _group(records, cohort, smallest)
    rows: list[Row] = []
    hidden: set[tuple[str, str]] = set()
    for name, column in cohort.columns().items():
        if column.role not in (Role.PREDICTOR, Role.OUTCOME) or _defines_groups(cohort, name, groups):
            continue
        if column.kind == Kind.CATEGORY:
            made, levels = _category(column, records[name], groups, smallest, _told(cohort, name))
            rows += _mark_competing(made, name, cohort.study().outcome)
            hidden |= {(column.label, level) for level in levels}
        elif column.numeric:
            rows += _number(column, records[name], groups, smallest)
    head = ("Characteristic", *[f"{h} (n = {m.sum():,})" for h, m in groups.masks.items()])
    return Characteristics(
        Table("table-1", "Table 1. Patients", head, tuple(rows), words.data.note_table_one(smallest)), frozenset(hidden)
    )


def _one_a_patient(valid: pd.DataFrame, split: pd.DataFrame, index_date: str | None) -> pd.DataFrame:
    by = [PSEUDONYM, index_date] if index_date else [PSEUDONYM]
    first = valid.sort_values(by, kind="stable").drop_duplicates(PSEUDONYM)
    return first.merge(split[[PSEUDONYM, "part"]], on=PSEUDONYM, validate="one_to_one")


def _group(records: pd.DataFrame, cohort: type[Cohort], smallest: int) -> Groups:
    """Everyone, then parts if there are two, then outcomes if binary; a split with a small group is left out."""
    masks = {"All": np.ones(len(records), dtype=bool)}
    partitions: list[tuple[int, ...]] = []
    test = (records["part"] == "test").to_numpy(dtype=bool)
    splits = [{"Development": ~test, "Test": test}]
    outcome = cohort.study().outcome
    if isinstance(outcome, Binary):
        event = (records[outcome.column] == outcome.event).to_numpy(dtype=bool)
        splits.append({f"With {outcome.says}": event, "Without": ~event})
    for split in splits:
        if min(mask.sum() for mask in split.values()) >= smallest:
            partitions.append((0, *range(len(masks), len(masks) + len(split))))
            masks |= split
    return Groups(masks, tuple(partitions))


def _defines_groups(cohort: type[Cohort], name: str, groups: Groups) -> bool:
    """Whether a column is the outcome by which the table is already split."""
    outcome = cohort.study().outcome
    return isinstance(outcome, Binary) and outcome.column == name and "Without" in groups.masks


def _told(cohort: type[Cohort], name: str) -> str | None:
    """The level of a column whose count the report tells elsewhere: the class of interest."""
    outcome = cohort.study().outcome
    return outcome.event if isinstance(outcome, Classes) and outcome.column == name else None


def _category(
    column: Column, values: "pd.Series[str]", groups: Groups, smallest: int, told: str | None
) -> tuple[list[Row], list[str]]:
    """The rows of a category, and the levels of which a count is hidden."""
    text = values.astype("object").where(values.notna(), MISSING).to_numpy()
    levels = [level for level in [*column.labels, MISSING] if (text == level).any()]
    counts = np.array([[int((mask & (text == level)).sum()) for mask in groups.masks.values()] for level in levels])
    if not levels:
        return [], []
    hidden, others = counts < smallest, np.array([level != told for level in levels])
    hidden[others] = hide_in_table(counts[others], smallest, groups.partitions)
    rows = [Row(column.label, group=True)]
    for level, row, mask in zip(levels, counts, hidden, strict=True):
        cells = [_share(n, total, h) for n, total, h in zip(row, counts.sum(axis=0), mask, strict=True)]
        rows.append(Row(level, tuple(cells), inner=True))
    return rows, [level for level, mask in zip(levels, hidden, strict=True) if mask.any()]


def _mark_competing(rows: list[Row], name: str, outcome: Outcome) -> list[Row]:
    """`rows` of column `name`, those of competing events marked as such."""
    if not isinstance(outcome, TimeToEvent) or name != outcome.event_column:
        return rows
    marks = [" (competing event)" if row.inner and row.header in outcome.competing else "" for row in rows]
    return [replace(row, header=row.header + mark) for row, mark in zip(rows, marks, strict=True)]


def _share(n: int, total: int, hidden: bool) -> str:
    return numbers.HIDDEN if hidden else f"{n:,} ({numbers.percent(n / total)})"


def _number(column: Column, values: "pd.Series[Any]", groups: Groups, smallest: int) -> list[Row]:
    """Median and quartiles, and below them the missing values if there are any."""
    unit = f", {column.unit}" if column.unit else ""
    known = values.notna().to_numpy(dtype=bool)
    age = is_age(str(values.name), column.label, column.unit)
    pooled = pool_ages(values.to_numpy(np.float64, na_value=np.nan), str(values.name), column.label, column.unit)
    cells = [_quartiles(pooled[mask & known], smallest, age=age) for mask in groups.masks.values()]
    rows = [Row(column.label + unit, tuple(cells))]
    if known.all():
        return rows
    counts = np.array([[int((m & k).sum()) for m in groups.masks.values()] for k in (known, ~known)])
    hidden = hide_in_table(counts, smallest, groups.partitions)[1]
    cells = [_share(n, t, h) for n, t, h in zip(counts[1], counts.sum(axis=0), hidden, strict=True)]
    return [*rows, Row(MISSING, tuple(cells), inner=True)]


def _quartiles(values: npt.NDArray[np.float64], smallest: int, *, age: bool) -> str:
    """Median and quartiles, each with at least `smallest` values on both sides."""
    low, middle, high = (quantile_of_several(values, share, smallest) for share in (0.25, 0.5, 0.75))
    if middle is None:
        return numbers.HIDDEN
    if low is None or high is None:
        return f"{_value(middle, age=age)} ({numbers.HIDDEN})"
    return f"{_value(middle, age=age)} ({_value(low, age=age)} to {_value(high, age=age)})"


def _value(value: float, *, age: bool) -> str:
    return f"{OLDEST} or more" if age and value >= OLDEST else numbers.significant(value)
