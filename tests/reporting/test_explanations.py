"""How factors are weighed, as the report shows it."""

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from pipeline.reporting import factors, words
from pipeline.reporting.explanations import build_factors, tabulate_groups, tabulate_others, tabulate_pairs
from pipeline.reporting.results import Results

from .made_cohorts import COHORTS
from .made_estimates import est
from .made_explanation import make_explanation
from .made_results import make_results
from .test_tables import cells

HOSTILE = make_results("hostile")
LABELS = {name: column.label for name, column in COHORTS["hostile"].predictors().items()}
SAMPLE = make_explanation(COHORTS["hostile"])["sample"]


def with_row(name: str, **changed: Any) -> Results:
    """The results with a factor's row altered."""
    rows = HOSTILE.risk_factors.copy()
    for key, value in changed.items():
        rows[key] = rows[key].astype(object).where(rows["predictor"] != name, value)
    return replace(HOSTILE, risk_factors=rows)


def test_every_number_of_the_tables_is_that_of_the_results() -> None:
    told = make_explanation(COHORTS["hostile"])
    pairs = tabulate_pairs(told["interactions"], LABELS)
    assert pairs
    assert cells(pairs, 1) == ["0.012 (0.004\u00a0to\u00a00.030)"] * len(told["interactions"])
    groups = tabulate_groups(told["groups"], LABELS)
    assert groups
    heads = [row.header for row in groups.rows if row.group]
    assert heads == ["Age"]
    assert [row.cells[0] for row in groups.rows if row.inner] == ["170", "230"]
    named = [row.cells[1].count("0.41 (0.33\u00a0to\u00a00.52)") for row in groups.rows if row.inner]
    assert named == [min(5, len(LABELS))] * 2
    others = tabulate_others(told["others"], LABELS)
    assert others
    assert others.head == ("Factor", "Random forest")
    assert others.rows[0].cells == ("0.50 \u00b1 0.05",)


def test_of_nothing_there_is_no_table() -> None:
    assert tabulate_pairs([], LABELS) is tabulate_groups({}, LABELS) is tabulate_others([], LABELS) is None
    assert tabulate_groups({"Age": []}, LABELS) is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"explained": 400, "patients": 400}, "400 of 400 patients are explained, one record of each."),
        ({"explained": 1000, "patients": 9000, "needed": 700}, "the intervals of the ranking need 700"),
        ({"explained": 1000, "patients": 9000, "needed": 2500}, "as many as the settings allow; 2,500 would be needed"),
    ],
)
def test_how_many_are_explained_and_how_many_the_ranking_needs(changed: dict[str, int], says: str) -> None:
    assert says in words.explanations.say_sample(SAMPLE | changed)


def test_what_the_parts_add_up_to_is_said_with_the_arithmetic() -> None:
    said = words.explanations.say_parts(SAMPLE)
    for shown in ("\u22120.42", "a risk of 40%", "no gap above 2e-7", "100 orders", "400 patients"):
        assert shown in said


@pytest.mark.parametrize(
    ("difference", "says"),
    [
        (est(-0.02, 0.01), "they cost discrimination"),
        (est(0.02, 0.01), "they add to it"),
        (est(-0.001, 0.01), "the data do not tell whether they cost anything"),
        (None, "boosted_trees_free is not among the candidates"),
    ],
)
def test_what_imposed_directions_cost(difference: dict[str, Any] | None, says: str) -> None:
    assert says in words.explanations.say_cost(difference, 3)
    assert "none costs anything" in words.explanations.say_cost(difference, 0)


def test_factors_learnt_against_expectation_are_warned_of() -> None:
    first, second, *_ = [row["predictor"] for row in HOSTILE.risk_factors.to_dict("records")]
    calm = {"expected": "increases", "learnt": "increases", "learnt_free": "increases"}
    rows = [
        {"label": "one", "factor": "marker", **calm},
        {"label": "two", "factor": "marker", **calm, "learnt": "decreases"},
        {"label": "three", "factor": "marker", **calm, "learnt_free": "not monotone"},
        {"label": "four", "factor": "marker", **calm, "learnt": "flat"},
        {"label": "five", "factor": "treatment", **calm, "learnt_free": "decreases"},
        {"label": "six", "factor": "marker", **calm, "expected": "", "learnt": "decreases"},
    ]
    assert factors.find_disagreements(rows) == (["two"], ["three"])
    said = words.explanations.warn_of_directions(["two"], ["three"])
    assert re.search(r"against the expected direction: two\..*only because it is imposed: three\.", said)
    assert words.explanations.warn_of_directions([], []) == ""
    told = build_factors(with_row(first, expected="increases", learnt="decreases"))
    assert LABELS[first] in told["warning"]
    assert LABELS[second] not in told["warning"].split(".")[0]


def test_a_change_that_does_not_lower_the_risk_is_not_suggested() -> None:
    modifiable = next(n for n, c in COHORTS["hostile"].predictors().items() if c.change)
    table = build_factors(HOSTILE)["what_if"]
    assert words.factors.NOT_LOWER not in " ".join(cells(table, 5))
    worse = with_row(modifiable, risk_difference=0.013, risk_difference_lo=-0.002, risk_difference_hi=0.02)
    [shown, *_] = cells(build_factors(worse)["what_if"], 5)
    assert shown == f"+1.3 (\u22120.2\u00a0to\u00a0+2.0). {words.factors.NOT_LOWER}"


def test_hidden_figures_of_a_change_are_dashes() -> None:
    modifiable = next(n for n, c in COHORTS["hostile"].predictors().items() if c.change)
    none = dict.fromkeys(("eligible", "outside_support", "not_possible", "change", "risk_difference", "lowered"))
    table = build_factors(with_row(modifiable, **none))["what_if"]
    assert set(table.rows[0].cells) == {"\u2013"}
    few = build_factors(with_row(modifiable, eligible=None, outside_support=None, lowered=None))["what_if"]
    assert [few.rows[0].cells[k] for k in (1, 2, 5)] == ["hidden"] * 3


def test_what_is_computed_anew_is_said_and_all_else_is_fixed() -> None:
    modifiable, other = next(n for n, c in COHORTS["hostile"].predictors().items() if c.change), list(LABELS)[-1]
    table = build_factors(with_row(modifiable, recomputed=other))["what_if"]
    assert f"{LABELS[other]} computed anew with {LABELS[modifiable]}" in " ".join(table.note.split())
    assert "all other predictors are held as they are" in table.note.lower()
    sourced = build_factors(with_row(modifiable, change_source="A trial, 2020"))["what_if"]
    assert sourced.note.endswith(f"Sources of the changes: {LABELS[modifiable]}, A trial, 2020.")


def test_points_ranks_and_freely_learnt_directions_stand_in_the_tables() -> None:
    rows = pd.DataFrame(HOSTILE.risk_factors)
    group = factors.group_factors(rows.to_dict("records"), {rows.loc[0, "predictor"]: "increases"})
    shown = [cell for one in group.values() for row in one.table.rows for cell in row.cells]
    assert "9.0 (6.0\u00a0to\u00a012.0)" in shown
    assert "1 (1 to 3); 100% among first five" in shown
