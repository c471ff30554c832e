"""What the figures of a treatment's effect show, for those who do not see them."""

from collections.abc import Sequence

from pipeline.reporting.language import plural, say
from pipeline.reporting.words import numbers
from pipeline.reporting.words.effect_terms import UNLIKE


def describe_overlap(rule: Sequence[float | None]) -> str:
    """The figure of overlap."""
    return say(
        "Patients by probability of treatment, as many as in each 5 percentage points of it: upward the treated arm, "
        "downward the control arm. Patients beyond a dashed line ({limits}) leave the comparison.",
        limits=numbers.join([numbers.percent(limit) for limit in rule if limit is not None]),
    )


def describe_balance(drawn: int, known: int, *, weighted: bool) -> str:
    """The figure of balance."""
    limit = f"{UNLIKE:g}"
    if weighted:
        said = say(
            "Sizes of standardised mean differences, circles before and squares after weighting; the dashed line is at "
            "{limit}.",
            limit=limit,
        )
    else:
        said = say("Sizes of standardised mean differences, each a square; the dashed line is at {limit}.", limit=limit)
    if drawn == known:
        return said
    return numbers.sentences([said, say("The largest {drawn} of {known} are drawn.", drawn=drawn, known=known)])


def describe_benefit(count: int) -> str:
    """The figure of the calibration of benefit."""
    return plural(
        count,
        "{n} group of patients by predicted difference, each a dot at the observed difference with its 95% interval, "
        "and the dashed diagonal on which both are equal. Negative: fewer in the treated arm.",
        "{n} groups of patients by predicted difference, each a dot at the observed difference with its 95% interval, "
        "and the dashed diagonal on which both are equal. Negative: fewer in the treated arm.",
    )
