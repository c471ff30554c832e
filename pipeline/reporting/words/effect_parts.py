"""What is said of the overlap and the balance of the arms of a treatment, and of groups of patients in them.

The keys of `effect` are those of `treatment_effect.json`. Differences are treated less control.
"""

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.results import Plain
from pipeline.reporting.tables import Rows
from pipeline.reporting.words import numbers
from pipeline.reporting.words.effect_terms import (
    GROUPS,
    UNLIKE,
    Columns,
    choose_comparison,
    name_column,
    show_points,
    show_share,
    trims,
)

NAMED = 5  # columns that stay unlike; of others only the number is said

BY_RISK_NOTE = phrase(
    "Each estimate with its 95% interval. Mean: of the risk in the control arm, predicted by models that other "
    "patients taught; lowest first."
)
BENEFIT_NOTE = phrase(
    "Predicted: the mean difference between a patient's risks in the arms, from models that other patients taught, "
    "lowest first. Observed: the doubly robust difference in the same patients, with its 95% interval."
)
BALANCE_NOTE = phrase(
    "Treated less control, in standard deviations of the arms before weighting (Austin and Stuart 2015, Stat Med "
    "34:3661), from recorded values."
)
OVERLAP_NOTE = phrase("Patients of each arm. Neighbouring groups of few patients are shown as one.")
LEFT_OUT = {
    "treated": phrase("Not drawn, since that would tell of too few: some patients of the treated arm."),
    "control": phrase("Not drawn, since that would tell of too few: some patients of the control arm."),
}
NO_BINS = phrase("The probability of treatment is not drawn: too few patients of an arm.")
NO_GROUPS = {
    "by_risk": phrase("The arms by predicted risk are not shown: {reason}."),
    "by_benefit": phrase("The arms by predicted difference are not shown: {reason}."),
}
FEWER = {
    2: phrase("There are 2 halves, as quarters would hold too few."),
    3: phrase("There are 3 thirds, as quarters would hold too few."),
}
ENDS = {
    2: (phrase("lower half"), phrase("upper half")),
    3: (phrase("lowest third"), phrase("highest third")),
    4: (phrase("lowest quarter"), phrase("highest quarter")),
}
"""The first and the last of so many groups, within a sentence."""


def say_overlap(overlap: Plain) -> str:
    """Who leaves for lack of overlap, and how many stay."""
    return numbers.sentences([_say_rule(*overlap["rule"]), _say_leaving(overlap)])


def _say_rule(low: float | None, high: float) -> str:
    if low is None:
        return say(
            "Patients with a probability of treatment above {high} leave the comparison (Crump et al. 2009, Biometrika "
            "96:187).",
            high=numbers.percent(high),
        )
    return say(
        "Patients with a probability of treatment below {low} or above {high} leave the comparison (Crump et al. 2009, "
        "Biometrika 96:187).",
        low=numbers.percent(low),
        high=numbers.percent(high),
    )


def _say_leaving(overlap: Plain) -> str:
    left, stay, share = overlap["left"], overlap["stay"], overlap["share"]
    if left is None or stay is None or share["value"] is None:
        return say("How many leave is hidden: {reason}.", reason=numbers.say_reason(share))
    if not any(left.values()):
        return say("Nobody leaves.")
    return say(
        "{treated} of the treated and {control} of the control arm leave; {treated_stay} and {control_stay} stay, "
        "{share} of all.",
        treated=numbers.count(left["treated"]),
        control=numbers.count(left["control"]),
        treated_stay=numbers.count(stay["treated"]),
        control_stay=numbers.count(stay["control"]),
        share=numbers.percent(share["value"]),
    )


def say_balance(columns: Columns, effect: Plain) -> str:
    """How many columns are unlike in the arms, before and after weighting."""
    rows = effect["balance"]
    known = {row["column"] for row in rows if row["before"]["value"] is not None}
    before, after = (_unlike(rows, when) for when in ("before", "after"))
    shown = {"limit": f"{UNLIKE:g}", "before": f"{len(before)}", "known": f"{len(known)}"}
    if effect["design"] == "randomised":
        said = say(BY_LOT, **shown)
    else:
        names = [name_column(columns, name) for name in after]
        more = [plural(len(names) - NAMED, "{n} more", "{n} more")] if len(names) > NAMED else []
        named = {"names": numbers.join([*names[:NAMED], *more])} if names else {}
        said = say(WEIGHTED[trims(effect), bool(names)], **shown, after=f"{len(after)}", **named)
    hidden = sum(row["before"]["value"] is None for row in rows)
    gap = plural(
        hidden,
        "Not given, for the reason in the table: {n} difference.",
        "Not given, for the reason in the table: {n} differences.",
    )
    return numbers.sentences([said, gap] if hidden else [said])


