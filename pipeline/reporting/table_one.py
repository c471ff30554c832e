"""Table 1: who the patients are, by part and, for a binary outcome, by outcome. No small group is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Cohort, Column, Kind, Outcome, TimeToEvent
from pipeline.arrays import BoolArray, IntArray
from pipeline.disclosure import (
    DEVELOPMENT,
    OLDEST,
    TEST,
    WITH,
    WITHOUT,
    Groups,
    Records,
    are_enough,
    count_levels,
    described_columns,
    group_patients,
    hide_in_table,
    is_age,
    pool_ages,
    quantile_of_several,
    round_table,
    share,
)
from pipeline.patients import find_first_records, find_patients
from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.standardised import difference_of_numbers, difference_of_shares
from pipeline.reporting.tables import Row, Table
from pipeline.reporting.words import numbers

PSEUDONYM = "pseudonym"
MISSING = phrase("Missing")
COMPARED = ((DEVELOPMENT, TEST), (WITH, WITHOUT))
"""The columns that are compared: the first two of these that there are."""


@dataclass(frozen=True, eq=False)
class _Frame:
    """The columns of Table 1, the two that are compared, if any, and what may be shown of them."""

    groups: Groups
    compared: tuple[int, ...]
    smallest: int
    step: int

    def show(self, counts: IntArray, hidden: BoolArray) -> list[list[str]]:
        """Cells of counts, shape (levels, groups), with their shares of the columns."""
        rounded = round_table(counts, hidden, self.groups.partitions, self.step)
        return [
            [_share(int(n), total, hidden=bool(h)) for n, total, h in zip(row, self.sizes(), mask, strict=True)]
            for row, mask in zip(rounded, hidden, strict=True)
        ]

    def sizes(self) -> list[int]:
        """The published number of patients of each column."""
        counts = np.array([[int(mask.sum()) for mask in self.groups.masks.values()]])
        rounded = round_table(counts, np.zeros(counts.shape, dtype=bool), self.groups.partitions, self.step)
        return [int(count) for count in rounded[0]]

    def members(self) -> list[BoolArray]:
        """Who is in each of the columns that are compared, (n,)."""
        masks = list(self.groups.masks.values())
        return [masks[place] for place in self.compared]


def describe_patients(cohort: type[Cohort], valid: Records, split: pd.DataFrame, smallest: int, step: int = 1) -> Table:
    """Summarise one record a patient: the earliest by index date, or else the first. Columns are asked for one by one.

    Categories: number and share of the group, missing values included in the total. Numbers: median and
    quartiles, with at least `smallest` values on either side of each. Counts are rounded to multiples of `step`, and
    shares are those of rounded counts; standardised differences are exact, and hidden where a count behind them is.
    """
    records = _choose_one_a_patient(valid, split, cohort.index_date())
    groups, outcome = group_patients(records, cohort, smallest), cohort.study().outcome
    names = list(groups.masks)
    compared = next((pair for pair in COMPARED if set(pair) <= set(names)), ())
    frame = _Frame(groups, tuple(names.index(name) for name in compared), smallest, step)
    rows: list[Row] = []
    for name, column in described_columns(cohort, groups):
        if column.kind == Kind.CATEGORY:
            rows += _mark_competing(_category(cohort, name, records[name], frame), name, outcome)
        elif column.numeric:
            rows += _number(column, records[name], frame)
    said = _name_columns(groups, outcome)
    head = [say("{group} (n = {n})", group=group, n=f"{n:,}") for group, n in zip(said, frame.sizes(), strict=True)]
    note = words.data.note_table_one(smallest, step, [said[place] for place in frame.compared])
    last = [say("Standardised difference")] if compared else []
    return Table("table-1", say("Table 1. Patients"), (say("Characteristic"), *head, *last), tuple(rows), note)


def _name_columns(groups: Groups, outcome: Outcome) -> list[str]:
    return [say("With {event}", event=outcome.says) if name == WITH else say(name) for name in groups.masks]


@dataclass(frozen=True, eq=False)
class _OneAPatient:
    """The columns of the records at the positions `first` of `valid`, a record a patient, and the `part` of each."""

    valid: Records
    first: IntArray
    part: "pd.Series[Any]"

    def __getitem__(self, name: str) -> "pd.Series[Any]":
        column: pd.Series[Any] = self.part if name == "part" else self.valid[name]
        return column if name == "part" else column.iloc[self.first].reset_index(drop=True)


def _choose_one_a_patient(valid: Records, split: pd.DataFrame, index_date: str | None) -> _OneAPatient:
    keys = pd.DataFrame({name: valid[name] for name in (PSEUDONYM, index_date) if name})
    first = find_first_records(keys, index_date)
    place = find_patients(keys[PSEUDONYM].iloc[first], split[PSEUDONYM])
    assert (place >= 0).all(), "every patient has a part"
    return _OneAPatient(valid, first, split["part"].iloc[place].reset_index(drop=True))


def _category(cohort: type[Cohort], name: str, values: "pd.Series[Any]", frame: _Frame) -> list[Row]:
    """The rows of a category below its own, which has the standardised difference of the levels that are known."""
    found = count_levels(cohort, name, values, frame.groups, frame.smallest)
    if not found.names:
        return []
    known = np.array([level is not None for level in found.names])
    counts, hidden = (table[known][:, list(frame.compared)] for table in (found.counts, found.hidden))
    shown = counts.size > 0 and not hidden.any()
    apart = _difference(difference_of_shares(*counts.T) if shown else None, frame)
    blank = [""] * len(apart)
    return [
        Row(cohort.described()[name].label, tuple(apart), group=True),
        *[
            Row(say(MISSING) if level is None else level, (*cells, *blank), inner=True)
            for level, cells in zip(found.names, frame.show(found.counts, found.hidden), strict=True)
        ],
    ]


def _difference(found: float | None, frame: _Frame) -> list[str]:
    """The cell of a standardised difference, if there is such a column."""
    shown = say(numbers.HIDDEN) if found is None else numbers.decimal(found)
    return [shown] if frame.compared else []


def _mark_competing(rows: list[Row], name: str, outcome: Outcome) -> list[Row]:
    """`rows` of column `name`, those of competing events marked as such."""
    if not isinstance(outcome, TimeToEvent) or name != outcome.event_column:
        return rows
    return [
        replace(row, header=say("{level} (competing event)", level=row.header))
        if row.inner and row.header in outcome.competing
        else row
        for row in rows
    ]


def _share(n: int, total: int, *, hidden: bool) -> str:
    return say(numbers.HIDDEN) if hidden else numbers.bracket(f"{n:,}", numbers.percent(share(n, total)))


def _number(column: Column, values: "pd.Series[Any]", frame: _Frame) -> list[Row]:
    """Median and quartiles, and below them the missing values if there are any."""
    known, masks = values.notna().to_numpy(dtype=bool), frame.groups.masks.values()
    age = is_age(str(values.name), column.label, column.unit)
    pooled = pool_ages(values.to_numpy(np.float64, na_value=np.nan), str(values.name), column.label, column.unit)
    cells = [_quartiles(pooled[mask & known], frame.smallest, age=age) for mask in masks]
    apart = _difference(_compare([pooled[mask & known] for mask in frame.members()], frame), frame)
    name = say("{label}, {unit}", label=column.label, unit=column.unit) if column.unit else column.label
    rows = [Row(name, (*cells, *apart))]
    if known.all():
        return rows
    counts = np.array([frame.groups.count(members) for members in (known, ~known)])
    _, missing = frame.show(counts, hide_in_table(counts, frame.smallest, frame.groups.partitions))
    return [*rows, Row(say(MISSING), (*missing, *[""] * len(apart)), inner=True)]


def _compare(sides: Sequence[npt.NDArray[np.float64]], frame: _Frame) -> float | None:
    """The standardised difference of a number; None where few have a value, or one of two values, on either side."""
    if not sides or not are_enough([len(side) for side in sides], frame.smallest):
        return None
    ends = [extreme(np.array([extreme(side) for side in sides])) for extreme in (np.min, np.max)]
    counts = [int((side == end).sum()) for side in sides for end in ends]
    of_two = sum(counts) == sum(map(len, sides)) and ends[0] < ends[1]
    if of_two and not are_enough(counts, frame.smallest):
        return None
    return difference_of_numbers(*sides)


def _quartiles(values: npt.NDArray[np.float64], smallest: int, *, age: bool) -> str:
    """Median and quartiles, each with at least `smallest` values on both sides."""
    low, middle, high = (quantile_of_several(values, share, smallest) for share in (0.25, 0.5, 0.75))
    if middle is None:
        return say(numbers.HIDDEN)
    if low is None or high is None:
        return numbers.bracket(_value(middle, age=age), say(numbers.HIDDEN))
    between = say("{low} to {high}", low=_value(low, age=age), high=_value(high, age=age))
    return numbers.bracket(_value(middle, age=age), between)


def _value(value: float, *, age: bool) -> str:
    return say("{low} or more", low=OLDEST) if age and value >= OLDEST else numbers.significant(value)
