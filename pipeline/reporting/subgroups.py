"""Subgroups as tables: each level's figures, and how far apart they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.tables import Row, Rows, Table, make_table
from pipeline.reporting.words import numbers


def tabulate_subgroups(rows: Rows) -> Table:
    """Performance by level of each subgroup column."""
    made: list[Row] = []
    for i, row in enumerate(rows):
        if i == 0 or rows[i - 1]["column"] != row["column"]:
            made.append(Row(row["column"], group=True))
        figures = [_in_group(row, "auroc", 3), _in_group(row, "oe_ratio", 2)]
        cells = (numbers.count(row["n"]), numbers.count(row["events"]), *figures)
        made.append(Row(words.names.say_values(row["level"]), cells, inner=True))
    head = (say("Subgroup"), say("Patients"), say("Events"), say("AUROC"), say("O:E ratio"))
    note = numbers.sentences([say(words.tables.INTERVALS), say(words.tables.SMALL)])
    return Table("subgroups", say("Performance by subgroup"), head, tuple(made), note)


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
    head = (say("Subgroup"), say("Levels compared"), say("Difference in AUROC"), say("Ratio of O:E ratios"))
    caption = say("The largest differences between subgroups")
    return make_table("gaps", caption, head, cells, say(words.subgroups.GAPS), sorts=True)


def _gap(row: Mapping[str, Any], gap: numbers.Estimate, levels: Sequence[str] | None, show: numbers.Show) -> str:
    if row["suppressed"]:
        return words.subgroups.say_suppressed(row["suppressed"])
    shown = numbers.estimate(gap, show)
    if not levels:
        return shown
    higher, lower = (words.names.say_values(level) for level in levels)
    return say("{gap}, {higher} against {lower}", gap=shown, higher=higher, lower=lower)


def _in_group(row: Mapping[str, Any], name: str, digits: int) -> str:
    if row.get("suppressed"):
        return words.subgroups.say_suppressed(row["suppressed"])
    return numbers.estimate(row[name], numbers.decimals(digits))
