"""Every figure, drawn from the rows that its table shows. Colours from Okabe and Ito, and never colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from pipeline.reporting import tables, words
from pipeline.reporting.language import say
from pipeline.reporting.svg import draw_svg, measure, pad_legend, wrap
from pipeline.reporting.tables import Rows, Table
from pipeline.reporting.words import numbers

BLUE, VERMILION, GREY, INK = "#0072B2", "#C24E00", "#6b7885", "#1b2733"
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
TICK = 14
"""Characters in a line of a label below an axis."""


@dataclass(frozen=True)
class Figure:
    """A figure, what it shows in words, and the tables it was drawn from."""

    key: str
    title: str
    description: str
    svg: Markup
    table: Table
    also: tuple[Table, ...] = ()


def calibration(rows: Rows, smooth: Rows, before: str = "") -> Figure:
    """Observed against predicted risk: in groups of patients, and as the curve through the points of `smooth`.

    `before` stands before the keys of figure and tables, where a page has two.
    """
    title = say("Calibration: observed against predicted risk")
    description = words.performance.describe_calibration(len(rows), smooth=bool(smooth))
    key = f"{before}calibration"
    svg = draw_svg(key, title, description, 300, lambda ax: draw_calibration(ax, rows, smooth))
    also = (_rename(tables.smooth_curve(smooth), before),) if smooth else ()
    return Figure(key, title, description, svg, _rename(tables.calibration(rows), before), also)


def _rename(table: Table, before: str) -> Table:
    return replace(table, key=f"{before}{table.key}")


def draw_calibration(ax: Any, rows: Rows, smooth: Rows) -> None:
    """Dots with intervals, a solid curve in its band; the diagonal is dashed."""
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=(0, (4, 3)), linewidth=1.2, label=say("Ideal"))
    x, y = [r["predicted"] for r in rows], [r["observed"] for r in rows]
    known = [r for r in rows if r.get("lo") is not None and r.get("hi") is not None]
    ax.vlines([r["predicted"] for r in known], [r["lo"] for r in known], [r["hi"] for r in known], color=BLUE)
    groups = say("Groups, 95% interval")
    ax.plot(x, y, "o" if smooth else "o-", color=BLUE, markersize=5, linewidth=1, label=groups)
    if smooth:
        x, y = [r["predicted"] for r in smooth], [r["observed"] for r in smooth]
        ax.plot(x, y, color=VERMILION, linewidth=1.6, label=say("Smooth curve, 95% band"))
        limits = [r["lo"] for r in smooth], [r["hi"] for r in smooth]
        ax.fill_between(x, *limits, color=VERMILION, alpha=0.16, linewidth=0)
    _shares(ax.xaxis, ax.yaxis)
    ax.set(xlabel=say("Predicted risk"), ylabel=say("Observed risk"), xlim=(0, 1), ylim=(0, 1))
    pad_legend(ax.legend(loc="upper left"))


def risk_distribution(rows: Rows, event: str, before: str = "") -> Figure:
    """How predicted risks are spread among those with and without the event; `before` is as in `calibration`."""
    title = say("Predicted risks, by what was observed")
    hidden = sum(r.get(name) is None for r in rows for name in ("event", "no_event"))
    description = words.performance.describe_risks(event, hidden)
    key = f"{before}risks"
    svg = draw_svg(key, title, description, 250, lambda ax: draw_risks(ax, rows))
    return Figure(key, title, description, svg, _rename(tables.risks(rows, event), before))


def draw_risks(ax: Any, rows: Rows) -> None:
    """Bars upward (event, hatched) and downward (none); a cross stands for a hidden count."""
    places = [r["low"] for r in rows]
    widths = [r["high"] - r["low"] for r in rows]
    up, down = [r["event"] or 0 for r in rows], [-(r["no_event"] or 0) for r in rows]
    hatched = {"color": "#F2C4A5", "edgecolor": VERMILION, "hatch": "////", "label": say("With event")}
    ax.bar(places, up, widths, align="edge", **hatched)
    without = say("Without")
    ax.bar(places, down, widths, align="edge", color=BLUE, edgecolor="white", linewidth=0.6, label=without)
    reach = max(*up, *[-d for d in down], 1)
    for name, sign, colour in (("event", 1, VERMILION), ("no_event", -1, BLUE)):
        x = [(r["low"] + r["high"]) / 2 for r in rows if r[name] is None]
        ax.plot(x, [sign * reach * 0.05] * len(x), "x", color=colour, markersize=4)
    ax.axhline(0, color=INK, linewidth=0.8)
    _shares(ax.xaxis)
    ax.yaxis.set_major_formatter(lambda value, _: numbers.decimal(abs(value), 0))
    ax.set(xlabel=say("Predicted risk"), ylabel=say("Patients"), ylim=(-1.3 * reach, 1.3 * reach), xlim=(0, 1))
    pad_legend(ax.legend(loc="upper right", ncols=2, handlelength=1.4, columnspacing=1))


def net_benefit(rows: Rows) -> Figure:
    """The decision curve."""
    title = say("Decision curve: net benefit by threshold")
    description = words.utility.describe_curve(rows)
    svg = draw_svg("benefit", title, description, 270, lambda ax: draw_net_benefit(ax, rows))
    return Figure("benefit", title, description, svg, tables.net_benefit(rows))


def draw_net_benefit(ax: Any, rows: Rows) -> None:
    """The model solid with its band, acting on everyone dashed, acting on nobody dotted."""
    known = [r for r in rows if r["model"].get("value") is not None]
    band = [r for r in known if r["model"].get("lo") is not None and r["model"].get("hi") is not None]
    limits = ([r["model"]["lo"] for r in band], [r["model"]["hi"] for r in band])
    ax.fill_between([r["threshold"] for r in band], *limits, color=BLUE, alpha=0.18, linewidth=0)
    values = [r["model"]["value"] for r in known]
    ax.plot([r["threshold"] for r in known], values, "o-", color=BLUE, markersize=3.5, label=say("Model"))
    all_known = [r for r in rows if r["treat_all"].get("value") is not None]
    everyone = [r["treat_all"]["value"] for r in all_known]
    x = [r["threshold"] for r in all_known]
    ax.plot(x, everyone, color=VERMILION, linestyle="--", label=say("Everyone"))
    ax.axhline(0, color=INK, linestyle=":", linewidth=1.2, label=say("Nobody"))
    top = max([*values, *everyone, *limits[1], 0.01])
    _shares(ax.xaxis)
    ax.set(xlabel=say("Threshold of predicted risk"), ylabel=say("Net benefit"), ylim=(-0.25 * top, 1.3 * top))
    pad_legend(ax.legend(loc="upper right", ncols=3, handlelength=1.8, columnspacing=1))


def learning(rows: Rows, table: Table) -> Figure:
    """Discrimination by how many patients taught the model."""
    title = say(words.validation.LEARNING_FIGURE)
    description = words.validation.describe_learning(len(rows))
    svg = draw_svg("learning", title, description, 220, lambda ax: draw_learning(ax, rows))
    return Figure("learning", title, description, svg, table)


def draw_learning(ax: Any, rows: Rows) -> None:
    """A dot with its interval for each number of patients."""
    shown = [(r["patients"], r["auroc"]) for r in rows if r["auroc"]["value"] is not None]
    known = [(n, auroc) for n, auroc in shown if auroc["lo"] is not None]
    ax.vlines([n for n, _ in known], [a["lo"] for _, a in known], [a["hi"] for _, a in known], color=BLUE)
    ax.plot([n for n, _ in shown], [a["value"] for _, a in shown], "o-", color=BLUE, markersize=5, linewidth=1)
    ax.xaxis.set_major_formatter(lambda value, _: numbers.decimal(value, 0))
    ax.set(xlabel=say("Patients who taught the model"), ylabel=say("AUROC"))
    ax.set_xlim(0, 1.08 * max(r["patients"] for r in rows))
    ax.locator_params(axis="x", nbins=6, integer=True)


def factor_curve(key: str, factor: Mapping[str, Any], rows: Rows) -> Figure:
    """One predictor's contribution by its value."""
    label, unit = factor["label"], factor.get("unit")
    title = say("{label}: contribution to predicted risk", label=label)
    description = words.factors.describe_curve(len(rows))
    svg = draw_svg(key, title, description, 200, lambda ax: draw_curve(ax, label, unit, rows))
    return Figure(key, title, description, svg, tables.curve(key, label, unit, rows))


