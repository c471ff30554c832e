"""The section on risk factors: what the model learnt of each, in words that claim no cause."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.words.numbers import join, percent, plural, sentence, text

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
    "Weight: mean absolute part of the log-odds, and of the risk in percentage points, with 95% intervals. Rank: "
    "among all predictors, with its 95% range across refits and how many of these rank it among the first five. "
    "Direction: of predicted risk as the factor rises."
)
ASKS_CHANGE = "What the model would say if a factor stood elsewhere"
CHANGES = (
    "One factor at a time is moved by its largest plausible change, within its bounds, and the model is asked again. "
    "This compares two predictions: patients with other values differ in other ways too. It is no estimate of what "
    "changing the factor does."
)
CHANGES_NOTE = (
    "Difference: median of the predicted risk after less that before, in percentage points, with 95% interval across "
    "refits, in patients whose record is like those of development before and after. Likeness is judged on the whole "
    "record: by the distance of the combination, by the largest residual of a predictor given all others, and by "
    "each value alone; about 1% of like patients exceed these limits. Unlike: share of patients with room for the "
    "change whose record is or becomes unlike. Not possible: share whose change would break a rule or move what is "
    "fixed. Lower: share whose predicted risk falls by 0.1 points or more. Hidden: few patients are on one side."
)
NOT_LOWER = "The model does not predict a lower risk: no reason to suggest the change."
LEARNT = {
    "increases": "By itself, the higher the value, the higher the predicted risk",
    "decreases": "By itself, the higher the value, the lower the predicted risk",
    "flat": "By itself, the factor hardly moves the predicted risk",
    "not monotone": "By itself, the factor makes the predicted risk neither rise nor fall throughout",
    "unordered": "By itself, the factor makes the predicted risk differ between categories that have no order",
}

FREELY = {
    "increases": "left free, trees learn the reverse: risk rises with the value",
    "decreases": "left free, trees learn the reverse: risk falls as the value rises",
    "flat": "left free, trees learn next to nothing of it",
    "not monotone": "left free, trees learn neither a rise nor a fall throughout",
}


def list_sources(sources: Mapping[str, str]) -> str:
    """Who says which change is plausible, by label of the factor."""
    said = [f"{label}, {source}" for label, source in sources.items() if source]
    return f"Sources of the changes: {'; '.join(said)}." if said else ""


def say_recomputed(follows: Mapping[str, Sequence[str]]) -> str:
    """Which predictors are computed anew with which, by label; all others are fixed."""
    said = [f"{join(others)} computed anew with {label}" for label, others in follows.items()]
    return sentence("; ".join([*said, "all other predictors are held as they are"]))


def say_direction(factor: Factor, constrained: Mapping[str, str]) -> str:
    """Expected against learnt direction, and whether the model was free to learn another."""
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return f"learnt: {learnt}; none expected"
    free = factor.get("learnt_free")
    by = " (imposed on the trees)" if factor["predictor"] in constrained else ""
    freely = f"; left free: {free}" if by and free and free != expected else ""
    if expected == learnt:
        return f"{learnt}, as expected{by}{freely}"
    return f"learnt: {learnt}; expected: {expected}{freely}"


def explain_factor(factor: Factor, constrained: Mapping[str, str]) -> str:
    """What the model learnt of a factor, and whether that was to be expected."""
    said = LEARNT[factor["learnt"]]
    if factor.get("risk_low") is not None and factor.get("risk_high") is not None:
        low = f"{percent(factor['risk_low'])} at its lower end ({text(factor['low'])})"
        high = f"{percent(factor['risk_high'])} at its upper end ({text(factor['high'])})"
        said += f". Patients have a mean predicted risk of {low} and {high}, where other factors differ too"
    return f"{said}. {_compare(factor, constrained)}"


def _compare(factor: Factor, constrained: Mapping[str, str]) -> str:
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return "No source gives a direction to expect."
    source = f" ({factor['expected_source']})" if factor.get("expected_source") else ""
    if expected == learnt and factor["predictor"] in constrained:
        free = factor.get("learnt_free")
        imposed = f"This is the direction expected{source}, and the tree members were not allowed to learn another"
        if not free:
            return f"{imposed}."
        return f"{imposed}; {'left free, trees learn it too' if free == expected else FREELY[free]}."
    if expected == learnt:
        return f"This is the direction expected{source}, and the model was free to learn another."
    return f"This is not the direction expected{source}, under which risk {expected}: read it with suspicion."


def describe_curve(groups: int) -> str:
    """A factor's curve in words."""
    return (
        f"Average contribution to the log-odds in {plural(groups, 'group')} of patients, with 95% interval; "
        "above 0 raises and below 0 lowers the predicted risk."
    )
