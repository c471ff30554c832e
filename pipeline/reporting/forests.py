"""Forest plots: estimates with their intervals, one below the other, and the tables that they are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.figures import BLUE, CLEAR, GREY, Figure
from pipeline.reporting.language import say
from pipeline.reporting.svg import LABEL, draw_svg, place_rows, wrap
from pipeline.reporting.tables import Row, Rows, Table
from pipeline.reporting.words import numbers


@dataclass(frozen=True)
class Line:
    """One estimate of a forest plot."""

    label: str
    value: float | None
    lo: float | None
    hi: float | None
    group: bool = False


def forest(key: str, title: str, measure: str, lines: Sequence[Line], table: Table, ideal: float | None) -> Figure:
    """Estimates with their intervals, one below the other; `ideal` draws a line."""
    shown = [line for line in lines if line.value is not None or line.group]
    description = words.performance.describe_forest(measure, ideal)
    height = 46 + 30 * (place_rows([line.label for line in shown])[-1] + 1) if shown else 60
    svg = draw_svg(key, title, description, height, lambda ax: draw_forest(ax, shown, measure, ideal))
    return Figure(key, title, description, svg, table)


def draw_forest(ax: Any, lines: Sequence[Line], measure: str, ideal: float | None) -> None:
    """Each label stands above its own line, so that long ones fit a narrow figure."""
    if ideal is not None:
        ax.axvline(ideal, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
    places = place_rows([line.label for line in lines])
    for i, line in zip(places, lines, strict=True):
        weight = "bold" if line.group else "normal"
        y = i + 0.2 if line.group else i - 0.26
        ax.text(
            0, y, wrap(line.label, LABEL), transform=ax.get_yaxis_transform(), va="bottom", weight=weight, bbox=CLEAR
        )
        if line.value is None:
            continue
        if line.lo is not None and line.hi is not None:
            ax.plot([line.lo, line.hi], [i, i], color=BLUE, linewidth=2)
        ax.plot([line.value], [i], "s", color=BLUE, markersize=5.5)
    ax.set(ylim=(max(places, default=0) + 0.5, -1), yticks=[], xlabel=measure)
    ax.spines["left"].set_visible(False)


def line_of(label: str, row: Mapping[str, Any], name: str) -> Line:
    """The line of the estimate that a row of a CSV file keeps under `name`."""
    estimate = numbers.from_columns(row, name)
    return Line(label, estimate["value"], estimate["lo"], estimate["hi"])


def lines_of(rows: Rows, name: str) -> list[Line]:
    """The lines of a forest plot of estimate `name` by subgroup, under the name of each subgroup's column."""
    made: list[Line] = []
    for i, row in enumerate(rows):
        if i == 0 or rows[i - 1]["column"] != row["column"]:
            made.append(Line(row["column"], None, None, None, group=True))
        e = {} if row.get("suppressed") else row[name]
        made.append(Line(words.names.say_values(row["level"]), e.get("value"), e.get("lo"), e.get("hi")))
    return made


def table_of(key: str, measure: str, lines: Sequence[Line], digits: int) -> Table:
    """The table of a forest plot."""
    rows, grouped = [], any(line.group for line in lines)
    for line in lines:
        cells = (numbers.NOTHING,) * 2
        if line.value is not None:
            limits = numbers.interval({"lo": line.lo, "hi": line.hi}, numbers.decimals(digits))
            cells = (numbers.decimal(line.value, digits), limits or numbers.NOTHING)
        rows.append(Row(line.label, group=True) if line.group else Row(line.label, cells, inner=grouped))
    return Table(f"{key}-data", measure, ("", measure, say("95% interval")), tuple(rows))
