"""Every figure, drawn from the rows that its table shows. Colours from Okabe and Ito, and never colour alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipeline.reporting import clusters, tables, wording
from pipeline.reporting.clusters import Profile
from pipeline.reporting.svg import draw_svg, wrap
from pipeline.reporting.tables import Row, Rows, Table

BLUE, VERMILION, GREY, INK = "#0072B2", "#C24E00", "#6b7885", "#1b2733"
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
LABEL, TICK = 48, 14
"""Characters in a line of a label that stands above its row, and of one below an axis."""


@dataclass(frozen=True)
class Figure:
    """A figure, what it shows in words, and the table it was drawn from."""

    key: str
    title: str
    description: str
    svg: Markup
    table: Table


@dataclass(frozen=True)
class Line:
    """One estimate of a forest plot."""

    label: str
    value: float | None
    lo: float | None
    hi: float | None
    group: bool = False


def calibration(rows: Rows) -> Figure:
    """Observed against predicted risk."""
    title = "Calibration: observed against predicted risk"
    description = (
        f"{wording.plural(len(rows), 'group')} of patients by predicted risk, each a dot with its 95% interval, beside "
        "the diagonal on which observed equals predicted risk."
    )
    svg = draw_svg("calibration", title, description, 290, lambda ax: draw_calibration(ax, rows))
    return Figure("calibration", title, description, svg, tables.calibration(rows))


def draw_calibration(ax: Any, rows: Rows) -> None:
    """Dots with intervals; the diagonal is dashed."""
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=(0, (4, 3)), linewidth=1.2, label="Ideal")
    x, y = [r["predicted"] for r in rows], [r["observed"] for r in rows]
    known = [r for r in rows if r.get("lo") is not None and r.get("hi") is not None]
    ax.vlines([r["predicted"] for r in known], [r["lo"] for r in known], [r["hi"] for r in known], color=BLUE)
    ax.plot(x, y, "o-", color=BLUE, markersize=5, linewidth=1, label="Observed, 95% interval")
    _shares(ax.xaxis, ax.yaxis)
    ax.set(xlabel="Predicted risk", ylabel="Observed risk", xlim=(0, 1), ylim=(0, 1))
    ax.legend(loc="upper left")


def risk_distribution(rows: Rows, event: str) -> Figure:
    """How predicted risks are spread among those with and without the event."""
    title = "Predicted risks, by what was observed"
    hidden = sum(r.get(name) is None for r in rows for name in ("event", "no_event"))
    description = f"Patients by predicted risk: upward those with {event}, downward those without."
    description += f" {wording.plural(hidden, 'bar is', 'bars are')} hidden (a cross)." if hidden else ""
    svg = draw_svg("risks", title, description, 250, lambda ax: draw_risks(ax, rows))
    return Figure("risks", title, description, svg, tables.risks(rows, event))


def draw_risks(ax: Any, rows: Rows) -> None:
    """Bars upward (event, hatched) and downward (none); a cross stands for a hidden count."""
    places = [r["low"] for r in rows]
    widths = [r["high"] - r["low"] for r in rows]
    up, down = [r["event"] or 0 for r in rows], [-(r["no_event"] or 0) for r in rows]
    ax.bar(places, up, widths, align="edge", color="#F2C4A5", edgecolor=VERMILION, hatch="////", label="With event")
    ax.bar(places, down, widths, align="edge", color=BLUE, edgecolor="white", linewidth=0.6, label="Without")
    reach = max(*up, *[-d for d in down], 1)
    for name, sign, colour in (("event", 1, VERMILION), ("no_event", -1, BLUE)):
        x = [(r["low"] + r["high"]) / 2 for r in rows if r[name] is None]
        ax.plot(x, [sign * reach * 0.05] * len(x), "x", color=colour, markersize=4)
    ax.axhline(0, color=INK, linewidth=0.8)
    _shares(ax.xaxis)
    ax.yaxis.set_major_formatter(lambda value, _: wording.decimal(abs(value), 0))
    ax.set(xlabel="Predicted risk", ylabel="Patients", ylim=(-1.3 * reach, 1.3 * reach), xlim=(0, 1))
    ax.legend(loc="upper right", ncols=2, handlelength=1.4, columnspacing=1)


def net_benefit(rows: Rows) -> Figure:
    """The decision curve."""
    title = "Decision curve: net benefit by threshold"
    description = (
        f"{wording.say_utility(rows)} The band is the model's 95% interval; acting on nobody is the line at 0."
    )
    svg = draw_svg("benefit", title, description, 270, lambda ax: draw_net_benefit(ax, rows))
    return Figure("benefit", title, description, svg, tables.net_benefit(rows))


def draw_net_benefit(ax: Any, rows: Rows) -> None:
    """The model solid with its band, acting on everyone dashed, acting on nobody dotted."""
    known = [r for r in rows if r["model"].get("value") is not None]
    band = [r for r in known if r["model"].get("lo") is not None and r["model"].get("hi") is not None]
    limits = ([r["model"]["lo"] for r in band], [r["model"]["hi"] for r in band])
    ax.fill_between([r["threshold"] for r in band], *limits, color=BLUE, alpha=0.18, linewidth=0)
    values = [r["model"]["value"] for r in known]
    ax.plot([r["threshold"] for r in known], values, "o-", color=BLUE, markersize=3.5, label="Model")
    all_known = [r for r in rows if r["treat_all"].get("value") is not None]
    everyone = [r["treat_all"]["value"] for r in all_known]
    x = [r["threshold"] for r in all_known]
    ax.plot(x, everyone, color=VERMILION, linestyle="--", label="Everyone")
    ax.axhline(0, color=INK, linestyle=":", linewidth=1.2, label="Nobody")
    top = max([*values, *everyone, *limits[1], 0.01])
    _shares(ax.xaxis)
    ax.set(xlabel="Threshold of predicted risk", ylabel="Net benefit", ylim=(-0.25 * top, 1.3 * top))
    ax.legend(loc="upper right", ncols=3, handlelength=1.8, columnspacing=1)


def forest(key: str, title: str, measure: str, lines: Sequence[Line], table: Table, ideal: float | None) -> Figure:
    """Estimates with their intervals, one below the other; `ideal` draws a line."""
    shown = [line for line in lines if line.value is not None or line.group]
    description = f"{measure} with 95% intervals" + (
        f"; the dashed line is at {ideal:g}." if ideal is not None else "."
    )
    height = 46 + 30 * (_places([line.label for line in shown])[-1] + 1) if shown else 60
    svg = draw_svg(key, title, description, height, lambda ax: draw_forest(ax, shown, measure, ideal))
    return Figure(key, title, description, svg, table)


def draw_forest(ax: Any, lines: Sequence[Line], measure: str, ideal: float | None) -> None:
    """Each label stands above its own line, so that long ones fit a narrow figure."""
    if ideal is not None:
        ax.axvline(ideal, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
    places = _places([line.label for line in lines])
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


def factor_curve(key: str, factor: Mapping[str, Any], rows: Rows) -> Figure:
    """One predictor's contribution by its value."""
    label, unit = factor["label"], factor.get("unit")
    title = f"{label}: contribution to predicted risk"
    description = (
        f"Average contribution to the log-odds in {wording.plural(len(rows), 'group')} of patients, with 95% interval; "
        "above 0 raises and below 0 lowers the predicted risk."
    )
    svg = draw_svg(key, title, description, 200, lambda ax: draw_curve(ax, label, unit, rows))
    return Figure(key, title, description, svg, tables.curve(key, label, unit, rows))


