"""Horizons and classes: the figures that were computed, and no count that tells of few."""

import pandas as pd
import pytest

from data_schemas.columns import Classes, Coded, Cohort, Role, Study, Text, category, identifier
from pipeline.disclosure import keep_secret
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
    counts = {row.header: row.cells[0] for row in found.rows if row.inner}
    assert {grade for grade, cell in counts.items() if cell != words.numbers.HIDDEN} == shown
    assert keep_secret(Graded, valid.assign(part="development"), 10).of("Grade") == set(sizes) - shown
