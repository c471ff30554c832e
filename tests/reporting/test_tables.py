"""Tables hide what is small, and figures draw exactly what their tables say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import Cohort
from pipeline.reporting import Results, figures, forests, page, tables, words
from pipeline.reporting.figures import Figure
from pipeline.reporting.table_one import _quartiles, describe_patients
from pipeline.reporting.tables import Row, Table

from .made_cohorts import COHORTS

Build = Callable[..., Results]


def axes() -> Any:
    from matplotlib.figure import Figure as Canvas

    return Canvas().add_subplot()


def find_tables(content: Any) -> list[Table]:
    """Every table in the context of a report."""
    if isinstance(content, Table):
        return [content]
    if isinstance(content, Figure):
        return [content.table, *content.also]
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list | tuple) else []
    return [table for part in parts for table in find_tables(part)]


def numbers(cell: str) -> int:
    return int(cell.split(" ", maxsplit=1)[0].replace(",", ""))


@pytest.mark.parametrize("patients", [40, 90, 400])
def test_table_one_shows_no_small_count(cohort: type[Cohort], name: str, build: Build, patients: int) -> None:
    results = build(name, seed=patients, patients=patients)
    table = describe_patients(cohort, results.valid, results.split, 10)
    counted = sum("(n = " in head for head in table.head)
    rows = [row for row in table.rows if row.inner]
    shown = [cell for row in rows for cell in row.cells[:counted] if cell != words.numbers.HIDDEN]
    assert all(numbers(cell) >= 10 for cell in shown)
    assert all("hidden" in cell or "(" in cell for row in table.rows if not row.group for cell in row.cells[:counted])


def test_table_one_agrees_with_pandas(build: Build) -> None:
    cohort, results = COHORTS["breast_cancer_recurrence"], build("breast_cancer_recurrence")
    table = describe_patients(cohort, results.valid, results.split, 10)
    test = results.valid[results.split["part"].to_numpy() == "test"]
    by_header = {row.header: row for row in table.rows}
    assert table.head[1:4] == ("All (n = 400)", "Development (n = 280)", "Test (n = 120)")
    low, middle, high = (words.numbers.significant(float(q)) for q in test["age"].quantile([0.25, 0.5, 0.75]))
    assert by_header["Age at diagnosis, years"].cells[2] == f"{middle} ({low} to {high})"
    n = int((test["menopausal_status"] == "premenopausal").sum())
    assert by_header["premenopausal"].cells[2] == f"{n} ({words.numbers.percent(n / 120)})"


@pytest.mark.parametrize("step", [1, 5, 10])
def test_rounded_columns_of_table_one_add_up(cohort: type[Cohort], results: Results, step: int) -> None:
    """Development and test, and with and without the event, are all, in the head and in every row that hides none."""
    table = describe_patients(cohort, results.valid, results.split, 10, step)
    heads = [head for head in table.head if "(n = " in head]
    sizes = [int(head.rsplit(" ", 1)[1].rstrip(")").replace(",", "")) for head in heads]
    rows = [sizes]
    for row in table.rows:
        if row.inner and words.numbers.HIDDEN not in row.cells:
            rows.append([numbers(cell) for cell in row.cells[: len(heads)]])
            shares = [cell.split("(")[1].rstrip(")") for cell in row.cells[: len(heads)]]
            assert shares == [words.numbers.percent(min(n / all_, 1)) for n, all_ in zip(rows[-1], sizes, strict=True)]
    assert len(rows) > 1 or not any(row.group for row in table.rows)
    assert all(count % step == 0 for row in rows for count in row)
    pairs = [(place, place + 1) for place in range(1, len(heads), 2)]
    assert all(row[0] == row[one] + row[other] for row in rows for one, other in pairs)
    exact = describe_patients(cohort, results.valid, results.split, 10)
    hides = [[cell == words.numbers.HIDDEN for cell in row.cells] for row in table.rows]
    assert hides == [[cell == words.numbers.HIDDEN for cell in row.cells] for row in exact.rows]


def test_standardised_differences_are_those_of_exact_values(build: Build) -> None:
    cohort, results = COHORTS["breast_cancer_recurrence"], build("breast_cancer_recurrence")
    table = describe_patients(cohort, results.valid, results.split, 10, 5)
    assert table.head[-1] == "Standardised difference"
    assert "of the columns Development and Test" in table.note
    told = {row.header: row.cells[-1] for row in table.rows if row.cells and not row.inner}
    parts = [results.valid[results.split["part"].to_numpy() == part] for part in ("development", "test")]
    ages = [part["age"].astype(float) for part in parts]
    apart = abs(ages[0].mean() - ages[1].mean()) / np.sqrt((ages[0].var() + ages[1].var()) / 2)
    assert told["Age at diagnosis, years"] == f"{apart:.2f}"
    p, q = ((part["menopausal_status"] == "premenopausal").mean() for part in parts)
    assert told["Menopausal status"] == f"{abs(p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2):.2f}"


def test_a_standardised_difference_is_hidden_with_a_count_that_it_rests_on(build: Build) -> None:
    cohort, results = COHORTS["breast_cancer_recurrence"], build("breast_cancer_recurrence")
    test = results.split["part"].to_numpy() == "test"
    few = np.where(test & (np.arange(len(test)) % 60 != 0), "postmenopausal", results.valid["menopausal_status"])
    valid = results.valid.assign(
        menopausal_status=pd.Categorical(few, results.valid["menopausal_status"].cat.categories)
    )
    rows = describe_patients(cohort, valid, results.split, 10, 5).rows
    [group] = [row for row in rows if row.header == "Menopausal status"]
    assert group.cells == (words.numbers.HIDDEN,)
    assert words.numbers.HIDDEN not in next(row for row in rows if row.header == "Age at diagnosis, years").cells


def test_a_split_with_a_small_group_is_not_shown(build: Build) -> None:
    results = build("hostile")
    split = results.split.assign(part=["test"] * 9 + ["development"] * 391)
    head = describe_patients(COHORTS["hostile"], results.valid, split, 10).head
    assert not [h for h in head if h.startswith(("Test", "Development"))]
    assert len(head) == 5  # everyone, with and without the outcome, and how far these are apart


def test_a_patient_with_several_records_counts_once(build: Build) -> None:
    results = build("breast_cancer_recurrence")
    later = results.valid.assign(diagnosis_date=results.valid["diagnosis_date"] + pd.Timedelta(days=1), age=99)
    twice = pd.concat([later, results.valid])
    once = describe_patients(COHORTS["breast_cancer_recurrence"], results.valid, results.split, 10)
    assert describe_patients(COHORTS["breast_cancer_recurrence"], twice, results.split, 10) == once


def test_no_count_anywhere_in_a_report_is_small(cohort: type[Cohort], name: str, results: Results) -> None:
    counted = {"Patients", "Events", "Patients eligible", "With event", "Without"}
    for table in find_tables(page.build_report(cohort, name, results)):
        for place, head in enumerate(table.head[1:]):
            for row in table.rows if table.key != "table-1" else []:  # its own test is above
                if not row.group and (head in counted or head.startswith("With ")):
                    cell = row.cells[place]
                    assert cell in (words.numbers.HIDDEN, words.numbers.NOTHING, "0") or numbers(cell) >= 10


def test_quartiles_need_enough_on_both_sides_and_great_ages_are_one() -> None:
    ages = np.repeat([80.0, 85.0, 90.0], 20)
    assert _quartiles(ages, 10, age=True) == "85 (80 to 90 or more)"
    assert _quartiles(ages, 10, age=False) == "85 (80 to 90)"
    assert _quartiles(ages[::2], 10, age=True) == "85 (hidden)"
    assert _quartiles(ages[:19], 10, age=True) == "hidden"


def cells(table: Table, column: int) -> list[str]:
    return [([row.header, *row.cells])[column] for row in table.rows if not row.group]


def test_calibration_draws_its_table(results: Results) -> None:
    rows, points, ax = results.performance["calibration_curve"], results.performance["smooth_curve"]["points"], axes()
    figures.draw_calibration(ax, rows, points)
    x, y = ax.lines[1].get_data()
    table = tables.calibration(rows)
    assert [words.numbers.percent(v) for v in x] == cells(table, 0)
    assert [words.numbers.percent(v) for v in y] == cells(table, 1)
    limits = [segment[:, 1] for segment in ax.collections[0].get_segments()]
    assert [f"{words.numbers.percent(a)}{words.numbers.TO}{words.numbers.percent(b)}" for a, b in limits] == cells(
        table, 2
    )


def test_the_smooth_curve_draws_its_table(results: Results) -> None:
    points, ax = results.performance["smooth_curve"]["points"], axes()
    figures.draw_calibration(ax, [], points)
    table = tables.smooth_curve(points)
    assert len(ax.lines) == (3 if points else 2)
    for column, line in enumerate(ax.lines[2].get_data() if points else ()):
        assert [f"{words.numbers.decimal(100 * v, 1)}%" for v in line] == cells(table, column)
    for band in ax.collections[1:]:
        ends = {f"{words.numbers.decimal(100 * y, 1)}%" for y in band.get_paths()[0].vertices[:, 1]}
        assert ends == {end for cell in cells(table, 2) for end in cell.split(words.numbers.TO)}


def test_without_a_smooth_curve_dots_are_joined(results: Results) -> None:
    rows, points = results.performance["calibration_curve"], results.performance["smooth_curve"]["points"]
    figure, ax = figures.calibration(rows, points), axes()
    figures.draw_calibration(ax, rows, points)
    assert bool(figure.also) == bool(points) == ("smooth" in figure.description)
    assert (ax.lines[1].get_linestyle() == "None") == bool(points)


def test_risks_draw_their_table(results: Results) -> None:
    rows, ax = results.performance["risk_distribution"], axes()
    figures.draw_risks(ax, rows)
    table = tables.risks(rows, "event")
    up, down = ([bar.get_height() for bar in container] for container in ax.containers)
    for heights, column in ((up, 1), (down, 2)):
        shown = ["0" if cell == words.numbers.HIDDEN else cell for cell in cells(table, column)]
        assert [f"{abs(h):.0f}" for h in heights] == shown
    crosses = sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "x")
    assert crosses == sum(row[name] is None for row in rows for name in ("event", "no_event"))


def test_net_benefit_draws_its_table(results: Results) -> None:
    rows, ax = results.performance["net_benefit"], axes()
    figures.draw_net_benefit(ax, rows)
    table = tables.net_benefit(rows)
    for line, column in ((ax.lines[0], 1), (ax.lines[1], 2)):
        shown = [cell.split(" ")[0] for cell in cells(table, column)]
        assert [words.numbers.decimal(v, 3) for v in line.get_ydata()] == shown


def test_subgroups_draw_their_table(results: Results, cohort: type[Cohort]) -> None:
    lines, ax = forests.lines_of(results.performance["subgroups"], "auroc"), axes()
    forests.draw_forest(ax, lines, "AUROC", None)
    drawn = [words.numbers.decimal(line.get_xdata()[0], 3) for line in ax.lines if line.get_marker() == "s"]
    table = forests.table_of("k", "AUROC", lines, 3)
    assert drawn == [cell for cell in cells(table, 1) if cell != words.numbers.NOTHING]


def test_curves_draw_their_tables(results: Results) -> None:
    for name, rows in results.factor_curves.items():
        ax = axes()
        figures.draw_curve(ax, name, None, rows)
        drawn = [words.numbers.decimal(v) for v in ax.lines[1].get_ydata()]
        assert drawn == cells(tables.curve("k", name, None, rows), 1)


def test_every_figure_has_a_name_a_description_and_a_table(results: Results, cohort: type[Cohort], name: str) -> None:
    performance = page.build_report(cohort, name, results)["performance"]
    for figure in performance["figures"]:
        assert f'aria-labelledby="{figure.key}-title {figure.key}-desc"' in figure.svg
        assert 'role="img"' in figure.svg
        assert figure.table.rows


def test_rows_fill_their_table() -> None:
    with pytest.raises(AssertionError):
        Table("k", "c", ("a", "b"), (Row("x"),))