def draw_curve(ax: Any, label: str, unit: str | None, rows: Rows) -> None:
    """A dot with its interval for each bin, at even distances."""
    x = range(len(rows))
    known = [(i, r) for i, r in enumerate(rows) if r.get("lo") is not None and r.get("hi") is not None]
    ax.axhline(0, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
    ax.vlines([i for i, _ in known], [r["lo"] for _, r in known], [r["hi"] for _, r in known], color=BLUE)
    ax.plot(x, [r["contribution"] for r in rows], "o", color=BLUE, markersize=5)
    names = [_tick(r["group"].replace(" to ", "\u2013")) for r in rows]
    crowded = sum(max(len(part) for part in name.split("\n")) + 1 for name in names) > 46
    ax.set_xticks(list(x), names, rotation=90 if crowded else 0)
    ax.set(ylabel="Log-odds", xlabel=wrap(f"{label} ({unit})" if unit else label), xlim=(-0.5, len(rows) - 0.5))


def phenotype_profiles(rows: Sequence[Profile], found: Rows) -> Figure:
    """How far each phenotype is off, characteristic by characteristic."""
    title = "What sets the phenotypes apart"
    description = "For each characteristic, each phenotype's difference from all other patients in standard deviations."
    height = 52 + 30 * (_places([row.label for row in rows])[-1] + 1)
    svg = draw_svg("profiles", title, description, height, lambda ax: draw_profiles(ax, rows))
    return Figure("profiles", title, description, svg, clusters.profiles(rows, found))


def draw_profiles(ax: Any, rows: Sequence[Profile]) -> None:
    """A numbered disc for each phenotype on the characteristic's line."""
    colours = (BLUE, VERMILION, "#00664d", "#7a3d69", INK, "#5c5400")
    ax.axvline(0, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
    places = _places([row.label for row in rows])
    for i, row in zip(places, rows, strict=True):
        ax.text(0, i - 0.32, wrap(row.label, LABEL), transform=ax.get_yaxis_transform(), va="bottom", bbox=CLEAR)
        ax.axhline(i, color="#d5dbe1", linewidth=0.8, zorder=0)
        for number, difference in enumerate(row.differences):
            if difference is not None:
                ax.plot([difference], [i], "o", color=colours[number % 6], markersize=12)
                where = {"ha": "center", "va": "center_baseline", "color": "white", "size": 8, "weight": "bold"}
                ax.text(difference, i, str(number + 1), **where)
    ax.set(ylim=(places[-1] + 0.6, -1), yticks=[], xlabel="Difference, standard deviations")
    ax.margins(x=0.12)
    ax.spines["left"].set_visible(False)


def lines_of(rows: Rows, name: str, labels: Mapping[str, str]) -> list[Line]:
    """The lines of a forest plot of estimate `name` by subgroup, under the name of each subgroup's column."""
    made: list[Line] = []
    for i, row in enumerate(rows):
        if i == 0 or rows[i - 1]["column"] != row["column"]:
            made.append(Line(labels.get(row["column"], row["column"]), None, None, None, group=True))
        e = {} if row.get("suppressed") else row[name]
        made.append(Line(row["level"], e.get("value"), e.get("lo"), e.get("hi")))
    return made


def table_of(key: str, measure: str, lines: Sequence[Line], digits: int) -> Table:
    """The table of a forest plot."""
    rows = []
    for line in lines:
        cells = (wording.NOTHING,) * 2
        if line.value is not None:
            limits = wording.interval({"lo": line.lo, "hi": line.hi}, wording.decimals(digits))
            cells = (wording.decimal(line.value, digits), limits or wording.NOTHING)
        rows.append(Row(line.label, group=True) if line.group else Row(line.label, cells))
    return Table(f"{key}-data", measure, ("", measure, "95% interval"), tuple(rows))


def _places(labels: Sequence[str]) -> list[float]:
    """Where lines lie below each other: a label in two lines needs more room above."""
    places: list[float] = []
    for label in labels:
        room = 1.4 if "\n" in wrap(label, LABEL) else 1.0
        places.append((places[-1] if places else -1.0) + room)
    return places


def _tick(text: str) -> str:
    """A label of an axis in at most two short lines."""
    return "\n".join(part if len(part) <= TICK + 1 else f"{part[:TICK]}\u2026" for part in wrap(text, TICK).split("\n"))


def _shares(*axes: Any) -> None:
    for axis in axes:
        axis.set_major_formatter(lambda value, _: wording.percent(round(value, 9)))
