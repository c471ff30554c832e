"""Figures of a treatment's effect draw what their tables say."""

import pytest

from pipeline.reporting import effect_figures
from pipeline.reporting.figures import Figure
from pipeline.reporting.words import effect_terms

from .effect_readers import build, numbers, table_of
from .made_effects import RECURRENCE, make_effect
from .test_tables import axes, cells


def test_overlap_draws_its_table_with_areas_and_limits() -> None:
    for estimand, limits in (("ATE", [0.1, 0.9]), ("ATT", [0.9])):
        effect = make_effect(RECURRENCE, estimand=estimand)
        overlap, ax = effect["overlap"], axes()
        effect_figures.draw_overlap(ax, overlap["bins"], overlap["rule"])
        assert [line.get_xdata()[0] for line in ax.lines[:-1]] == limits
        table = table_of(build(effect), "effect-overlap-data")
        for sign, column, bars in zip((1, -1), (1, 2), ax.containers, strict=True):
            areas = [sign * bar.get_height() * bar.get_width() / effect_figures.STEP for bar in bars]
            assert [f"{area:.0f}" for area in areas] == cells(table, column)


def test_balance_draws_its_table_without_what_is_hidden() -> None:
    effect = make_effect(RECURRENCE)
    known = [row for row in effect["balance"] if row["before"]["value"] is not None]
    ax = axes()
    effect_figures.draw_balance(ax, known, [str(i) for i in range(len(known))], weighted=True)
    table = table_of(build(effect), "effect-balance-data")
    for line, column in zip(ax.lines[1:], (1, 2), strict=True):
        sizes = [abs(numbers(cell)[0]) for cell in cells(table, column)[:-1]]
        assert list(line.get_xdata()) == pytest.approx(sizes, abs=0.00501)
    assert ax.lines[0].get_xdata()[0] == effect_terms.UNLIKE == 0.1


def test_of_many_differences_the_largest_are_drawn() -> None:
    effect = make_effect(RECURRENCE)
    (row, *_), columns = effect["balance"], RECURRENCE.columns()
    effect["balance"] = [row | {"before": row["before"] | {"value": i / 100}} for i in range(40)]
    (figure,) = build(effect)["parts"]["balance"]["figures"]
    assert "The largest 24 of 40 are drawn" in figure.description
    assert figure.svg.count(columns[row["column"]].label) == 24


def test_the_forest_and_the_calibration_of_benefit_draw_their_tables() -> None:
    effect = make_effect(RECURRENCE)
    built, ax = build(effect), axes()
    lines = [line for line in effect_figures.forest_lines(effect) if not line.group]
    for line, cell in zip(lines, cells(table_of(built, "effect-forest-data"), 1), strict=True):
        assert numbers(cell) == pytest.approx([line.value, line.lo, line.hi], abs=0.05001)
    assert lines[1].value == pytest.approx(-11)
    effect_figures.draw_benefit(ax, effect["by_benefit"]["groups"])
    ideal, dots = ax.lines[1], ax.lines[2]
    assert list(ideal.get_xdata()) == list(ideal.get_ydata())
    drawn = zip(*dots.get_data(), (segment[:, 1] for segment in ax.collections[0].get_segments()), strict=True)
    for (x, y, limits), row in zip(drawn, table_of(built, "effect-benefit-data").rows, strict=True):
        assert numbers(row.cells[1]) == [pytest.approx(x, abs=0.05001)]
        assert numbers(row.cells[2]) == pytest.approx([y, *limits], abs=0.05001)


def test_every_figure_has_a_name_a_description_and_a_table() -> None:
    parts = build(make_effect(RECURRENCE))["parts"].values()
    figures: list[Figure] = [figure for part in parts for figure in part["figures"]]
    assert [figure.key for figure in figures] == ["effect-forest", "effect-overlap", "effect-balance", "effect-benefit"]
    for figure in figures:
        assert f'aria-labelledby="{figure.key}-title {figure.key}-desc"' in figure.svg
        assert figure.description.endswith(".")
        assert figure.table.rows
        assert 'role="img"' in figure.svg
