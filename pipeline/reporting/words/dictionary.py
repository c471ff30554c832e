"""The data dictionary."""

from data_schemas.columns import Direction, Severity

MADE_FROM = ("Made from the schema of", ", which validation, model and report follow as well.")
"""Before and after the cohort's name."""
RULES = "A record that breaks one of these is set aside, with the name of the rule."
NO_RULES = "The schema declares no rule beyond types, codes and plausible ranges."
NO_DATA = "This page holds no data, only what the schema declares."
WAYS = {Direction.INCREASES: "risk increases", Direction.DECREASES: "risk decreases"}
FOLLOWS = {
    Severity.REFUSE: "the table is refused",
    Severity.QUARANTINE: "the record is set aside",
    Severity.WARN: "a warning is given",
}
"""What happens to a value outside the plausible range."""


def title(study: str) -> str:
    """The title of the page."""
    return f"{study}: data dictionary"


def name_role(role: str) -> str:
    """The heading of the columns of a role."""
    return f"Role: {role}"