BY_LOT = phrase(
    "Columns in which the arms differ by more than {limit} standard deviations (Austin 2009, Stat Med 28:3083): "
    "{before} of {known}. A lot leaves this to chance."
)
WEIGHTED = {
    (False, False): phrase(
        "Columns in which the arms differ by more than {limit} standard deviations (Austin 2009, Stat Med 28:3083): "
        "{before} of {known} before weighting, {after} after it."
    ),
    (False, True): phrase(
        "Columns in which the arms differ by more than {limit} standard deviations (Austin 2009, Stat Med 28:3083): "
        "{before} of {known} before weighting, {after} after it: {names}."
    ),
    (True, False): phrase(
        "Columns in which the arms of those who stay differ by more than {limit} standard deviations (Austin 2009, "
        "Stat Med 28:3083): {before} of {known} before weighting, {after} after it."
    ),
    (True, True): phrase(
        "Columns in which the arms of those who stay differ by more than {limit} standard deviations (Austin 2009, "
        "Stat Med 28:3083): {before} of {known} before weighting, {after} after it: {names}."
    ),
}
"""By whether anybody left, and whether any column stays unlike."""


def _unlike(rows: Rows, when: str) -> list[str]:
    return list(dict.fromkeys(row["column"] for row in rows if abs(row[when]["value"] or 0.0) > UNLIKE))


def say_groups(part: str, count: int, reason: str | None) -> str | None:
    """Why the groups of `by_risk` or `by_benefit` are none, or fewer than four."""
    if not count:
        return say(NO_GROUPS[part], reason=say(reason or numbers.NO_REASON))
    return None if count == max(GROUPS) else say(FEWER[count])


def say_by_risk(effect: Plain) -> str | None:
    """From the lowest to the highest predicted risk, and whether intervals leave out the overall difference."""
    groups, overall = effect["by_risk"]["groups"], choose_comparison(effect)["difference"]
    known = [group["difference"] for group in groups if None not in (group["difference"]["lo"], overall["value"])]
    if not groups or len(known) < len(groups):
        return None
    first, last = (show_points(one)(one["value"]) for one in (known[0], known[-1]))
    first_mean, last_mean = (show_share(groups[i]["mean"]["value"]) for i in (0, -1))
    lowest, highest = map(say, ENDS[len(groups)])
    differences = say(
        "If the assumptions hold, the difference is {first} percentage points in the {lowest} (mean {first_mean}) and "
        "{last} percentage points in the {highest} (mean {last_mean}).",
        first=first,
        lowest=lowest,
        first_mean=first_mean,
        last=last,
        highest=highest,
        last_mean=last_mean,
    )
    varies = _say_apart(known, overall)
    return numbers.sentences([differences, varies, say("Whether it varies with the risk was not tested.")])


def _say_apart(known: Rows, overall: numbers.Estimate) -> str:
    whole = show_points(overall)(overall["value"])
    apart = sum(not one["lo"] <= overall["value"] <= one["hi"] for one in known)
    if not apart:
        return say("Every interval holds the overall difference of {overall}.", overall=whole)
    return say(
        "{apart} of {all} intervals leave out the overall difference of {overall}, which chance may do where several "
        "are compared.",
        apart=apart,
        all=len(known),
        overall=whole,
    )


def say_slope(slope: numbers.Estimate) -> str:
    """Whether the predicted difference varies as the observed one does."""
    if slope["value"] is None or slope["lo"] is None:
        return say(
            "The slope of the observed on the predicted difference was {slope}.",
            slope=numbers.estimate(slope),
        )
    return say(
        "The slope of the observed on the predicted difference is {slope}; 1 is right, and 0 says that predictions "
        "tell nothing (van Klaveren et al. 2018, J Clin Epidemiol 94:59; Chernozhukov et al. 2018, NBER 24678): "
        "{reading}.",
        slope=numbers.estimate(slope),
        reading=_read_slope(slope["lo"], slope["hi"]),
    )


def _read_slope(low: float, high: float) -> str:
    if low <= 1 <= high:
        if low <= 0:
            return say("the interval holds both")
        return say("the interval holds 1 and leaves out 0")
    if low <= 0 <= high:
        return say("the interval holds 0 and leaves out 1")
    if low > 1:
        return say("the interval leaves out both, so that predicted differences vary less than observed ones")
    if low > 0:
        return say("the interval leaves out both, so that predicted differences vary more than observed ones")
    return say("the interval leaves out both, so that predicted differences vary against observed ones")
