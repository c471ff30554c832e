"""What frames a report: its title, limits that hold for every model, and what has changed."""

from collections.abc import Mapping
from typing import Any

NOTHING_BEFORE = "No release of this model has been published yet, so there is nothing to compare with."
JUDGEMENT = (
    "A predicted risk describes patients like this one, and supports a clinician's judgement without replacing it."
)
ASSOCIATIONS = "The model finds associations."
SAYS_NOTHING = "othing in this report says what happens to a patient's risk when something is changed."
CLEARANCE = "This report is no clearance for clinical use, which is for the clinic and its regulator to give."
REPRODUCED = "The same input, settings and versions give this report again, byte for byte."
TRIPOD = (
    "After Collins et al. 2024, BMJ 385:e078378, in our own words. Computed: by this pipeline. Supplied: by the "
    "cohort's schema or in model_card.yaml. Missing: for the study team to add before publication."
)
DATA_OF = "Data of this figure"
TABLE_BESIDE = "The numbers are in the table beside this figure."


def title(study: str) -> str:
    """The title of the page."""
    return f"{study}: model report"


def list_limits(*, declares_effect: bool) -> tuple[str, ...]:
    """The limits of every model, beside those that the schema gives."""
    start = "Outside the section on the treatment effect, n" if declares_effect else "N"
    return (f"{ASSOCIATIONS} {start}{SAYS_NOTHING}", JUDGEMENT, CLEARANCE)


def say_study(outcome: str, performance: Mapping[str, Any]) -> str:
    """What is predicted, and on how many patients the model was evaluated; counts as shown."""
    return (
        f"Outcome predicted: {outcome}. {performance['n']} patients evaluated, {performance['events']} with the event."
    )


def say_aggregates(smallest: int) -> str:
    """What a report holds."""
    return f"This report holds aggregates only. Counts that describe fewer than {smallest} patients are hidden."


def name_table(caption: str) -> str:
    """A table's name for those who do not see it."""
    return f"Table: {caption}"
