"""Every adjective on a treatment's effect follows a number, and nothing is claimed that an interval leaves open."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.words import effect_parts, effect_terms
from pipeline.reporting.words import effects as effect_words
from pipeline.reporting.words import numbers as shows
from tests.reporting.effect_readers import numbers
from tests.reporting.made_effects import DESIGNS, OUTCOME, RECURRENCE, make_effect, none
from tests.reporting.made_estimates import est


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.4))
def test_numbers_needed_are_inverses_where_the_interval_leaves_out_0(value: float, half: float) -> None:
    cell, difference = effect_terms.show_needed(est(value, half)), est(value, half)
    if difference["lo"] <= 0 <= difference["hi"]:
        assert cell == "not given: the interval of the difference holds 0"
        return
    point, low, high = numbers(cell.replace("for one", ""))
    assert low <= point <= high
    near, far = sorted((value - half, value + half), key=abs)
    for number, limit in ((point, value), (low, far), (high, near)):
        assert number - 1 < 1 / abs(limit) + 1e-5
        assert number > 1 / abs(limit) - 1e-5
    assert ("fewer" in cell) == (value < 0)


def test_numbers_needed_of_known_differences() -> None:
    assert effect_terms.show_needed(est(-0.1, 0.05)) == "10 for one fewer (7\u00a0to\u00a020)"
    assert effect_terms.show_needed(est(0.25, 0.05)) == "4 for one more (4\u00a0to\u00a05)"
    assert effect_terms.show_needed(none("too few")) == "not given: too few"


@pytest.mark.parametrize("kind", DESIGNS)
@given(value=st.floats(-0.4, 0.4), half=st.floats(0.001, 0.3))
def test_the_result_claims_only_what_the_interval_leaves(kind: dict[str, str], value: float, half: float) -> None:
    effect = make_effect(RECURRENCE, **kind)
    effect["adjusted"]["difference"] = difference = est(value, half)
    said = effect_words.say_result(OUTCOME, effect)
    show = effect_terms.show_points(difference)
    assert said.startswith("If the assumptions below hold")
    assert ("chosen, not drawn by lot" in said) == (kind["design"] == "observational")
    assert show(difference["lo"]) in said
    assert show(difference["hi"]) in said
    holds = difference["lo"] <= 0 <= difference["hi"]
    assert ("compatible with" in said) == ("neither that treatment changes the risk" in said) == holds
    assert ("lower with" in said) == (not holds and value < 0)
    assert ("higher with" in said) == (not holds and value > 0)
    if not holds:
        assert all(numbers(show(difference[key])) != [0.0] for key in ("lo", "hi") if abs(difference[key]) > 1e-5)


@pytest.mark.parametrize(
    ("naive", "adjusted", "says"),
    [
        (est(0.13, 0.05), est(-0.04, 0.06), ("changes its sign", "without adjustment leaves out 0", "one holds 0")),
        (est(-0.02, 0.05), est(-0.14, 0.06), ("keeps its sign", "without adjustment holds 0", "one leaves out 0")),
        (est(-0.02, 0.05), est(0.02, 0.06), ("changes its sign", "Both intervals hold 0")),
        (est(0.2, 0.05), est(0.3, 0.06), ("keeps its sign", "Both intervals leave out 0")),
        (est(0.2, 0.05), none("too few events"), ("no adjusted difference with an interval: too few events",)),
    ],
)
def test_adjustment_that_changes_the_picture_is_said(
    naive: dict[str, Any], adjusted: dict[str, Any], says: tuple[str, ...]
) -> None:
    effect = make_effect(RECURRENCE)
    effect["naive"]["difference"], effect["adjusted"]["difference"] = naive, adjusted
    said = effect_words.say_agreement(effect)
    assert all(part in said for part in says)


def test_who_leaves_is_said_and_changes_the_question() -> None:
    effect, columns = make_effect(RECURRENCE), RECURRENCE.columns()
    treated, control = effect["overlap"]["stay"].values()
    left = f"53 of the treated and 37 of the control arm leave; {treated:,} and {control:,} stay, 97% of all"
    assert left in effect_parts.say_overlap(effect["overlap"])
    assert "who stay in the comparison" in effect_words.say_question(columns, OUTCOME, effect)
    effect["overlap"] |= {"left": {"treated": 0, "control": 0}}
    assert "Nobody leaves" in effect_parts.say_overlap(effect["overlap"])
    assert "who stay" not in effect_words.say_question(columns, OUTCOME, effect)


@pytest.mark.parametrize(("count", "says"), [(2, "2 halves"), (3, "3 thirds"), (4, None)])
def test_fewer_groups_than_quarters_are_explained(count: int, says: str | None) -> None:
    effect = make_effect(RECURRENCE, groups=count)
    text = f"{effect_parts.say_groups('by_risk', count, None)} {effect_parts.say_by_risk(effect)}"
    assert ("as quarters would hold too few" in text) == (says is not None)
    assert says is None or says in text
    assert {2: "lower half", 3: "lowest third", 4: "lowest quarter"}[count] in text


def test_groups_that_leave_out_the_overall_difference_are_counted() -> None:
    effect = make_effect(RECURRENCE)
    for group, value in zip(effect["by_risk"]["groups"], (-0.11, -0.12, -0.3, 0.2), strict=True):
        group["difference"] = est(value, 0.1)
    said = effect_parts.say_by_risk(effect)
    assert said is not None
    assert "2 of 4 intervals leave out the overall difference of \u221211.0" in said
    assert "\u221211.0 percentage points in the lowest quarter" in said
    assert "+20.0 percentage points in the highest quarter" in said
    effect["by_risk"]["groups"] = effect["by_risk"]["groups"][:2]
    assert "Every interval holds" in (effect_parts.say_by_risk(effect) or "")


def test_e_values_are_said_with_their_meaning() -> None:
    effect = make_effect(RECURRENCE)["sensitivity"]
    said = effect_words.say_sensitivity(effect)
    assert "ratio is 2.04:" in said
    assert "at least 2.04 each; 1.59 would move" in said
    held = effect_words.say_sensitivity(effect | {"e_value_of_limit": {"value": 1.0, "lo": None, "hi": None}})
    assert "holds 1 as it is" in held


@pytest.mark.parametrize(
    ("slope", "says"),
    [
        (est(0.5, 0.8), "holds both"),
        (est(0.8, 0.4), "holds 1 and leaves out 0"),
        (est(0.2, 0.4), "holds 0 and leaves out 1"),
        (est(0.5, 0.2), "vary more than"),
        (est(1.8, 0.2), "vary less than"),
        (est(-0.8, 0.2), "vary against"),
    ],
)
def test_the_slope_is_read_from_its_interval(slope: dict[str, Any], says: str) -> None:
    assert says in effect_parts.say_slope(slope)
    assert shows.estimate(slope) in effect_parts.say_slope(slope)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("design", ["observational", "randomised"])
def test_unlike_columns_are_counted_before_and_after(design: str, seed: int) -> None:
    effect = make_effect(RECURRENCE, design=design, seed=seed)
    worst: dict[str, dict[str, float]] = {"before": {}, "after": {}}
    for row in effect["balance"]:
        for when, found in worst.items():
            if row[when]["value"] is not None:
                found[row["column"]] = max(found.get(row["column"], 0), abs(row[when]["value"]))
    before, after = ([name for name, size in found.items() if size > 0.1] for found in worst.values())
    said = effect_parts.say_balance(RECURRENCE.columns(), effect)
    assert f": {len(before)} of {len(worst['before'])}" in said
    assert (f"before weighting, {len(after)} after it" in said) == (design == "observational")
    assert "1 difference." in said
    if design == "observational":
        assert all((RECURRENCE.columns()[name].label in said) == (name in after) for name in worst["after"])
