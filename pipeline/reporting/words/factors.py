"""The section on risk factors: what the model learnt of each, in words that claim no cause."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting.words.numbers import percent, plural, text

Factor = Mapping[str, Any]

NO_RANKING = (
    "What the model uses, in three tables that are not to be read as one ranking. Each describes predictions: "
    "patients with other values of a factor differ in other ways too."
)
TREATED = (
    "Patients are treated because of how ill they are, which is called confounding by indication. A treatment's place "
    "in the model therefore says who received it and how they fared. It says nothing about what the treatment does, "
    "and no change of treatment is tried out here."
)
NONE_MODIFIABLE = "The schema declares no predictor of this model as modifiable."
NO_TREATMENTS = "No treatment is among the predictors."
NO_CONTEXT = "The model uses no markers or fixed characteristics."
NOTE = (
    "Weight: mean absolute contribution to the log-odds, with 95% interval. Rank: among all predictors, with its "
    "95% range across refits. Direction: of predicted risk as the factor rises."
)
MODIFIABLE_NOTE = (
    f"{NOTE} Difference: predicted risk with the changed value minus predicted risk, in percentage points. "
    "Outside: share of patients for whom the change leaves the range of the data. It compares predictions for "
    "different values; it is no estimate of what changing the factor does."
)
LEARNT = {
    "increases": "The higher the value, the higher the predicted risk",
    "decreases": "The higher the value, the lower the predicted risk",
    "flat": "The factor itself hardly moves the predicted risk",
    "not monotone": "Predicted risk neither rises nor falls throughout as the value rises",
    "unordered": "Predicted risk differs between categories that have no order",
}


def say_direction(factor: Factor, constrained: Mapping[str, str]) -> str:
    """Expected against learnt direction, and whether the model was free to learn another."""
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return f"learnt: {learnt}; none expected"
    if expected == learnt:
        by = " (imposed on the trees)" if factor["predictor"] in constrained else ""
        return f"{learnt}, as expected{by}"
    return f"learnt: {learnt}; expected: {expected}"


def explain_factor(factor: Factor, constrained: Mapping[str, str]) -> str:
    """What the model learnt of a factor, and whether that was to be expected."""
    said = LEARNT[factor["learnt"]]
    if factor.get("risk_low") is not None and factor.get("risk_high") is not None:
        low = f"{percent(factor['risk_low'])} where it is low ({text(factor['low'])})"
        high = f"{percent(factor['risk_high'])} where it is high ({text(factor['high'])})"
        said += f": on average {low} and {high}"
    return f"{said}. {_compare(factor, constrained)}"


def _compare(factor: Factor, constrained: Mapping[str, str]) -> str:
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return "No source gives a direction to expect."
    source = f" ({factor['expected_source']})" if factor.get("expected_source") else ""
    if expected == learnt and factor["predictor"] in constrained:
        return f"This is the direction expected{source}, and the tree members were not allowed to learn another."
    if expected == learnt:
        return f"This is the direction expected{source}, and the model was free to learn another."
    return f"This is not the direction expected{source}, under which risk {expected}: read it with suspicion."


def describe_curve(groups: int) -> str:
    """A factor's curve in words."""
    return (
        f"Average contribution to the log-odds in {plural(groups, 'group')} of patients, with 95% interval; "
        "above 0 raises and below 0 lowers the predicted risk."
    )
