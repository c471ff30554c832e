"""Every sentence on a treatment's effect. Words of effect are conditional on assumptions, adjectives follow numbers.

The keys of `effect` are those of `treatment_effect.json`. Differences are treated less control.
"""

from collections.abc import Sequence

from pipeline.reporting.results import Plain
from pipeline.reporting.tables import Rows
from pipeline.reporting.words import numbers
from pipeline.reporting.words.effect_terms import (
    ARMS,
    GROUPS,
    KINDS,
    NEEDED,
    POINTS,
    UNLIKE,
    Columns,
    choose_comparison,
    count_digits,
    name_column,
    show_points,
    show_share,
    trims,
)

NAMED = 5  # columns that stay unlike; of others only the number is said
IF = "If the assumptions below hold"

INTERVALS = "Each estimate with its 95% interval."
BY_RISK_NOTE = (
    f"{INTERVALS} Mean: of the risk in the control arm, predicted by models that other patients taught; lowest first."
)
BENEFIT_NOTE = (
    "Predicted: the mean difference between a patient's risks in the arms, from models that other patients taught, "
    "lowest first. Observed: the doubly robust difference in the same patients, with its 95% interval."
)
BALANCE_NOTE = (
    "Treated less control, in standard deviations of the arms before weighting (Austin and Stuart 2015, Stat Med "
    "34:3661), from recorded values."
)
OVERLAP_NOTE = "Patients of each arm. Neighbouring groups of few patients are shown as one."
LEFT_OUT = "Not drawn, since that would tell of too few: some patients of the {} arm."
NO_BINS = "The probability of treatment is not drawn: too few patients of an arm."


def say_caution(design: str) -> str:
    """What the design allows."""
    if design == "randomised":
        return (
            "Treatment was drawn by lot. Chance alone then decides how the arms differ beforehand, and the intervals "
            "allow for chance. If the assumptions below hold, differences may be read as effects of the treatment."
        )
    return (
        "Treatment was chosen, not drawn by lot, and the arms may differ in more than their treatment. Only if all "
        "assumptions below hold may differences be read as effects of the treatment, and no data can show that they do."
    )


def say_question(columns: Columns, outcome: str, effect: Plain) -> str:
    """The estimand in words."""
    treated, control = (" or ".join(effect[arm]) for arm in ARMS)
    return (
        f"The question: the mean difference in the risk of {outcome}, had {_whom(effect)} been in the treated arm "
        f"({name_column(columns, effect['treatment'])}: {treated}) rather than in the control arm ({control})."
    )


def _whom(effect: Plain) -> str:
    whom = "all patients of the two arms" if effect["estimand"] == "ATE" else "the patients of the treated arm"
    return f"{whom} who stay in the comparison" if trims(effect) else whom


def say_result(outcome: str, effect: Plain) -> str:
    """The difference that answers the question; where its interval holds 0, only what the data are compatible with."""
    found = choose_comparison(effect)
    difference = found["difference"]
    show, where = show_points(difference), numbers.position(difference, 0.0)
    if where == "unknown":
        return f"The difference was {numbers.estimate(difference, show)}."
    if where == "around":
        lo, hi = show(difference["lo"]), show(difference["hi"])
        said = (
            f"{IF}, the data are compatible with a mean difference in the risk of {outcome} from {lo} to {hi} {POINTS} "
            f"(95% interval), treated less control, in {_whom(effect)}. They show neither that treatment changes the "
            "risk nor that it does not."
        )
    else:
        size = numbers.decimal(100 * abs(difference["value"]), count_digits(difference))
        said = (
            f"{IF}, the risk of {outcome} in {_whom(effect)} is on average {size} {POINTS} "
            f"{'lower' if where == 'below' else 'higher'} with the treatment than with the control (95% interval of "
            f"the difference {numbers.interval(difference, show)}){_risks(found)}."
        )
    if effect["design"] == "randomised":
        return said
    return f"{said} Treatment was chosen, not drawn by lot, so that this rests on those assumptions."


def _risks(found: Plain) -> str:
    treated, control = found["risk_treated"]["value"], found["risk_control"]["value"]
    return "" if None in (treated, control) else f": {show_share(treated)} against {show_share(control)}"


def list_assumptions(effect: Plain) -> list[str]:
    """What must hold for a difference to be an effect."""
    consistency = (
        "Consistency: each arm is one treatment, the same for all in it, and the treatment of one patient does not "
        "bear on the outcome of another."
    )
    if effect["design"] == "randomised":
        lot = "Lot: the column says what was drawn, so that chance alone makes the arms unlike before treatment."
        found = [lot, consistency]
    else:
        count = numbers.plural(len(effect["adjust"]), "column")
        found = [
            "No unmeasured confounding: whatever bears on both the choice of treatment and the outcome is told by the "
            f"{count} adjusted for, as known before treatment.",
            "Overlap: every patient compared could have had either treatment.",
            consistency,
            "Models: those of the probability of treatment or those of the risks are right; either suffices.",
        ]
    if effect["horizon"] is not None:
        found.append("Censoring: within an arm, leaving before the horizon says nothing about the outcome.")
    return found


