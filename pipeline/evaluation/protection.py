"""Counts that would tell of few beside what is published elsewhere, hidden here, where all counts are exact."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from data_schemas.columns import Classes, Outcome
from pipeline.disclosure import Kept, are_enough, hide_in_series, none_or_enough
from pipeline.estimates import nothing
from pipeline.phrases import phrase

TELLS = phrase("shown, it would tell of too few patients")
Rows = Sequence[Mapping[str, Any]]


def protect_subgroups(rows: Rows, n: int, events: int, kept: Kept, smallest: int) -> list[dict[str, Any]]:
    """The subgroups, of `n` records with `events`, without counts that Table 1 or the totals complete.

    `kept` says of which levels Table 1 hides a count, among these patients or among those with the event, and of which
    levels the events here, beside those that Table 1 counts in all patients, would tell of few in the others.
    """
    made = [dict(row) for row in rows]
    for column in dict.fromkeys(row["column"] for row in made):
        group = [row for row in made if row["column"] == column]
        pairs = [(column, row["level"]) for row in group]
        sizes = [None if p in kept.levels else row["n"] for p, row in zip(pairs, group, strict=True)]
        told = [None if p in kept.levels | kept.events else row["events"] for p, row in zip(pairs, group, strict=True)]
        shown = hide_in_series(sizes, n, smallest), hide_in_series(told, events, smallest)
        for row, size, happened in zip(group, *shown, strict=True):
            row.update(n=size, events=happened)
    return made


def protect_clusters(
    rows: Rows, everyone: Mapping[int, int], n: int, events: int, smallest: int
) -> list[dict[str, Any]]:
    """The clusters evaluated, of `n` records with `events`, without counts that tell of few.

    `everyone` are the patients of each cluster, which are published too: where nearly all of them were evaluated, the
    few others would follow. A rate whose count is hidden would tell it.
    """
    others = [0 if row["n"] is None else max(everyone[row["cluster"]] - row["n"], 0) for row in rows]
    few = [not none_or_enough([count], smallest) for count in others]
    sizes, told = ([None if f else row[key] for f, row in zip(few, rows, strict=True)] for key in ("n", "events"))
    shown = hide_in_series(sizes, n, smallest), hide_in_series(told, events, smallest)
    made = [{**row, "n": size, "events": count} for row, size, count in zip(rows, *shown, strict=True)]
    silent = {"rate": nothing(TELLS).to_dict(), "incidence": []}
    return [row if row["events"] is not None or row["rate"]["value"] is None else row | silent for row in made]


def protect_targets(
    rows: Rows, outcome: Outcome, n: int, events: int, hidden: Set[str | None], smallest: int
) -> list[dict[str, Any]]:
    """The horizons or classes without counts that would tell of few; rows as `by_target` has them.

    The first is that of the headline figures, with whose `events` among `n` records it is told. Classes add up to all
    records; of those `hidden` Table 1 hides a count. Who had the event by one horizon had it by all later ones, so
    that the difference of two that are shown is a count as well.
    """
    if isinstance(outcome, Classes):
        first, *others = rows
        told = [None if row["target"] in hidden else row["events"] for row in others]
        counts = [first["events"], *hide_in_series(told, n - events, smallest)]
        return [{**row, "events": count} for row, count in zip(rows, counts, strict=True)]
    shown: list[int] = []
    made: list[dict[str, Any]] = []
    for row in rows:
        count = row["events"]
        apart = count is not None and are_enough((abs(count - other) for other in shown), smallest)
        shown += [count] if apart else []
        made.append({**row, "events": count if apart else None})
    return made
