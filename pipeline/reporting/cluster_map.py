"""The map of phenotypes: square bins on two axes, each with the number of the cluster most of its patients have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.cluster_style import COLOURS, tint
from pipeline.reporting.clusters import name_cluster
from pipeline.reporting.figures import INK, Figure
from pipeline.reporting.language import say
from pipeline.reporting.svg import WIDTH, draw_svg, pad_legend, wrap
from pipeline.reporting.tables import Rows, Table, make_table
from pipeline.reporting.words import numbers

Bin = Mapping[str, Any]
PALE = 0.38
"""How much of a cluster's colour is behind its number: dark text stands out from all of them."""


@dataclass(frozen=True)
class Grid:
    """The bins by column and row, and the centre of each column from left to right, of each row from below."""

    bins: Mapping[tuple[int, int], Bin]
    across: tuple[float, ...]
    up: tuple[float, ...]


def make_grid(bins: Sequence[Bin]) -> Grid:
    """Columns and rows from the centres of at least one bin; all bins are of one width and height."""
    width, height = bins[0]["width"], bins[0]["height"]
    left, below = min(b["x"] for b in bins), min(b["y"] for b in bins)
    placed = {(round((b["x"] - left) / width), round((b["y"] - below) / height)): b for b in bins}
    columns, rows = (1 + max(place[axis] for place in placed) for axis in (0, 1))
    across, up = [left + i * width for i in range(columns)], [below + j * height for j in range(rows)]
    return Grid(placed, tuple(across), tuple(up))


def draw_map(found: Mapping[str, Any], clusters: Rows, smallest: int) -> Figure | None:
    """The map, its axes in words and its table; None where no bin may be shown."""
    if not found["bins"]:
        return None
    grid, levels = make_grid(found["bins"]), words.names.read_levels(clusters)
    found = {**found, **{axis: words.names.say_axis(found[axis], levels) for axis in ("x", "y")}}
    title = say("Where the phenotypes lie")
    description = words.phenotype_figures.describe_map(found, len(grid.bins), smallest)
    order = [c["cluster"] for c in clusters]
    height = min(max(WIDTH * 0.86 * len(grid.up) / len(grid.across), 130), 330) + 62 + 16 * -(-len(clusters) // 3)
    key = "phenotype-map"
    svg = draw_svg(key, title, description, height, lambda ax: draw_bins(ax, grid, order, found))
    return Figure(key, title, description, svg, tabulate_map(grid, clusters))


def draw_bins(ax: Any, grid: Grid, order: Sequence[int], found: Mapping[str, Any]) -> None:
    """Runs of bins in the cluster's pale colour, and its number in each bin."""
    for place, number in enumerate(order):
        colour = tint(COLOURS[place % len(COLOURS)], PALE)
        for j in range(len(grid.up)):
            runs = _find_runs(grid, j, number)
            if runs:
                ax.broken_barh(runs, (j - 0.47, 0.94), facecolors=colour)
        ax.bar(0, 0, color=colour, label=say("Phenotype {n}", n=number))
    between = [i + 0.5 for i in range(len(grid.across) - 1)]
    ax.vlines(between, -0.5, len(grid.up) - 0.5, color="white", linewidth=0.8)
    size = 8 if len(grid.across) > 14 else 10
    for (i, j), one in grid.bins.items():
        ax.text(i, j, str(one["cluster"]), ha="center", va="center_baseline", size=size, color=INK)
    ax.set(xlim=(-0.6, len(grid.across) - 0.4), ylim=(-0.6, len(grid.up) - 0.4), xticks=[], yticks=[])
    pad_legend(ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handlelength=1, columnspacing=1))
    ax.set(xlabel=f"{wrap(found['x'], 44)} \u2192", ylabel=f"{wrap(found['y'], _letters(grid))} \u2192")


def _letters(grid: Grid) -> int:
    """Characters that fit beside the map."""
    return round(min(max(44 * len(grid.up) / len(grid.across), 18), 44))


def _find_runs(grid: Grid, row: int, number: int) -> list[tuple[float, float]]:
    """Start and length of each run of neighbours in a row that are of one cluster."""
    columns = sorted(i for (i, j), one in grid.bins.items() if j == row and one["cluster"] == number)
    runs = [[i for _, i in group] for _, group in groupby(enumerate(columns), lambda pair: pair[1] - pair[0])]
    return [(run[0] - 0.47, len(run) - 0.06) for run in runs]


def tabulate_map(grid: Grid, clusters: Rows) -> Table:
    """The map as a table, its uppermost row first."""
    rows = [
        (_centre(grid.up[j]), *[_say_bin(grid.bins.get((i, j))) for i in range(len(grid.across))])
        for j in reversed(range(len(grid.up)))
    ]
    note = words.phenotype_figures.note_map([name_cluster(c) for c in clusters])
    head = ("", *[_centre(x) for x in grid.across])
    return make_table("phenotype-map-data", say("Where the phenotypes lie"), head, rows, note)


def _centre(value: float) -> str:
    return numbers.significant(value, 2)


def _say_bin(one: Bin | None) -> str:
    if one is None:
        return numbers.NOTHING
    number, n = one["cluster"], numbers.count(one["n"])
    if one.get("share") is None:
        return say("{number}: most of {n}", number=number, n=n)
    return say("{number}: {share} of {n}", number=number, share=numbers.percent(one["share"]), n=n)
