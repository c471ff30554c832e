"""What Table 1 counts of the patients and which of these counts it hides, so that no other table gives them away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from data_schemas.columns import Binary, Classes, Cohort, Column, Kind, Role
from pipeline.arrays import BoolArray, IntArray
from pipeline.disclosure.tables import hide_in_table, hide_within
from pipeline.phrases import phrase

if TYPE_CHECKING:
    import pandas as pd

ALL, DEVELOPMENT, TEST, WITHOUT = phrase("All"), phrase("Development"), phrase("Test"), phrase("Without")
WITH = "With"


class Records(Protocol):
    """A table of records, or what reads a column of it when it is asked for."""

    def __getitem__(self, name: str, /) -> Any:
        """The column called `name`, a Series."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The columns of Table 1: what each is of -> mask over patients; and which are sums of which others.

    Each partition names the whole, then its parts; the last part is published as what the others leave of the whole.
    """

    masks: Mapping[str, BoolArray]
    partitions: tuple[tuple[int, ...], ...]

    def count(self, members: BoolArray) -> list[int]:
        """How many of each group are among `members`, (n,)."""
        return [int((mask & members).sum()) for mask in self.masks.values()]


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels that somebody has, None for a missing value; `counts` and which are `hidden`, (levels, groups)."""

    names: tuple[str | None, ...]
    counts: IntArray
    hidden: BoolArray


@dataclass(frozen=True)
class Kept:
    """Pairs of a column's label and a level: of which Table 1 hides a count, and of which the events cannot be shown.

    These are the events of the test part; beside Table 1 they would tell of few patients, as would the non-events.
    """

    levels: frozenset[tuple[str, str | None]] = frozenset()
    events: frozenset[tuple[str, str | None]] = frozenset()

    def of(self, label: str) -> frozenset[str | None]:
        """The levels of the column called so of which Table 1 hides a count."""
        return frozenset(level for column, level in self.levels if column == label)


def group_patients(records: Records, cohort: type[Cohort], smallest: int) -> Groups:
    """Everyone, then parts if there are two, then outcomes if binary; a split with a small group is left out.

    `records` hold one row a patient, with `part`.
    """
    test = (records["part"] == "test").to_numpy(dtype=bool)
    masks: dict[str, BoolArray] = {ALL: np.ones(len(test), dtype=bool)}
    partitions: list[tuple[int, ...]] = []
    splits = [((TEST, DEVELOPMENT), {DEVELOPMENT: ~test, TEST: test})]
    outcome = cohort.study().outcome
    if isinstance(outcome, Binary):
        event = (records[outcome.column] == outcome.event).to_numpy(dtype=bool)
        splits.append(((WITH, WITHOUT), {WITH: event, WITHOUT: ~event}))
    for order, split in splits:
        if min(mask.sum() for mask in split.values()) >= smallest:
            masks |= split
            names = list(masks)
            partitions.append((0, *(names.index(name) for name in order)))
    return Groups(masks, tuple(partitions))


def described_columns(cohort: type[Cohort], groups: Groups) -> Iterator[tuple[str, Column]]:
    """The predictors and the outcome, but for a column by which the table is already divided."""
    outcome = cohort.study().outcome
    divides = outcome.column if isinstance(outcome, Binary) and WITHOUT in groups.masks else None
    for name, column in cohort.described().items():
        if column.role in (Role.PREDICTOR, Role.OUTCOME) and name != divides:
            yield name, column


def count_levels(cohort: type[Cohort], name: str, values: "pd.Series[Any]", groups: Groups, smallest: int) -> Levels:
    """The counts of the category `name`, of which patients have `values` (n,). The class of interest is never hidden.

    How many had it is told with every figure, so that it hides no other class.
    """
    missing = values.isna().to_numpy(dtype=bool)
    labels = values.astype("object").to_numpy()
    has = {label: np.asarray((labels == label) & ~missing, dtype=bool) for label in cohort.columns()[name].labels}
    present = [(level, members) for level, members in [*has.items(), (None, missing)] if members.any()]
    counts = np.array([groups.count(members) for _, members in present], dtype=np.int64)
    counts = counts.reshape(len(present), len(groups.masks))
    outcome = cohort.study().outcome
    told = outcome.event if isinstance(outcome, Classes) and outcome.column == name else ""
    hidden, others = counts < smallest, np.array([level != told for level, _ in present], dtype=bool)
    hidden[others] = hide_in_table(counts[others], smallest, groups.partitions)
    return Levels(tuple(level for level, _ in present), counts, hidden)


def keep_secret(cohort: type[Cohort], records: Records, smallest: int) -> Kept:
    """What other tables must not show beside Table 1; `records` hold one row a patient, with `part`."""
    groups = group_patients(records, cohort, smallest)
    levels: set[tuple[str, str | None]] = set()
    events: set[tuple[str, str | None]] = set()
    for name, column in described_columns(cohort, groups):
        if column.kind == Kind.CATEGORY:
            found = count_levels(cohort, name, records[name], groups, smallest)
            few = _few(found, records[name], groups, smallest)
            levels |= {(column.label, level) for level, row in zip(found.names, found.hidden, strict=True) if row.any()}
            events |= {(column.label, level) for level, secret in zip(found.names, few, strict=True) if secret}
    return Kept(frozenset(levels), frozenset(events))


def _few(found: Levels, values: "pd.Series[Any]", groups: Groups, smallest: int) -> BoolArray:
    """Of which levels the events of the test part, or its non-events, may not be shown, (levels,)."""
    names = list(groups.masks)
    if not {TEST, WITH} <= set(names) or not found.names:
        return np.zeros(len(found.names), dtype=bool)
    cells = [(part, outcome) for part in (TEST, DEVELOPMENT) for outcome in (WITH, WITHOUT)]
    members = [(values.isna() if level is None else values == level).to_numpy(dtype=bool) for level in found.names]
    both = [groups.masks[part] & groups.masks[outcome] for part, outcome in cells]
    finer = np.array([[int((rows & cell).sum()) for cell in both] for rows in members], dtype=np.int64)
    sums = [
        (names.index(whole), *[len(names) + place for place, cell in enumerate(cells) if whole in cell])
        for whole in (TEST, DEVELOPMENT, WITH, WITHOUT)
    ]
    secret = hide_within(np.hstack([found.counts, finer]), smallest, [*groups.partitions, *sums], found.hidden)
    few: BoolArray = secret[:, 0] | secret[:, 1]
    return few
