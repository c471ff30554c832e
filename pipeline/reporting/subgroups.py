"""Subgroups as tables: each level's figures, and how far apart they are. Counts that tell of few stay hidden."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from pipeline.disclosure import hide_in_series
from pipeline.reporting import words
from pipeline.reporting.tables import Row, Rows, Table, make_table
from pipeline.reporting.words import numbers


def tabulate_subgroups(rows: Rows) -> Table:
    """Performance by level of each subgroup column."""
    made: list[Row] = []
    for i, row in enumerate(rows):
        if i == 0 or rows[i - 1]["column"] != row["column"]:
            made.append(Row(row["column"], group=True))
        figures = [_in_group(row, "auroc", 3), _in_group(row, "oe_ratio", 2)]
        made.append(Row(row["level"], (numbers.count(row["n"]), numbers.count(row["events"]), *figures), inner=True))
    head = ("Subgroup", "Patients", "Events", "AUROC", "O:E ratio")
    return Table(
        "subgroups", "Performance by subgroup", head, tuple(made), f"{words.tables.INTERVALS} {words.tables.SMALL}"
    )


def tabulate_gaps(rows: Rows) -> Table:
    """The largest difference between the levels of each subgroup column."""
    cells = [
        (
            row["column"],
            str(row["compared"]),
            _gap(row, row["auroc"], row["auroc_levels"], numbers.decimals(3)),
            _gap(row, numbers.exponential(row["log_oe"]), row["log_oe_levels"], numbers.decimal),
        )
        for row in rows
    ]
    head = ("Subgroup", "Levels compared", "Difference in AUROC", "Ratio of O:E ratios")
    return make_table(
        "gaps", "The largest differences between subgroups", head, cells, words.subgroups.GAPS, sorts=True
    )


def _gap(row: Mapping[str, Any], gap: numbers.Estimate, levels: Sequence[str] | None, show: numbers.Show) -> str:
    if row["suppressed"]:
        return words.subgroups.say_suppressed(row["suppressed"])
    between = f", {levels[0]} against {levels[1]}" if levels else ""
    return numbers.estimate(gap, show) + between


def _in_group(row: Mapping[str, Any], name: str, digits: int) -> str:
    if row.get("suppressed"):
        return words.subgroups.say_suppressed(row["suppressed"])
    return numbers.estimate(row[name], numbers.decimals(digits))


def protect_subgroups(
    performance: Mapping[str, Any], hidden_levels: Set[tuple[str, str]], smallest: int
) -> list[dict[str, Any]]:
    """The subgroups with counts hidden that, beside Table 1 and the totals, would give small ones away.

    `hidden_levels` are pairs of a column's label and a level of which Table 1 hides a count: among these patients, or
    among those with the event, whom it may count too.
    """
    rows = [dict(row) for row in performance["subgroups"]]
    for column in dict.fromkeys(row["column"] for row in rows):
        group = [row for row in rows if row["column"] == column]
        secret = [(column, row["level"]) in hidden_levels for row in group]
        sizes = [None if hidden else row["n"] for row, hidden in zip(group, secret, strict=True)]
        events = [None if hidden else _events(row, smallest) for row, hidden in zip(group, secret, strict=True)]
        kept = hide_in_series(sizes, performance["n"], smallest)
        kept_events = hide_in_series(events, performance["events"], smallest)
        for row, n, happened in zip(group, kept, kept_events, strict=True):
            row.update(n=n, events=happened)
    return rows


def _events(row: Mapping[str, Any], smallest: int) -> int | None:
    """The number of events, unless it or the number of those without is small."""
    if row["n"] is None or row["events"] is None or row["n"] - row["events"] < smallest:
        return None
    return int(row["events"])
