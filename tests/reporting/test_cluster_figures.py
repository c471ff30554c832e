"""Figures of phenotypes draw what their tables say, are read without colour, and stand out from what is behind."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_schemas.columns import Cohort
from pipeline.reporting import cluster_figures, cluster_map, cluster_risks, clusters, words
from pipeline.reporting.cluster_style import COLOURS, tint
from pipeline.reporting.figures import INK

from .made_cohorts import COHORTS
from .made_phenotypes import make_map, make_periods, make_phenotypes, make_risks
from .test_tables import axes, cells

HEIGHTS = st.lists(st.floats(0, 1), min_size=1, max_size=8).map(sorted)


def light(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_numbers_stand_out_from_every_colour() -> None:
    behind = [tint(colour, cluster_map.PALE) for colour in COLOURS]
    behind += [cluster_figures.ABOVE, cluster_figures.BELOW]
    assert min(contrast(INK, colour) for colour in behind) >= 4.5
    assert min(contrast("#ffffff", colour) for colour in COLOURS) >= 4.5  # numbers at the ends of lines
    assert tint("#0072B2", 1) == "#0072b2"
    assert tint("#0072B2", 0) == "#ffffff"


@pytest.mark.parametrize("k", [2, 3, 6])
def test_the_heat_map_draws_its_table(cohort: type[Cohort], k: int) -> None:
    found = make_phenotypes(cohort, k)["clusters"]
    rows, ax = clusters.profile(found, cohort.columns()), axes()
    cluster_figures.draw_heat_map(ax, rows, list(range(1, k + 1)))
    drawn = [text.get_text() for text in ax.texts]
    table, expected = clusters.profiles(rows, found), []
    for row in table.rows:
        said = [re.search(r"([+\u2212]?\d\.\d) SD\]$", cell) for cell in row.cells]
        expected.append([match[1] if match else words.numbers.HIDDEN for match in said])
    width = k + 1
    assert [drawn[i + 1 : i + width] for i in range(0, len(drawn), width)] == expected
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    assert len(hatched) == sum(row.count(words.numbers.HIDDEN) for row in expected) == 1


def test_incidence_draws_its_table() -> None:
    cohort, ax = COHORTS["breast_cancer_recurrence"], axes()
    rows = [row for row in make_risks(cohort, 4)["clusters"] if row["incidence"]]
    series = [cluster_figures._read_curve(row) for row in rows]
    cluster_figures.draw_incidence(ax, series, [1, 2, 3, 4], "days")
    table = cluster_risks.tabulate_incidence(rows, "days")
    for column, line in enumerate(ax.lines, start=1):
        x, y = line.get_data()
        shown = [cell.split(" ")[0] for cell in cells(table, column) if cell != words.numbers.NOTHING]
        assert (x[0], y[0]) == (0, 0)
        assert [words.numbers.percent(value) for value in y[1:]] == shown
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3"]
    assert len({line.get_linestyle() + str(line._unscaled_dash_pattern) for line in ax.lines}) == 3


def test_periods_draw_their_table() -> None:
    rows, ax = make_periods(3), axes()
    found = make_phenotypes(COHORTS["hostile"], 3)["clusters"]
    series = [cluster_figures._read_shares(rows, number) for number in (1, 2, 3)]
    cluster_figures.draw_periods(ax, series, [row["period"] for row in rows])
    table = clusters.periods(rows, found)
    for place, line in enumerate(ax.lines):
        shown = cells(table, place + 2)
        for value, cell in zip(line.get_ydata(), shown, strict=True):
            assert cell.startswith("not computed" if np.isnan(value) else f"{words.numbers.percent(value)} (")
    assert sorted(text.get_text() for text in ax.texts) == ["1", "2", "3"]


@pytest.mark.parametrize("side", [3, 9, 24])
def test_the_map_draws_its_table(cohort: type[Cohort], side: int) -> None:
    found, ax = make_map(cohort, 3, side), axes()
    grid = cluster_map.make_grid(found["bins"])
    cluster_map.draw_bins(ax, grid, [1, 2, 3], found)
    drawn = {tuple(text.get_position()): text.get_text() for text in ax.texts}
    table = cluster_map.tabulate_map(grid, make_phenotypes(cohort, 3)["clusters"])
    for j, row in enumerate(reversed(table.rows)):
        for i, cell in enumerate(row.cells):
            assert drawn.get((i, j), words.numbers.NOTHING) == cell.split(":")[0]
    assert len(drawn) == len(found["bins"])
    covered = sum(patch.vertices[:, 0].max() - patch.vertices[:, 0].min() + 0.06
                  for runs in ax.collections[:-1] for patch in runs.get_paths())  # fmt: skip
    assert covered == pytest.approx(len(found["bins"]))


@settings(deadline=None)
@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1), st.floats(0.01, 30), st.floats(-50, 50))
def test_every_bin_finds_its_place(places: set[tuple[int, int]], size: float, start: float) -> None:
    bins = [{"x": start + size * i, "y": size * j, "width": size, "height": size, "n": 10, "cluster": 1, "share": 1.0}
            for i, j in places]  # fmt: skip
    grid = cluster_map.make_grid(bins)
    left, below = (min(place[axis] for place in places) for axis in (0, 1))
    assert set(grid.bins) == {(i - left, j - below) for i, j in places}
    for (i, j), one in grid.bins.items():
        assert (grid.across[i], grid.up[j]) == pytest.approx((one["x"], one["y"]))


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (0, "No patient lies elsewhere."),
        (None, "Some patients, too few to publish how many, lie in"),
        (14, "14 patients lie in"),
    ],
)
def test_the_map_says_who_is_not_on_it(hidden: int | None, said: str) -> None:
    cohort = COHORTS["hostile"]
    found = make_map(cohort, 3) | {"hidden": hidden}
    figure = cluster_map.draw_map(found, make_phenotypes(cohort, 3)["clusters"], 10)
    assert figure is not None
    assert said in figure.description
    assert "31% and 17% of the variance" in figure.description
    assert cluster_map.draw_map(found | {"bins": []}, [], 10) is None


@settings(deadline=None)
@given(HEIGHTS, st.floats(0.01, 0.5))
def test_labels_keep_apart_and_in_order_around_their_values(values: list[float], gap: float) -> None:
    heights = cluster_figures.spread(values, gap)
    assert all(np.diff(heights) >= gap - 1e-9)
    assert np.mean(heights) == pytest.approx(np.mean(values), abs=1e-9)
    if all(np.diff(values) >= gap + 1e-9):
        assert heights == pytest.approx(values)
