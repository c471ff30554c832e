"""One patient's factors as bars up and down, in the three groups of the table beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_schemas.columns import Column
from pipeline.reporting import words
from pipeline.reporting.figures import BLUE, CLEAR, INK, VERMILION, Figure
from pipeline.reporting.language import say
from pipeline.reporting.svg import LABEL, draw_svg, place_rows, wrap
from pipeline.reporting.tables import Table
from pipeline.reporting.words import numbers

MOST = 8
"""Bars in a group; further factors share one."""


@dataclass(frozen=True)
class Bar:
    """A label, and so many percentage points; none for the heading of a group."""

    label: str
    points: float | None


def draw_parts(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], columns: Mapping[str, Column], table: Table
) -> Figure:
    """The figure of `groups`, headings with their parts, the largest first; `table` holds the same numbers."""
    bars = [bar for heading, parts in groups.items() if parts for bar in _bars(heading, parts, columns)]
    title = say("Factors that raise and lower this predicted risk")
    description = say(words.patient.PARTS)
    height = 46 + 30 * (place_rows([bar.label for bar in bars])[-1] + 1)
    svg = draw_svg("parts-figure", title, description, height, lambda ax: draw_bars(ax, bars))
    return Figure("parts-figure", title, description, svg, table)


def draw_bars(ax: Any, bars: Sequence[Bar]) -> None:
    """Each label stands above its bar with the number, so that colour and length are not all there is."""
    places = place_rows([bar.label for bar in bars])
    for i, bar in zip(places, bars, strict=True):
        heading = bar.points is None
        weight, y = ("bold", i + 0.2) if heading else ("normal", i - 0.22)
        label = wrap(bar.label, LABEL)
        ax.text(0, y, label, transform=ax.get_yaxis_transform(), va="bottom", weight=weight, bbox=CLEAR)
        if bar.points is not None:
            up = bar.points > 0
            colours = {"color": "#F2C4A5", "edgecolor": VERMILION, "hatch": "////"} if up else {"color": BLUE}
            ax.barh(i, bar.points, 0.34, **colours)
    reach = max([1.0, *(abs(bar.points) for bar in bars if bar.points is not None)])
    low = min([0.0, *(bar.points for bar in bars if bar.points is not None)])
    high = max([0.0, *(bar.points for bar in bars if bar.points is not None)])
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.xaxis.set_major_formatter(lambda value, _: numbers.decimal(value, 0 if reach > 5 else 1))
    ax.set(xlim=(low - 0.05 * reach, high + 0.05 * reach), ylim=(max(places) + 0.5, -1), yticks=[])
    ax.set(xlabel=say("Percentage points of predicted risk"))
    ax.spines["left"].set_visible(False)


def _bars(heading: str, parts: Sequence[Mapping[str, Any]], columns: Mapping[str, Column]) -> list[Bar]:
    """The heading, the largest parts, and what is left as one."""
    shown = len(parts) if len(parts) <= MOST + 1 else MOST
    bars = [_bar(columns[part["predictor"]].label, part["risk"]) for part in parts[:shown]]
    left = parts[shown:]
    bars += [_bar(say("Other {n} together", n=len(left)), sum(part["risk"] for part in left))] if left else []
    return [Bar(heading, None), *bars]


def _bar(label: str, risk: float) -> Bar:
    return Bar(say("{label}: {points}", label=label, points=numbers.points(risk)), 100 * risk)