def draw_curve(ax: Any, label: str, unit: str | None, rows: Rows) -> None:
    """A dot with its interval for each bin, at even distances."""
    x = range(len(rows))
    known = [(i, r) for i, r in enumerate(rows) if r.get("lo") is not None and r.get("hi") is not None]
    ax.axhline(0, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
    ax.vlines([i for i, _ in known], [r["lo"] for _, r in known], [r["hi"] for _, r in known], color=BLUE)
    ax.plot(x, [r["contribution"] for r in rows], "o", color=BLUE, markersize=5)
    names = [_tick(words.names.say_values(r["group"]).replace(" to ", "\u2013")) for r in rows]
    crowded = sum(max(measure(part) for part in name.split("\n")) + 1 for name in names) > 46
    ax.set_xticks(list(x), names, rotation=90 if crowded else 0)
    name = numbers.bracket(label, unit) if unit else label
    ax.set(ylabel=say("Log-odds"), xlabel=wrap(name), xlim=(-0.5, len(rows) - 0.5))


def _tick(text: str) -> str:
    """A label of an axis in at most two short lines."""
    return "\n".join(part if len(part) <= TICK + 1 else f"{part[:TICK]}\u2026" for part in wrap(text, TICK).split("\n"))


def _shares(*axes: Any) -> None:
    for axis in axes:
        axis.set_major_formatter(lambda value, _: numbers.percent(round(value, 9)))
