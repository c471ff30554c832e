"""Figures of phenotypes, drawn from the rows that their tables show: profiles, curves and shares over time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reporting import cluster_risks, clusters, words
from pipeline.reporting.cluster_style import COLOURS, DASHES, tint
from pipeline.reporting.clusters import Profile
from pipeline.reporting.figures import CLEAR, GREY, INK, Figure
from pipeline.reporting.forests import Line, forest
from pipeline.reporting.language import say
from pipeline.reporting.svg import LABEL, draw_svg, place_rows, wrap
from pipeline.reporting.tables import Rows
from pipeline.reporting.words import numbers

ABOVE, BELOW = "#E69F00", "#56B4E9"
"""Orange and sky blue of Okabe and Ito: dark text stands out from both."""


@dataclass(frozen=True)
class Series:
    """The values of one cluster along an axis, with the ends of their intervals; None where not shown."""

    number: int
    x: tuple[float, ...]
    value: tuple[float | None, ...]
    lo: tuple[float | None, ...]
    hi: tuple[float | None, ...]


def heat_map(rows: Sequence[Profile], found: Rows) -> Figure:
    """How far each phenotype is off, characteristic by characteristic."""
    title = say("How far each phenotype differs")
    description = say(words.phenotype_figures.HEAT_MAP)
    height = 60 + 30 * (place_rows([row.label for row in rows])[-1] + 1)
    order = [c["cluster"] for c in found]
    svg = draw_svg("profiles", title, description, height, lambda ax: draw_heat_map(ax, rows, order))
    return Figure("profiles", title, description, svg, clusters.profiles(rows, found))


def draw_heat_map(ax: Any, rows: Sequence[Profile], order: Sequence[int]) -> None:
    """A row of cells under each label, and in each the difference."""
    places = place_rows([row.label for row in rows])
    reach = max([1.0, *[abs(d) for row in rows for d in row.differences if d is not None]])
    for i, row in zip(places, rows, strict=True):
        ax.text(0, i - 0.28, wrap(row.label, LABEL), transform=ax.get_yaxis_transform(), va="bottom")
        for j, difference in enumerate(row.differences):
            _draw_cell(ax, j, i, difference, reach)
    ax.set(ylim=(places[-1] + 0.4, -0.8), yticks=[], xlim=(-0.5, len(order) - 0.5), xlabel=say("Phenotype"))
    ax.set_xticks(range(len(order)), [str(number) for number in order])
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _draw_cell(ax: Any, column: float, row: float, difference: float | None, reach: float) -> None:
    box = {"width": 0.96, "bottom": row - 0.25}
    middle = {"ha": "center", "va": "center_baseline", "size": 9.5, "color": INK}
    if difference is None:
        ax.bar(column, 0.52, facecolor="white", edgecolor=GREY, hatch="////", linewidth=0.5, **box)
        ax.text(column, row + 0.01, say(numbers.HIDDEN), bbox=CLEAR, **middle)
        return
    colour = tint(ABOVE if difference > 0 else BELOW, abs(difference) / reach)
    ax.bar(column, 0.52, facecolor=colour, edgecolor="#d5dbe1", linewidth=0.5, **box)
    ax.text(column, row + 0.01, numbers.signed(1)(difference), **middle)


def incidence(rows: Rows, unit: str) -> Figure:
    """The cumulative incidence of each phenotype that has a curve."""
    shown = [row for row in rows if row["incidence"]]
    title = say("Cumulative incidence by phenotype")
    without = [str(row["cluster"]) for row in rows if not row["incidence"]]
    description = words.phenotype_figures.describe_incidence(len(shown), without)
    series = [_read_curve(row) for row in shown]
    order = [row["cluster"] for row in rows]
    key = "phenotype-incidence"
    svg = draw_svg(key, title, description, 250, lambda ax: draw_incidence(ax, series, order, unit))
    return Figure(key, title, description, svg, cluster_risks.tabulate_incidence(shown, unit))


def _read_curve(row: Any) -> Series:
    """The points of a curve."""
    points = row["incidence"]
    value, lo, hi = (tuple(point.get(key) for point in points) for key in ("value", "lo", "hi"))
    return Series(row["cluster"], tuple(point["time"] for point in points), value, lo, hi)


def draw_incidence(ax: Any, series: Sequence[Series], order: Sequence[int], unit: str) -> None:
    """Lines in their bands; nobody has the event at time 0."""
    for one in series:
        place = order.index(one.number)
        band = [(x, lo, hi) for x, lo, hi in zip(one.x, one.lo, one.hi, strict=True) if lo is not None]
        x, lo, hi = ([0.0, *column] for column in zip(*band, strict=True)) if band else ([], [], [])
        ax.fill_between(x, lo, hi, color=COLOURS[place % len(COLOURS)], alpha=0.1, linewidth=0)
        _draw_line(ax, place, (0.0, *one.x), (0.0, *one.value))
    ends = [end for one in series if (end := _end(one))]
    _label_ends(ax, ends, order)
    ax.set(xlabel=say("Time ({unit})", unit=unit), ylabel=say("With the event"))
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(lambda value, _: numbers.percent(round(value, 9)))


def periods(rows: Rows, found: Rows, says: str) -> Figure:
    """The share of each phenotype, period by period."""
    title = say("Shares of the phenotypes over time")
    description = words.phenotype_figures.describe_periods(len(found), len(rows), says)
    series = [_read_shares(rows, c["cluster"]) for c in found]
    key, names = "phenotype-periods", [str(row["period"]) for row in rows]
    svg = draw_svg(key, title, description, 240, lambda ax: draw_periods(ax, series, names))
    return Figure(key, title, description, svg, clusters.periods(rows, found))


def _read_shares(rows: Rows, number: int) -> Series:
    shares = [row["shares"].get(str(number)) or {} for row in rows]
    value, lo, hi = (tuple(share.get(key) for share in shares) for key in ("value", "lo", "hi"))
    return Series(number, tuple(float(i) for i in range(len(rows))), value, lo, hi)


def draw_periods(ax: Any, series: Sequence[Series], names: Sequence[str]) -> None:
    """A dot with its interval for each period, clusters side by side so that intervals do not overlap."""
    order, ends = [one.number for one in series], []
    for place, one in enumerate(series):
        shift = 0.07 * (place - (len(series) - 1) / 2)
        x = tuple(i + shift for i in one.x)
        known = [i for i, lo in enumerate(one.lo) if lo is not None and one.hi[i] is not None]
        limits = [one.lo[i] for i in known], [one.hi[i] for i in known]
        ax.vlines([x[i] for i in known], *limits, color=COLOURS[place % len(COLOURS)], linewidth=1)
        _draw_line(ax, place, x, one.value, marker="o", markersize=3.5)
        end = _end(one)
        ends += [(one.number, len(names) - 0.75, end[2])] if end else []
    _label_ends(ax, ends, order)
    crowded = sum(len(name) + 1 for name in names) > 44
    ax.set_xticks(range(len(names)), names, rotation=90 if crowded else 0)
    ax.set(ylabel=say("Share of patients"))
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(lambda value, _: numbers.percent(round(value, 9)))


def _draw_line(ax: Any, place: int, x: Sequence[float], y: Sequence[float | None], **more: Any) -> None:
    """One cluster's line in its colour and kind; it is broken where a value is not shown."""
    values = [math.nan if value is None else value for value in y]
    look = {"color": COLOURS[place % len(COLOURS)], "linestyle": DASHES[place % len(DASHES)]}
    ax.plot(x, values, linewidth=1.6, **look, **more)