def say_adjustment(effect: Plain) -> str:
    """Whether anything is adjusted for, and how."""
    if not effect["adjust"]:
        reason = effect["adjusted"]["difference"]["reason"]
        return f"No adjusted comparison was computed: {reason}. Where treatment is drawn by lot, none is needed."
    learnt = f"comes from a {effect['learner']} that other patients taught."
    if effect["design"] == "randomised":
        return f"Each patient's risk in either arm {learnt} A lot needs no adjustment; it serves to narrow intervals."
    return f"Each patient's probability of treatment, and risk in either arm, {learnt}"


def note_comparison(effect: Plain) -> str:
    """How to read the table of the comparison."""
    said = [INTERVALS, "Without adjustment: all patients of the two arms as they are."]
    if effect["adjust"]:
        said.append(
            f"Adjusted: the mean over {_whom(effect)}, doubly robust (Robins, Rotnitzky and Zhao 1994, JASA 89:846) "
            "and cross-fitted (Chernozhukov et al. 2018, Econom J 21:C1)."
        )
    if effect["horizon"] is not None:
        said.append("Patients who left before the horizon are weighted for, arm by arm.")
    needed = (
        f"{NEEDED}: for one patient fewer, or more, with the outcome, rounded up, and only where the interval of the"
    )
    return " ".join([*said, f"{needed} difference leaves out 0 (Altman 1998, BMJ 317:1309)."])


def say_agreement(effect: Plain) -> str:
    """Whether adjustment changes the sign of the difference, or whether its interval holds 0."""
    naive, adjusted = effect["naive"]["difference"], effect["adjusted"]["difference"]
    for name, one in (("unadjusted", naive), ("adjusted", adjusted)):
        if one["value"] is None or one["lo"] is None:
            return f"There is no {name} difference with an interval: {one['reason']}."
    before, after = (numbers.position(one, 0.0) == "around" for one in (naive, adjusted))
    values = (f"{show_points(one)(one['value'])} {POINTS}" for one in (naive, adjusted))
    said = "The difference {} its sign with adjustment: {} without it, {} with it.".format(
        "changes" if naive["value"] * adjusted["value"] < 0 else "keeps", *values
    )
    if before == after:
        return f"{said} Both intervals {'hold' if before else 'leave out'} 0."
    held = {True: "holds", False: "leaves out"}
    return f"{said} The interval without adjustment {held[before]} 0, but the adjusted one {held[after]} 0."


def say_overlap(overlap: Plain) -> str:
    """Who leaves for lack of overlap, and how many stay."""
    low, high = (None if limit is None else numbers.percent(limit) for limit in overlap["rule"])
    below = "" if low is None else f"below {low} or "
    rule = f"Patients with a probability of treatment {below}above {high} leave the comparison (Crump et al. 2009, "
    said, share = f"{rule}Biometrika 96:187).", overlap["share"]
    if (left := overlap["left"]) is None or (stay := overlap["stay"]) is None or share["value"] is None:
        return f"{said} How many leave is hidden: {share['reason']}."
    if not any(left.values()):
        return f"{said} Nobody leaves."
    return (
        f"{said} {left['treated']:,} of the treated and {left['control']:,} of the control arm leave; "
        f"{stay['treated']:,} and {stay['control']:,} stay, {numbers.percent(share['value'])} of all."
    )


def say_balance(columns: Columns, effect: Plain) -> str:
    """How many columns are unlike in the arms, before and after weighting."""
    rows = effect["balance"]
    known = {row["column"] for row in rows if row["before"]["value"] is not None}
    before, after = (_unlike(rows, when) for when in ("before", "after"))
    by, of = (
        f"more than {UNLIKE:g} standard deviations (Austin 2009, Stat Med 28:3083)",
        f"{len(before)} of {len(known)}",
    )
    hidden = sum(row["before"]["value"] is None for row in rows)
    gap = f" Not given, for the reason in the table: {numbers.plural(hidden, 'difference')}." if hidden else ""
    if effect["design"] == "randomised":
        return f"Columns in which the arms differ by {by}: {of}. A lot leaves this to chance.{gap}"
    stay = " of those who stay" if trims(effect) else ""
    names = [name_column(columns, name) for name in after]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    still = f": {numbers.join([*names[:NAMED], *more])}" if names else ""
    return f"Columns in which the arms{stay} differ by {by}: {of} before weighting, {len(after)} after it{still}.{gap}"


