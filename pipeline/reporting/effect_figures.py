"""Figures of a treatment's effect, drawn from the rows that their tables show. Arms differ in place and hatching."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.figures import BLUE, CLEAR, GREY, INK, VERMILION, Figure
from pipeline.reporting.forests import Line, forest
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain
from pipeline.reporting.svg import LABEL, draw_svg, pad_legend, place_rows, wrap
from pipeline.reporting.tables import Rows, Table
from pipeline.reporting.words import numbers
from pipeline.reporting.words.effect_terms import (
    ARMS,
    GROUPS,
    MEASURE,
    UNLIKE,
    Columns,
    name_level,
    say_caption,
    show_described,
    show_share,
)

STEP = 0.05
"""Bars count patients in this much probability, so that their areas compare where their widths differ."""
DRAWN = 24
"""Of more differences than this, the largest are drawn; the table has them all."""
DASHED = {"color": INK, "linestyle": (0, (4, 3)), "linewidth": 1.1}


def draw_overlap_figure(overlap: Plain, table: Table) -> Figure:
    """The probability of treatment in both arms."""
    key, title = "effect-overlap", say_caption("overlap")
    description = words.effect_figures.describe_overlap(overlap["rule"])
    svg = draw_svg(key, title, description, 250, lambda ax: draw_overlap(ax, overlap["bins"], overlap["rule"]))
    return Figure(key, title, description, svg, table)


def draw_overlap(ax: Any, bins: Rows, rule: Sequence[float | None]) -> None:
    """Bars upward (treated, hatched) and downward (control); dashed lines where patients leave."""
    places, widths = [row["lo"] for row in bins], [row["hi"] - row["lo"] for row in bins]
    up, down = ([row[arm] * STEP / width for row, width in zip(bins, widths, strict=True)] for arm in ARMS)
    look = {"align": "edge", "linewidth": 0.6}
    ax.bar(places, up, widths, color="#F2C4A5", edgecolor=VERMILION, hatch="////", label=say("Treated arm"), **look)
    ax.bar(
        places, [-height for height in down], widths, color=BLUE, edgecolor="white", label=say("Control arm"), **look
    )
    for limit in rule:
        if limit is not None:
            ax.axvline(limit, **DASHED)
    reach = max(*up, *down, 1)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.xaxis.set_major_formatter(lambda value, _: numbers.percent(round(value, 9)))
    ax.yaxis.set_major_formatter(lambda value, _: numbers.decimal(abs(value), 0))
    ax.set(xlabel=say("Probability of treatment"), ylabel=say("Patients per 5 points"))
    ax.set(xlim=(0, 1), ylim=(-1.1 * reach, 1.3 * reach))
    pad_legend(ax.legend(loc="upper center", ncols=2, handlelength=1.4, columnspacing=1))


def draw_balance_figure(columns: Columns, effect: Plain, table: Table) -> Figure | None:
    """Standardised mean differences before and after weighting, or once where nobody is weighted; None without any."""
    known = [row for row in effect["balance"] if row["before"]["value"] is not None]
    if not known:
        return None
    drawn = sorted(known, key=lambda row: -abs(row["before"]["value"]))[:DRAWN]
    weighted, labels = effect["design"] != "randomised", [name_level(columns, row) for row in drawn]
    key, title = "effect-balance", say_caption("balance")
    description = words.effect_figures.describe_balance(len(drawn), len(known), weighted=weighted)
    height = 76 + 30 * (place_rows(labels)[-1] + 1)
    svg = draw_svg(key, title, description, height, lambda ax: draw_balance(ax, drawn, labels, weighted=weighted))
    return Figure(key, title, description, svg, table)


def draw_balance(ax: Any, rows: Rows, labels: Sequence[str], *, weighted: bool) -> None:
    """Each row under its label: a hollow circle before weighting and a square after it, joined by a line."""
    places = place_rows(labels)
    before, after = ([abs(row[when]["value"]) for row in rows] for when in ("before", "after"))
    ax.axvline(UNLIKE, **DASHED)
    for place, label in zip(places, labels, strict=True):
        ax.text(0, place - 0.26, wrap(label, LABEL), transform=ax.get_yaxis_transform(), va="bottom", bbox=CLEAR)
    if weighted:
        ax.hlines(places, before, after, color=GREY, linewidth=1)
        label = say("Before weighting")
        ax.plot(before, places, "o", color=VERMILION, markerfacecolor="white", markersize=6, label=label)
    ax.plot(after, places, "s", color=BLUE, markersize=5.5, label=say("After weighting") if weighted else None)
    if weighted:
        pad_legend(ax.figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1))
    reach = 1.08 * max(*before, *after, 1.5 * UNLIKE)
    ax.set(ylim=(places[-1] + 0.5, -1), yticks=[], xlim=(-0.02 * reach, reach))
    ax.set(xlabel=say("Size in standard deviations"))
    ax.spines["left"].set_visible(False)


def draw_forest_figure(effect: Plain, table: Table) -> Figure:
    """The difference in risk without and with adjustment, and by predicted risk."""
    return forest("effect-forest", say_caption("forest"), say(MEASURE), forest_lines(effect), table, 0.0)


def forest_lines(effect: Plain) -> list[Line]:
    """The lines of the forest plot, in percentage points."""
    lines = [_line(say("Without adjustment"), effect["naive"]), _line(say("Adjusted"), effect["adjusted"])]
    groups = effect["by_risk"]["groups"]
    if groups:
        lines.append(Line(say("By predicted risk in the control arm"), None, None, None, group=True))
    for name, group in zip(GROUPS.get(len(groups), ()), groups, strict=True):
        mean = show_described(group["mean"], show_share)
        lines.append(_line(say("{group}, mean {mean}", group=say(name), mean=mean), group))
    return lines


def _line(label: str, compared: Mapping[str, Any]) -> Line:
    value, lo, hi = (_times_100(compared["difference"][key]) for key in ("value", "lo", "hi"))
    return Line(label, value, lo, hi)


def _times_100(share: float | None) -> float | None:
    return None if share is None else 100 * share


def draw_benefit_figure(groups: Rows, table: Table) -> Figure | None:
    """Observed against predicted difference, by group of the predicted one; None where no group has both."""
    known = [group for group in groups if None not in (group["predicted"]["value"], group["difference"]["lo"])]
    if not known:
        return None
    key, title, description = (
        "effect-benefit",
        say_caption("benefit"),
        words.effect_figures.describe_benefit(len(known)),
    )
    svg = draw_svg(key, title, description, 270, lambda ax: draw_benefit(ax, known))
    return Figure(key, title, description, svg, table)


def draw_benefit(ax: Any, groups: Rows) -> None:
    """A dot with its interval for each group; the diagonal is dashed, and a dotted line is at no difference."""
    x = [100 * row["predicted"]["value"] for row in groups]
    y, lo, hi = ([100 * row["difference"][key] for row in groups] for key in ("value", "lo", "hi"))
    ax.axhline(0, color=GREY, linestyle=":", linewidth=1)
    room = max(0.25 * (max(x) - min(x)), 0.5)
    ends = (min(x) - room, max(x) + room)
    ax.plot(ends, ends, label=say("Ideal"), **DASHED)
    ax.vlines(x, lo, hi, color=BLUE, linewidth=2)
    ax.plot(x, y, "o", color=BLUE, markersize=6, label=say("Groups, 95% interval"))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: numbers.signed(0 if value == round(value) else 1)(value))
    ax.set(xlabel=say("Predicted difference (percentage points)"), ylabel=say("Observed difference"), xlim=ends)
    pad_legend(ax.figure.legend(loc="outside upper left", ncols=2, columnspacing=1))