def _end(one: Series) -> tuple[int, float, float] | None:
    """Number, place and value at the end of a line, if any of it is shown."""
    known = [(x, value) for x, value in zip(one.x, one.value, strict=True) if value is not None]
    return (one.number, *known[-1]) if known else None


def _label_ends(ax: Any, ends: Sequence[tuple[int, float, float]], order: Sequence[int]) -> None:
    """Each line's number right of its end and level with it, or as near as others leave room."""
    top, ordered = ax.get_ylim()[1], sorted(ends, key=lambda end: end[2])
    heights = spread([value for *_, value in ordered], 0.075 * top)
    for (number, x, _), height in zip(ordered, heights, strict=True):
        colour = COLOURS[order.index(number) % len(COLOURS)]
        where = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
        ax.annotate(str(number), (x, height), color=colour, weight="bold", annotation_clip=False, **where)


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Ascending heights at least `gap` apart, each group of close ones around the mean of its values."""
    groups: list[list[float]] = []
    for value in values:
        groups.append([value])
        while len(groups) > 1 and _place(groups[-1], gap)[0] - _place(groups[-2], gap)[-1] < gap:
            last = groups.pop()
            groups[-1] += last
    return [height for group in groups for height in _place(group, gap)]


def _place(group: Sequence[float], gap: float) -> list[float]:
    middle = sum(group) / len(group)
    return [middle + gap * (i - (len(group) - 1) / 2) for i in range(len(group))]


def ratios(rows: Rows) -> Figure | None:
    """Observed to expected events inside each phenotype; None where no ratio was computed."""
    lines = _lines(rows, "oe_ratio")
    table = cluster_risks.tabulate_risks(rows)
    title, measure = say("O:E ratio inside each phenotype"), say("O:E ratio")
    return forest("phenotype-oe", title, measure, lines, table, 1.0) if _any_shown(lines) else None


def rates(rows: Rows, event: str) -> Figure | None:
    """The observed outcome of each phenotype; None where no rate was computed."""
    lines = _lines(rows, "rate")
    table = cluster_risks.tabulate_rates(rows, event)
    title, measure = say("Observed outcome by phenotype"), say("Share with the event")
    return forest("phenotype-rates", title, measure, lines, table, None) if _any_shown(lines) else None


def _lines(rows: Rows, name: str) -> list[Line]:
    return [
        Line(f"{row['cluster']}. {row['name']}", row[name]["value"], row[name]["lo"], row[name]["hi"]) for row in rows
    ]


def _any_shown(lines: Sequence[Line]) -> bool:
    return any(line.value is not None for line in lines)
