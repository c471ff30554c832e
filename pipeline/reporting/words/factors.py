"""The section on risk factors: what the model learnt of each, in words that claim no cause."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.names import say_values
from pipeline.reporting.words.numbers import JOINT, join, percent, sentence, sentences, text

Factor = Mapping[str, Any]

NO_RANKING = phrase(
    "What the model uses, in three tables that are not to be read as one ranking. Each describes predictions: "
    "patients with other values of a factor differ in other ways too."
)
TREATED = phrase(
    "Patients are treated because of how ill they are, which is called confounding by indication. A treatment's place "
    "in the model therefore says who received it and how they fared. It says nothing about what the treatment does, "
    "and no change of treatment is tried out here."
)
NONE_MODIFIABLE = phrase("The schema declares no predictor of this model as modifiable.")
NO_TREATMENTS = phrase("No treatment is among the predictors.")
NO_CONTEXT = phrase("The model uses no markers or fixed characteristics.")
NOTE = phrase(
    "Weight: mean absolute part of the log-odds, and of the risk in percentage points, with 95% intervals. Rank: "
    "among all predictors, with its 95% range across refits and how many of these rank it among the first five. "
    "Direction: of predicted risk as the factor rises."
)
ASKS_CHANGE = phrase("What the model would say if a factor stood elsewhere")
CHANGES = phrase(
    "One factor at a time is moved by its largest plausible change, within its bounds, and the model is asked again. "
    "This compares two predictions: patients with other values differ in other ways too. It is no estimate of what "
    "changing the factor does."
)
CHANGES_NOTE = phrase(
    "Difference: median of the predicted risk after less that before, in percentage points, with 95% interval across "
    "refits, in patients whose record is like those of development before and after. Likeness is judged on the whole "
    "record: by the distance of the combination, by the largest residual of a predictor given all others, and by "
    "each value alone; about 1% of like patients exceed these limits. Unlike: share of patients with room for the "
    "change whose record is or becomes unlike. Not possible: share whose change would break a rule or move what is "
    "fixed. Lower: share whose predicted risk falls by 0.1 points or more. Hidden: few patients are on one side."
)
NOT_LOWER = phrase("The model does not predict a lower risk: no reason to suggest the change.")
CLASSES = {
    "immutable": phrase("immutable"),
    "marker": phrase("marker"),
    "modifiable": phrase("modifiable"),
    "treatment": phrase("treatment"),
}
WAYS = {
    "increases": phrase("increases"),
    "decreases": phrase("decreases"),
    "flat": phrase("flat"),
    "not monotone": phrase("not monotone"),
    "unordered": phrase("unordered"),
}
"""What the predicted risk does as a factor rises."""
LEARNT = {
    "increases": phrase("By itself, the higher the value, the higher the predicted risk."),
    "decreases": phrase("By itself, the higher the value, the lower the predicted risk."),
    "flat": phrase("By itself, the factor hardly moves the predicted risk."),
    "not monotone": phrase("By itself, the factor makes the predicted risk neither rise nor fall throughout."),
    "unordered": phrase("By itself, the factor makes the predicted risk differ between categories that have no order."),
}

FREELY = {
    "increases": phrase("left free, trees learn the reverse: risk rises with the value"),
    "decreases": phrase("left free, trees learn the reverse: risk falls as the value rises"),
    "flat": phrase("left free, trees learn next to nothing of it"),
    "not monotone": phrase("left free, trees learn neither a rise nor a fall throughout"),
}


def list_sources(sources: Mapping[str, str]) -> str:
    """Who says which change is plausible, by label of the factor."""
    said = [say("{label}, {source}", label=label, source=source) for label, source in sources.items() if source]
    return say("Sources of the changes: {sources}.", sources=say(JOINT).join(said)) if said else ""


def say_recomputed(follows: Mapping[str, Sequence[str]]) -> str:
    """Which predictors are computed anew with which, by label; all others are fixed."""
    said = [
        say("{others} computed anew with {label}", others=join(others), label=label)
        for label, others in follows.items()
    ]
    return sentence(say(JOINT).join([*said, say("all other predictors are held as they are")]))


def say_direction(factor: Factor, constrained: Mapping[str, str]) -> str:
    """Expected against learnt direction, and whether the model was free to learn another."""
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return say("learnt: {learnt}; none expected", learnt=say(WAYS[learnt]))
    free, imposed = factor.get("learnt_free"), factor["predictor"] in constrained
    if expected != learnt:
        said = say("learnt: {learnt}; expected: {expected}", learnt=say(WAYS[learnt]), expected=say(WAYS[expected]))
    elif imposed:
        said = say("{learnt}, as expected (imposed on the trees)", learnt=say(WAYS[learnt]))
    else:
        said = say("{learnt}, as expected", learnt=say(WAYS[learnt]))
    if imposed and free and free != expected:
        return say("{said}; left free: {free}", said=said, free=say(WAYS[free]))
    return said


def explain_factor(factor: Factor, constrained: Mapping[str, str]) -> str:
    """What the model learnt of a factor, and whether that was to be expected."""
    learnt = factor["learnt"]
    said = [say(LEARNT[learnt])]
    if factor.get("risk_low") is not None and factor.get("risk_high") is not None:
        said.append(
            say(
                "Patients have a mean predicted risk of {risk_low} at its lower end ({low}) and {risk_high} at its "
                "upper end ({high}), where other factors differ too.",
                risk_low=percent(factor["risk_low"]),
                low=say_values(text(factor["low"])),
                risk_high=percent(factor["risk_high"]),
                high=say_values(text(factor["high"])),
            )
        )
    return sentences([*said, _compare(factor, constrained)])


def _compare(factor: Factor, constrained: Mapping[str, str]) -> str:
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return say("No source gives a direction to expect.")
    direction = _say_expected(factor.get("expected_source"))
    if expected != learnt:
        return say(
            "This is not {direction}, under which risk {expected}: read it with suspicion.",
            direction=direction,
            expected=say(WAYS[expected]),
        )
    if factor["predictor"] not in constrained:
        return say("This is {direction}, and the model was free to learn another.", direction=direction)
    imposed = say("This is {direction}, and the tree members were not allowed to learn another", direction=direction)
    free = factor.get("learnt_free")
    if not free:
        return sentence(imposed)
    freely = say("left free, trees learn it too") if free == expected else say(FREELY[free])
    return say("{imposed}; {freely}.", imposed=imposed, freely=freely)


def _say_expected(source: str | None) -> str:
    if source:
        return say("the direction expected ({source})", source=source)
    return say("the direction expected")


def describe_curve(groups: int) -> str:
    """A factor's curve in words."""
    return plural(
        groups,
        "Average contribution to the log-odds in {n} group of patients, with 95% interval; above 0 raises and below 0 "
        "lowers the predicted risk.",
        "Average contribution to the log-odds in {n} groups of patients, with 95% interval; above 0 raises and below 0 "
        "lowers the predicted risk.",
    )
