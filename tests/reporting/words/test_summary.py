"""The summary in plain language: each clause follows what was computed."""

import pytest

from pipeline.reporting.words.summary import say_checks, say_factors, say_patients, say_purpose


def test_the_purpose_counts_predictors() -> None:
    assert say_purpose("death", 1) == "For one patient, the model gives the probability of death, from 1 predictor."
    assert say_purpose("death", 12).endswith("probability of death, from 12 predictors.")


def test_patients_are_others_only_where_a_part_was_kept_for_the_test() -> None:
    assert say_patients(1400, 600) == "It learnt from 1,400 patients and was tested on 600 others."
    assert "600 patients who taught it" in say_patients(600, None)


@pytest.mark.parametrize(
    ("failed", "warned", "expected"),
    [
        ([], [], "All 9 checks were met."),
        ([], ["a"], "Of 9 checks, none failed, and these ask for caution: a."),
        (["a", "b"], [], "Of 9 checks, these failed: a and b."),
        (["a"], ["b", "c", "d", "e"], "Of 9 checks, these failed: a; and these ask for caution: b, c, d and 1 more."),
    ],
)
def test_checks_that_were_not_met_are_named(failed: list[str], warned: list[str], expected: str) -> None:
    assert say_checks(failed, warned, 9) == expected


def test_the_first_factors_are_named_by_what_medicine_can_do() -> None:
    said = say_factors(["age", "size", "grade", "nodes"], ["pressure"])
    assert said == (
        "Of markers and fixed characteristics, its predictions rest most on age, size and grade. "
        "Of factors that medicine can act on, its predictions rest most on pressure. "
        "These are associations, and no advice to change anything."
    )
    assert say_factors([], ["pressure"]).startswith("Of factors that medicine can act on")
    assert say_factors([], []) == ""
