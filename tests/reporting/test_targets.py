"""Horizons and classes: the figures that were computed, and no count that tells of few."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_schemas.columns import Classes, Coded, Cohort, Role, Study, Text, category, identifier
from pipeline.reporting import targets, words
from pipeline.reporting.table_one import describe_patients

from .made_estimates import est
from .made_validation import make_targets


class Graded(Cohort):
    """An outcome of four classes, the first of them of interest."""

    patient_id: Text = identifier("Patient")
    grade: Coded = category("Grade", {"0": "none", "1": "mild", "2": "severe", "3": "fatal"}, role=Role.OUTCOME)

    class Config:
        metadata = {  # noqa: RUF012
            "study": Study(
                title="Grades", population="made up", intended_use="tests", outcome=Classes("grade", "severe", "grade"),
                source="made up", licence="none", thresholds=(), auroc_ceiling=0.95, auroc_ceiling_source="made up",
            )
        }  # fmt: skip


def rows_of(events: list[int | None]) -> list[dict[str, object]]:
    return [{"target": str(place), "events": count} for place, count in enumerate(events)]


def test_every_figure_of_every_target_is_shown() -> None:
    rows = make_targets("3 years", "1 year", "5 years")
    table = targets.tabulate_targets(rows, classes=False)
    assert [row.header for row in table.rows] == ["3 years (headline)", "1 year", "5 years"]
    for row, shown in zip(rows, table.rows, strict=True):
        figures = [
            words.numbers.estimate(row[key], words.numbers.decimals(digits)) for key, digits in targets.FIGURES.items()
        ]
        assert list(shown.cells) == [words.numbers.count(row["events"]), *figures]
    assert table.rows[2].cells[1:] == ("not computed: too few patients to publish",) * 5


def test_classes_are_named_as_such() -> None:
    table = targets.tabulate_targets(make_targets("a", "b", "c"), classes=True)
    assert table.caption == "Each class against all others"
    classes = {"macro_auroc": est(0.723), "log_loss": est(None, reason="nobody had the event")}
    said = words.performance.say_classes(classes)
    assert "0.723" in said
    assert "nobody had the event" in said


@settings(deadline=None)
@given(st.lists(st.integers(0, 300), min_size=2, max_size=6))
def test_a_hidden_class_does_not_follow_from_the_others(counts: list[int]) -> None:
    """The first is known from elsewhere, so what is hidden is several classes that hold ten, or all but the first."""
    first, *others = (max(count, 10) if place == 0 else count for place, count in enumerate(counts))
    told = [count if count >= 10 else None for count in others]
    rows = targets.protect_classes(rows_of([first, *told]), first + sum(others), frozenset(), 10)
    kept = [row["events"] for row in rows]
    secret = [count for count, shown in zip(others, kept[1:], strict=True) if shown is None]
    assert kept[0] == first
    assert not secret or len(secret) == len(others) or (len(secret) > 1 and sum(secret) >= 10)


def test_a_class_that_table_one_hides_is_hidden_here() -> None:
    rows = targets.protect_classes(rows_of([40, 50, 60]), 150, frozenset({"1"}), 10)
    assert [row["events"] for row in rows] == [40, None, None]


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_shown_horizons_differ_by_ten_or_more(counts: list[int]) -> None:
    rows = targets.protect_horizons(rows_of([count if count >= 10 else None for count in counts]), 10)
    shown = sorted(row["events"] for row in rows if row["events"] is not None)
    assert all(np.diff(shown) >= 10)
    assert rows[0]["events"] == (counts[0] if counts[0] >= 10 else None)


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"none": 200, "mild": 4, "severe": 60, "fatal": 36}, {"none", "severe"}),
        ({"none": 200, "mild": 4, "severe": 14, "fatal": 36}, {"none", "severe"}),
        ({"none": 200, "mild": 40, "severe": 60, "fatal": 36}, {"none", "mild", "severe", "fatal"}),
    ],
)
def test_the_class_of_interest_hides_no_other_in_table_one(sizes: dict[str, int], shown: set[str]) -> None:
    """How many had it is told with every figure, so that the smallest of the others goes with a small class."""
    grades = [grade for grade, size in sizes.items() for _ in range(size)]
    pseudonym = pd.array([f"p{i}" for i in range(len(grades))], dtype="string")
    valid = pd.DataFrame({"pseudonym": pseudonym, "grade": pd.Categorical(grades, list(sizes))})
    split = pd.DataFrame({"pseudonym": pseudonym, "part": "development"})
    found = describe_patients(Graded, valid, split, 10)
    counts = {row.header: row.cells[0] for row in found.table.rows if row.inner}
    assert {grade for grade, cell in counts.items() if cell != words.numbers.HIDDEN} == shown
    assert found.hidden_levels == {("Grade", grade) for grade in sizes if grade not in shown}
