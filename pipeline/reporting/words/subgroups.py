"""The section on subgroups."""

from pipeline.phrases import phrase
from pipeline.reporting.language import say

SUBGROUPS = phrase(
    "The same model in groups of the patients evaluated. Groups are small and several are compared, so differences "
    "between them may be chance."
)
UNDECLARED = phrase("The schema declares no subgroups, so whether the model works equally well for all is not known.")
GAPS = phrase(
    "Between the two levels furthest apart, the higher first. The 95% interval holds for whichever levels differ "
    "most; it begins at a difference of 0, or a ratio of 1, where chance explains the gap. Hidden levels take no "
    "part."
)


def say_suppressed(reason: str) -> str:
    """Why a figure is not shown."""
    return say("not shown: {reason}", reason=say(reason))
