"""What frames a report: its title, limits that hold for every model, and what has changed."""

from collections.abc import Mapping
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import sentences

JUDGEMENT = phrase(
    "A predicted risk describes patients like this one, and supports a clinician's judgement without replacing it."
)
ASSOCIATIONS = phrase("The model finds associations.")
SAYS_NOTHING = phrase("Nothing in this report says what happens to a patient's risk when something is changed.")
SAYS_NOTHING_ELSEWHERE = phrase(
    "Outside the section on the treatment effect, nothing in this report says what happens to a patient's risk when "
    "something is changed."
)
CLEARANCE = phrase("This report is no clearance for clinical use, which is for the clinic and its regulator to give.")
REPRODUCED = phrase("The same input, settings and versions give this report again, byte for byte.")
TRIPOD = phrase(
    "After Collins et al. 2024, BMJ 385:e078378, in our own words. Computed: by this pipeline. Supplied: by the "
    "cohort's schema or in model_card.yaml. Missing: for the study team to add before publication."
)
DATA_OF = phrase("Data of this figure")
TABLE_BESIDE = phrase("The numbers are in the table beside this figure.")


def title(study: str) -> str:
    """The title of the page."""
    return say("{study}: model report", study=study)


def list_limits(*, declares_effect: bool) -> tuple[str, ...]:
    """The limits of every model, beside those that the schema gives."""
    nothing = SAYS_NOTHING_ELSEWHERE if declares_effect else SAYS_NOTHING
    return (sentences([say(ASSOCIATIONS), say(nothing)]), say(JUDGEMENT), say(CLEARANCE))


def say_study(outcome: str, performance: Mapping[str, Any]) -> str:
    """What is predicted, and on how many patients the model was evaluated; counts as shown."""
    return say(
        "Outcome predicted: {outcome}. {n} patients evaluated, {events} with the event.",
        outcome=outcome,
        n=performance["n"],
        events=performance["events"],
    )


def say_aggregates(smallest: int, step: int) -> str:
    """What a report holds, with counts that are multiples of `step`."""
    held = say(
        "This report holds aggregates only. Counts that describe fewer than {smallest} patients are hidden.",
        smallest=smallest,
    )
    return sentences([held, say_rounding(step)]) if step > 1 else held


def say_rounding(step: int) -> str:
    """That counts are multiples of `step`."""
    return say(
        "Other counts are rounded to the nearest multiple of {step}, those of a few to {step}, and shares of patients "
        "follow from the rounded counts.",
        step=step,
    )


def name_table(caption: str) -> str:
    """A table's name for those who do not see it."""
    return say("Table: {caption}", caption=caption)
