"""Every sentence on a treatment's effect. Words of effect are conditional on assumptions, adjectives follow numbers.

The keys of `effect` are those of `treatment_effect.json`. Differences are treated less control. What is said of the
overlap, balance and groups of patients stands in `effect_parts`, of figures in `effect_figures`.
"""

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.results import Plain
from pipeline.reporting.words import numbers, tables
from pipeline.reporting.words.effect_terms import (
    Columns,
    choose_comparison,
    count_digits,
    list_labels,
    name_column,
    show_points,
    show_share,
    trims,
)

CHOSEN = phrase("Treatment was chosen, not drawn by lot, so that this rests on those assumptions.")
CONSISTENCY = phrase(
    "Consistency: each arm is one treatment, the same for all in it, and the treatment of one patient does not bear on "
    "the outcome of another."
)


def say_caution(design: str) -> str:
    """What the design allows."""
    if design == "randomised":
        return say(
            "Treatment was drawn by lot. Chance alone then decides how the arms differ beforehand, and the intervals "
            "allow for chance. If the assumptions below hold, differences may be read as effects of the treatment."
        )
    return say(
        "Treatment was chosen, not drawn by lot, and the arms may differ in more than their treatment. Only if all "
        "assumptions below hold may differences be read as effects of the treatment, and no data can show that they do."
    )


def say_question(columns: Columns, outcome: str, effect: Plain) -> str:
    """The estimand in words."""
    return say(
        "The question: the mean difference in the risk of {outcome}, had {whom} been in the treated arm "
        "({column}: {treated}) rather than in the control arm ({control}).",
        outcome=outcome,
        whom=_whom(effect),
        column=name_column(columns, effect["treatment"]),
        treated=list_labels(effect["treated"]),
        control=list_labels(effect["control"]),
    )


def _whom(effect: Plain) -> str:
    if effect["estimand"] == "ATE":
        if trims(effect):
            return say("all patients of the two arms who stay in the comparison")
        return say("all patients of the two arms")
    if trims(effect):
        return say("the patients of the treated arm who stay in the comparison")
    return say("the patients of the treated arm")


def say_result(outcome: str, effect: Plain) -> str:
    """The difference that answers the question; where its interval holds 0, only what the data are compatible with."""
    found = choose_comparison(effect)
    difference = found["difference"]
    where = numbers.position(difference, 0.0)
    if where == "unknown":
        return say("The difference was {difference}.", difference=numbers.estimate(difference, show_points(difference)))
    if where == "around":
        said = _say_compatible(outcome, effect, difference)
    else:
        said = _say_difference(outcome, effect, found, lower=where == "below")
    return said if effect["design"] == "randomised" else numbers.sentences([said, say(CHOSEN)])


def _say_compatible(outcome: str, effect: Plain, difference: numbers.Estimate) -> str:
    show = show_points(difference)
    return say(
        "If the assumptions below hold, the data are compatible with a mean difference in the risk of {outcome} from "
        "{low} to {high} percentage points (95% interval), treated less control, in {whom}. They show neither that "
        "treatment changes the risk nor that it does not.",
        outcome=outcome,
        low=show(difference["lo"]),
        high=show(difference["hi"]),
        whom=_whom(effect),
    )


def _say_difference(outcome: str, effect: Plain, found: Plain, *, lower: bool) -> str:
    difference, risks = found["difference"], [found[key]["value"] for key in ("risk_treated", "risk_control")]
    shown = {
        "outcome": outcome,
        "whom": _whom(effect),
        "size": numbers.decimal(100 * abs(difference["value"]), count_digits(difference)),
        "interval": numbers.interval(difference, show_points(difference)),
    }
    if None not in risks:
        shown |= dict(zip(("treated", "control"), map(show_share, risks), strict=True))
    return say(DIFFERENCES[lower, None not in risks], **shown)


DIFFERENCES = {
    (True, True): phrase(
        "If the assumptions below hold, the risk of {outcome} in {whom} is on average {size} percentage points lower "
        "with the treatment than with the control (95% interval of the difference {interval}): {treated} against "
        "{control}."
    ),
    (True, False): phrase(
        "If the assumptions below hold, the risk of {outcome} in {whom} is on average {size} percentage points lower "
        "with the treatment than with the control (95% interval of the difference {interval})."
    ),
    (False, True): phrase(
        "If the assumptions below hold, the risk of {outcome} in {whom} is on average {size} percentage points higher "
        "with the treatment than with the control (95% interval of the difference {interval}): {treated} against "
        "{control}."
    ),
    (False, False): phrase(
        "If the assumptions below hold, the risk of {outcome} in {whom} is on average {size} percentage points higher "
        "with the treatment than with the control (95% interval of the difference {interval})."
    ),
}
"""By whether the risk is lower with the treatment, and whether both risks are known."""


