"""The data dictionary."""

from data_schemas.columns import Column, Direction, Reference, Severity, TimeToEvent

MADE_FROM = ("Made from the schema of", ", which validation, model and report follow as well.")
"""Before and after the cohort's name."""
RULES = "A record that breaks one of these is set aside, with the name of the rule."
NO_RULES = "The schema declares no rule beyond types, codes and plausible ranges."
NO_DATA = "This page holds no data, only what the schema declares."
WAYS = {Direction.INCREASES: "risk increases with it", Direction.DECREASES: "risk decreases with it"}
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


def define_event(outcome: TimeToEvent) -> str:
    """Who had the event by the horizon, and of whom that is unknown."""
    return (
        f"{outcome.event_column} is {outcome.event} at or before {outcome.horizon:g} {outcome.unit} in {outcome.time}; "
        "followed for less without it: unknown"
    )


def say_ceiling(auroc: float, source: str) -> str:
    """Above which AUROC a leak is suspected, and by whose results."""
    return f"above {auroc:g}: {source}"


def say_range(column: Column) -> str:
    """The plausible range, and what happens to a value outside; empty without one."""
    if column.plausible is None:
        return ""
    low, high = column.plausible
    return f"{low:g} to {high:g}; outside, {FOLLOWS[column.severity('range')]}"


def say_conversion(column: Column) -> str:
    """From which unit values are converted; empty where they are not."""
    mass = f", with a molar mass of {column.molar_mass:g} g/mol" if column.molar_mass else ""
    if column.unit_column:
        return f"from the unit in {column.unit_column}{mass}"
    return f"from {column.source_unit}{mass}" if column.source_unit else ""


def say_reference(reference: Reference) -> str:
    """The reference range and its source."""
    low, high = reference.low, reference.high
    both = low is not None and high is not None
    span = f"{low:g} to {high:g}" if both else f"at least {low:g}" if low is not None else f"at most {high:g}"
    return f"{span} ({reference.source})"


def say_change(column: Column) -> str:
    """The largest plausible change, its bounds and source."""
    assert column.change is not None
    low, high = column.change.bounds
    unit = f" {column.unit}" if column.unit else ""
    return f"{column.change.step:+g}{unit}, within {low:g} to {high:g} ({column.change.source})"


def say_missing(column: Column) -> str:
    """Whether values may be missing, how many, and how that is written."""
    codes = f"; written as {', '.join(column.missing_codes)}" if column.missing_codes else ""
    most = f" in at most {column.missing_at_most:.0%} of the records" if column.missing_at_most is not None else ""
    return ("allowed" if column.missing_allowed else "not allowed") + most + codes