def _unlike(rows: Rows, when: str) -> list[str]:
    return list(dict.fromkeys(row["column"] for row in rows if abs(row[when]["value"] or 0.0) > UNLIKE))


def say_sensitivity(found: Plain) -> str:
    """What the two E-values mean."""
    value, limit = found["e_value"]["value"], found["e_value_of_limit"]["value"]
    if value is None or limit is None:
        return f"No E-value was computed: {found['e_value']['reason']}."
    nearer = (
        "the interval of the ratio holds 1 as it is, so that the E-value of its limit is 1"
        if limit <= 1
        else f"{numbers.decimal(limit)} would move the nearer limit of its interval to 1"
    )
    return (
        f"The E-value of the ratio is {numbers.decimal(value)}: to account for all of it, something not adjusted for "
        "would have to go with both the choice of treatment and the outcome by a ratio of risks of at least "
        f"{numbers.decimal(value)} each; {nearer} (VanderWeele and Ding 2017, Ann Intern Med 167:268)."
    )


def say_groups(what: str, count: int, reason: str | None) -> str | None:
    """Why there are no groups, or fewer than four."""
    if not count:
        return f"The arms by {what} are not shown: {reason}."
    if count == max(GROUPS):
        return None
    return f"There are {numbers.plural(count, KINDS[count], {2: 'halves'}.get(count))}, as quarters would hold too few."


def say_by_risk(effect: Plain) -> str | None:
    """From the lowest to the highest predicted risk, and whether intervals leave out the overall difference."""
    groups, overall = effect["by_risk"]["groups"], choose_comparison(effect)["difference"]
    known = [group["difference"] for group in groups if None not in (group["difference"]["lo"], overall["value"])]
    if not groups or len(known) < len(groups):
        return None
    ends = [
        f"{show_points(known[i])(known[i]['value'])} {POINTS} in the {GROUPS[len(groups)][i].lower()} (mean "
        f"{show_share(groups[i]['mean']['value'])})"
        for i in (0, -1)
    ]
    apart = sum(not one["lo"] <= overall["value"] <= one["hi"] for one in known)
    whole = f"the overall difference of {show_points(overall)(overall['value'])}"
    varies = (
        f"{apart} of {len(known)} intervals leave out {whole}, which chance may do where several are compared."
        if apart
        else f"Every interval holds {whole}."
    )
    said = f"If the assumptions hold, the difference is {ends[0]} and {ends[1]}."
    return f"{said} {varies} Whether it varies with the risk was not tested."


def say_slope(slope: numbers.Estimate) -> str:
    """Whether the predicted difference varies as the observed one does."""
    if slope["value"] is None or slope["lo"] is None:
        return f"The slope of the observed on the predicted difference was {numbers.estimate(slope)}."
    one, none = slope["lo"] <= 1 <= slope["hi"], slope["lo"] <= 0 <= slope["hi"]
    extent = "less than" if slope["lo"] > 1 else "more than" if slope["lo"] > 0 else "against"
    reading = {
        (True, True): "the interval holds both",
        (True, False): "the interval holds 1 and leaves out 0",
        (False, True): "the interval holds 0 and leaves out 1",
        (False, False): f"the interval leaves out both, so that predicted differences vary {extent} observed ones",
    }[one, none]
    return (
        f"The slope of the observed on the predicted difference is {numbers.estimate(slope)}; 1 is right, and 0 says "
        "that predictions tell nothing (van Klaveren et al. 2018, J Clin Epidemiol 94:59; Chernozhukov et al. 2018, "
        f"NBER 24678): {reading}."
    )


def describe_overlap(rule: Sequence[float | None]) -> str:
    """The figure of overlap."""
    limits = numbers.join([numbers.percent(limit) for limit in rule if limit is not None])
    return (
        "Patients by probability of treatment, as many as in each 5 percentage points of it: upward the treated arm, "
        f"downward the control arm. Patients beyond a dashed line ({limits}) leave the comparison."
    )


def describe_balance(drawn: int, known: int, *, weighted: bool) -> str:
    """The figure of balance."""
    marks = "circles before and squares after weighting" if weighted else "each a square"
    some = "" if drawn == known else f" The largest {drawn} of {known} are drawn."
    return f"Sizes of standardised mean differences, {marks}; the dashed line is at {UNLIKE:g}.{some}"


def describe_benefit(count: int) -> str:
    """The figure of the calibration of benefit."""
    return (
        f"{numbers.plural(count, 'group')} of patients by predicted difference, each a dot at the observed difference "
        "with its 95% interval, and the dashed diagonal on which both are equal. Negative: fewer in the treated arm."
    )
