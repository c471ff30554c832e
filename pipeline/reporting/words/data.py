"""The section on data: flow of records, quarantine, Table 1."""

from collections.abc import Mapping

QUARANTINE = (
    "A record that breaks several rules is counted under each. 'Quarantine' sets aside; 'warn' keeps the record."
)
NOTHING_BROKEN = "No record broke a rule."


def say_counts(counts: Mapping[str, str], rules: str) -> str:
    """How many records were read, valid and set aside, under how many rules; counts as shown."""
    return (
        f"Of {counts['rows_in']} records read, {counts['valid']} were valid, from {counts['patients']} patients, and "
        f"{counts['quarantined']} were set aside. {rules} of data quality were applied to the table."
    )


def say_leaving(reason: str) -> str:
    """Which rule the records broke that left at a step."""
    return f"set aside that broke: {reason}"


def say_folds(folds: int) -> str:
    """How cross-validation used every patient."""
    return f"in {folds} folds, each taught and tested in turn"


def note_table_one(smallest: int) -> str:
    """What the cells of Table 1 hold and what is left out."""
    return (
        "Median (quartiles), or number (% of the column). Levels that nobody has and rows of missing values where "
        f"none is missing are left out. Groups of fewer than {smallest} are hidden, and so is whatever would allow "
        "them to be computed."
    )
