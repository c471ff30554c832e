"""The names and numbers of a treatment's effect as text. Differences are treated less control."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from data_schemas.columns import Column
from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain
from pipeline.reporting.words import numbers

Columns = Mapping[str, Column]

TITLE = phrase("Treatment effect")
HEADINGS = {
    "assumptions": phrase("Assumptions"),
    "adjustment": phrase("Adjustment"),
    "comparison": phrase("The two arms compared"),
    "overlap": phrase("Overlap of the arms"),
    "balance": phrase("Balance of the arms"),
    "sensitivity": phrase("Sensitivity to an unmeasured confounder"),
    "by_risk": phrase("By predicted risk"),
    "by_benefit": phrase("By predicted difference"),
}
CAPTIONS = {
    "adjustment": phrase("Columns adjusted for, with the declared reason"),
    "comparison": phrase("The two arms, with and without adjustment"),
    "alone": phrase("The two arms, without adjustment"),
    "forest": phrase("Difference in risk: overall, and by predicted risk"),
    "overlap": phrase("Probability of treatment, by arm"),
    "balance": phrase("Differences between the arms"),
    "by_risk": phrase("The two arms by predicted risk in the control arm"),
    "benefit": phrase("Calibration of benefit: observed against predicted difference"),
}
UNLIKE = 0.1
"""Standardised mean differences beyond it are counted (Austin 2009, Stat Med 28:3083)."""
ARMS = ("treated", "control")
MISSING = phrase("missing")
"""The level of those without a value, in the balance of the arms."""
MEANS = {"ATE": phrase("all patients of the two arms (ATE)"), "ATT": phrase("the treated (ATT)")}

MEASURE = phrase("Difference in risk (percentage points)")
NEEDED = phrase("Number needed to treat")
GROUPS: Mapping[int, tuple[str, ...]] = {
    2: (phrase("Lower half"), phrase("Upper half")),
    3: (phrase("Lowest third"), phrase("Middle third"), phrase("Highest third")),
    4: (phrase("Lowest quarter"), phrase("Second quarter"), phrase("Third quarter"), phrase("Highest quarter")),
}


def name_column(columns: Columns, name: str) -> str:
    """The label of a column for people."""
    return columns[name].label if name in columns else name


def name_level(columns: Columns, row: Mapping[str, Any]) -> str:
    """What a row of the balance is about."""
    label = name_column(columns, row["column"])
    if row["level"] is None:
        return label
    return say("{label}: {level}", label=label, level=say(MISSING) if row["level"] == MISSING else row["level"])


def show_share(value: float) -> str:
    """A share with one decimal, such as `12.3%`."""
    return f"{numbers.decimal(100 * value, 1)}%"


def show_points(estimate: numbers.Estimate) -> numbers.Show:
    """The formatter of a difference in percentage points, signed."""
    digits = count_digits(estimate)
    return lambda value: numbers.signed(digits)(100 * value)


def count_digits(estimate: numbers.Estimate) -> int:
    """One decimal, or as many, up to three, as keep a limit other than 0 from looking like 0."""
    limits = [100 * estimate[key] for key in ("lo", "hi") if estimate.get(key)]
    return next((digits for digits in (1, 2) if all(round(limit, digits) for limit in limits)), 3)


def show_difference(estimate: numbers.Estimate) -> str:
    """A difference in percentage points with its interval, or the reason why there is none."""
    return numbers.estimate(estimate, show_points(estimate))


def say_caption(key: str) -> str:
    """The caption of a table or figure."""
    return say(CAPTIONS[key])


def show_described(estimate: numbers.Estimate, show: numbers.Show) -> str:
    """A value that describes these patients and so has no interval, or the reason why there is none."""
    if estimate["value"] is None:
        return say("not shown: {reason}", reason=numbers.say_reason(estimate))
    return show(estimate["value"])


def show_needed(difference: numbers.Estimate) -> str:
    """Patients to treat for one fewer, or one more, with the outcome; only where the interval leaves out 0.

    The inverse of the difference and of its limits (Altman 1998, BMJ 317:1309), rounded up.
    """
    where = numbers.position(difference, 0.0)
    if where == "around":
        return say("not given: the interval of the difference holds 0")
    if where == "unknown":
        return say("not given: {reason}", reason=numbers.say_reason(difference))
    value, *limits = (math.ceil(round(1 / abs(difference[key]), 6)) for key in ("value", "lo", "hi"))
    shown = {"number": f"{value:,}", "limits": f"{min(limits):,}{say(numbers.TO)}{max(limits):,}"}
    if where == "below":
        return say("{number} for one fewer ({limits})", **shown)
    return say("{number} for one more ({limits})", **shown)


def choose_comparison(effect: Plain) -> Plain:
    """The comparison that answers the question: the adjusted one, unless nothing is declared to adjust for."""
    found: Plain = effect["adjusted" if effect["adjust"] else "naive"]
    return found


def list_facts(columns: Columns, outcome: str, effect: Plain) -> list[tuple[str, str]]:
    """Who is compared with whom, and on what."""
    others, column = effect["in_neither_arm"], name_column(columns, effect["treatment"])
    estimand = effect["estimand"]
    return [
        (say("Treatment"), _say_design(column, effect["design"])),
        (say("Treated arm"), _say_arm(effect, "treated")),
        (say("Control arm"), _say_arm(effect, "control")),
        (
            say("Patients in neither arm"),
            say("hidden: too few to show") if others is None else numbers.count(others),
        ),
        (say("Outcome"), outcome),
        (say("Mean over"), say(MEANS[estimand])),
    ]


def list_labels(labels: Sequence[str]) -> str:
    """The labels of an arm, any of which a patient may have."""
    return say(" or ").join(labels)


def _say_design(column: str, design: str) -> str:
    if design == "randomised":
        return say("{column}, drawn by lot", column=column)
    return say("{column}, chosen, not drawn by lot", column=column)


def _say_arm(effect: Plain, arm: str) -> str:
    labels, patients = list_labels(effect[arm]), effect["patients"][arm]
    if patients is None:
        return say("{labels}: hidden patients", labels=labels)
    return say("{labels}: {patients} patients", labels=labels, patients=numbers.count(patients))


def trims(effect: Plain) -> bool:
    """Whether anybody left the comparison for lack of overlap."""
    overlap = effect["overlap"]
    return overlap is not None and (overlap["left"] is None or any(overlap["left"].values()))
