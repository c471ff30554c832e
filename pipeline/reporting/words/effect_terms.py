"""The names and numbers of a treatment's effect as text. Differences are treated less control."""

import math
from collections.abc import Mapping
from typing import Any

from data_schemas.columns import Column
from pipeline.reporting.results import Plain
from pipeline.reporting.words import numbers

Columns = Mapping[str, Column]

TITLE = "Treatment effect"
HEADINGS = {
    "assumptions": "Assumptions",
    "adjustment": "Adjustment",
    "comparison": "The two arms compared",
    "overlap": "Overlap of the arms",
    "balance": "Balance of the arms",
    "sensitivity": "Sensitivity to an unmeasured confounder",
    "by_risk": "By predicted risk",
    "by_benefit": "By predicted difference",
}
CAPTIONS = {
    "adjustment": "Columns adjusted for, with the declared reason",
    "comparison": "The two arms, with and without adjustment",
    "alone": "The two arms, without adjustment",
    "forest": "Difference in risk: overall, and by predicted risk",
    "overlap": "Probability of treatment, by arm",
    "balance": "Differences between the arms",
    "by_risk": "The two arms by predicted risk in the control arm",
    "benefit": "Calibration of benefit: observed against predicted difference",
}
UNLIKE = 0.1
"""Standardised mean differences beyond it are counted (Austin 2009, Stat Med 28:3083)."""
ARMS = ("treated", "control")

POINTS = "percentage points"
NEEDED = "Number needed to treat"
GROUPS: Mapping[int, tuple[str, ...]] = {
    2: ("Lower half", "Upper half"),
    3: ("Lowest third", "Middle third", "Highest third"),
    4: ("Lowest quarter", "Second quarter", "Third quarter", "Highest quarter"),
}
KINDS = {2: "half", 3: "third", 4: "quarter"}


def name_column(columns: Columns, name: str) -> str:
    """The label of a column for people."""
    return columns[name].label if name in columns else name


def name_level(columns: Columns, row: Mapping[str, Any]) -> str:
    """What a row of the balance is about."""
    label = name_column(columns, row["column"])
    return label if row["level"] is None else f"{label}: {row['level']}"


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


def show_described(estimate: numbers.Estimate, show: numbers.Show) -> str:
    """A value that describes these patients and so has no interval, or the reason why there is none."""
    return f"not shown: {estimate['reason']}" if estimate["value"] is None else show(estimate["value"])


def show_needed(difference: numbers.Estimate) -> str:
    """Patients to treat for one fewer, or one more, with the outcome; only where the interval leaves out 0.

    The inverse of the difference and of its limits (Altman 1998, BMJ 317:1309), rounded up.
    """
    where = numbers.position(difference, 0.0)
    if where in ("around", "unknown"):
        reason = "the interval of the difference holds 0" if where == "around" else difference["reason"]
        return f"not given: {reason}"
    value, *limits = (math.ceil(round(1 / abs(difference[key]), 6)) for key in ("value", "lo", "hi"))
    way = "fewer" if where == "below" else "more"
    return f"{value:,} for one {way} ({min(limits):,}{numbers.TO}{max(limits):,})"


def choose_comparison(effect: Plain) -> Plain:
    """The comparison that answers the question: the adjusted one, unless nothing is declared to adjust for."""
    found: Plain = effect["adjusted" if effect["adjust"] else "naive"]
    return found


def list_facts(columns: Columns, outcome: str, effect: Plain) -> list[tuple[str, str]]:
    """Who is compared with whom, and on what."""
    others, lot = effect["in_neither_arm"], effect["design"] == "randomised"
    arms = [
        (name, f"{' or '.join(effect[key])}: {numbers.count(effect['patients'][key])} patients")
        for key, name in zip(ARMS, ("Treated arm", "Control arm"), strict=True)
    ]
    facts = [
        (
            "Treatment",
            f"{name_column(columns, effect['treatment'])}, {'drawn by lot' if lot else 'chosen, not drawn by lot'}",
        ),
        *arms,
        ("Patients in neither arm", "hidden: too few to show" if others is None else numbers.count(others)),
        ("Outcome", outcome),
    ]
    mean = "all patients of the two arms (ATE)" if effect["estimand"] == "ATE" else "the treated (ATT)"
    return [*facts, ("Mean over", mean)]


def trims(effect: Plain) -> bool:
    """Whether anybody left the comparison for lack of overlap."""
    overlap = effect["overlap"]
    return overlap is not None and (overlap["left"] is None or any(overlap["left"].values()))