def list_assumptions(effect: Plain) -> list[str]:
    """What must hold for a difference to be an effect."""
    if effect["design"] == "randomised":
        lot = say("Lot: the column says what was drawn, so that chance alone makes the arms unlike before treatment.")
        found = [lot, say(CONSISTENCY)]
    else:
        found = [
            plural(
                len(effect["adjust"]),
                "No unmeasured confounding: whatever bears on both the choice of treatment and the outcome is told by "
                "the {n} column adjusted for, as known before treatment.",
                "No unmeasured confounding: whatever bears on both the choice of treatment and the outcome is told by "
                "the {n} columns adjusted for, as known before treatment.",
            ),
            say("Overlap: every patient compared could have had either treatment."),
            say(CONSISTENCY),
            say("Models: those of the probability of treatment or those of the risks are right; either suffices."),
        ]
    if effect["horizon"] is not None:
        found.append(say("Censoring: within an arm, leaving before the horizon says nothing about the outcome."))
    return found


def say_adjustment(effect: Plain) -> str:
    """Whether anything is adjusted for, and how."""
    learner = effect["learner"]
    if not effect["adjust"]:
        return say(
            "No adjusted comparison was computed: {reason}. Where treatment is drawn by lot, none is needed.",
            reason=numbers.say_reason(effect["adjusted"]["difference"]),
        )
    if effect["design"] == "randomised":
        return say(
            "Each patient's risk in either arm comes from a {learner} that other patients taught. A lot needs no "
            "adjustment; it serves to narrow intervals.",
            learner=say(learner),
        )
    return say(
        "Each patient's probability of treatment, and risk in either arm, comes from a {learner} that other patients "
        "taught.",
        learner=say(learner),
    )


def note_comparison(effect: Plain) -> str:
    """How to read the table of the comparison."""
    said = [say(tables.INTERVALS), say("Without adjustment: all patients of the two arms as they are.")]
    if effect["adjust"]:
        adjusted = say(
            "Adjusted: the mean over {whom}, doubly robust (Robins, Rotnitzky and Zhao 1994, JASA 89:846) and "
            "cross-fitted (Chernozhukov et al. 2018, Econom J 21:C1).",
            whom=_whom(effect),
        )
        said.append(adjusted)
    if effect["horizon"] is not None:
        said.append(say("Patients who left before the horizon are weighted for, arm by arm."))
    needed = say(
        "Number needed to treat: for one patient fewer, or more, with the outcome, rounded up, and only where the "
        "interval of the difference leaves out 0 (Altman 1998, BMJ 317:1309)."
    )
    return numbers.sentences([*said, needed])


def say_agreement(effect: Plain) -> str:
    """Whether adjustment changes the sign of the difference, or whether its interval holds 0."""
    naive, adjusted = effect["naive"]["difference"], effect["adjusted"]["difference"]
    if naive["value"] is None or naive["lo"] is None:
        return say("There is no unadjusted difference with an interval: {reason}.", reason=numbers.say_reason(naive))
    if adjusted["value"] is None or adjusted["lo"] is None:
        return say("There is no adjusted difference with an interval: {reason}.", reason=numbers.say_reason(adjusted))
    shown = {key: show_points(one)(one["value"]) for key, one in (("before", naive), ("after", adjusted))}
    before, after = (numbers.position(one, 0.0) == "around" for one in (naive, adjusted))
    changes = naive["value"] * adjusted["value"] < 0
    return numbers.sentences([say(SIGNS[changes], **shown), say(HOLDS[before, after])])


SIGNS = {
    True: phrase(
        "The difference changes its sign with adjustment: {before} percentage points without it, {after} percentage "
        "points with it."
    ),
    False: phrase(
        "The difference keeps its sign with adjustment: {before} percentage points without it, {after} percentage "
        "points with it."
    ),
}
"""By whether the sign changes."""
HOLDS = {
    (True, True): phrase("Both intervals hold 0."),
    (False, False): phrase("Both intervals leave out 0."),
    (True, False): phrase("The interval without adjustment holds 0, but the adjusted one leaves out 0."),
    (False, True): phrase("The interval without adjustment leaves out 0, but the adjusted one holds 0."),
}
"""By whether the interval holds 0 before adjustment, and after it."""


def say_sensitivity(found: Plain) -> str:
    """What the two E-values mean."""
    value, limit = found["e_value"]["value"], found["e_value_of_limit"]["value"]
    if value is None or limit is None:
        return say("No E-value was computed: {reason}.", reason=numbers.say_reason(found["e_value"]))
    if limit <= 1:
        return say(
            "The E-value of the ratio is {value}: to account for all of it, something not adjusted for would have to "
            "go with both the choice of treatment and the outcome by a ratio of risks of at least {value} each; the "
            "interval of the ratio holds 1 as it is, so that the E-value of its limit is 1 (VanderWeele and Ding 2017, "
            "Ann Intern Med 167:268).",
            value=numbers.decimal(value),
        )
    return say(
        "The E-value of the ratio is {value}: to account for all of it, something not adjusted for would have to go "
        "with both the choice of treatment and the outcome by a ratio of risks of at least {value} each; {limit} would "
        "move the nearer limit of its interval to 1 (VanderWeele and Ding 2017, Ann Intern Med 167:268).",
        value=numbers.decimal(value),
        limit=numbers.decimal(limit),
    )
