"""The section on data: flow of records, quarantine, Table 1."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import NOTHING, sentences

SEVERITIES = {"refuse": phrase("refuse"), "quarantine": phrase("quarantine"), "warn": phrase("warn")}
"""What follows when a rule is broken, by `data_schemas.vocabulary.Severity`."""
NOT = "not: "
"""Before the rule that records broke, where results give it as a reason."""
QUARANTINE = phrase(
    "A record that breaks several rules is counted under each. 'Quarantine' sets aside; 'warn' keeps the record."
)
NOTHING_BROKEN = phrase("No record broke a rule.")


def say_counts(counts: Mapping[str, str], rules: str) -> str:
    """How many records were read, valid and set aside, under how many rules; counts as shown, "" for too few."""
    if not counts["quarantined"]:
        return say(
            "Of {rows_in} records read, {valid} were valid, from {patients} patients, and too few to count were set "
            "aside. {rules} of data quality were applied to the table.",
            rules=rules,
            **{name: counts[name] for name in ("rows_in", "valid", "patients")},
        )
    return say(
        "Of {rows_in} records read, {valid} were valid, from {patients} patients, and {quarantined} were set aside. "
        "{rules} of data quality were applied to the table.",
        rules=rules,
        **counts,
    )


def say_severity(rule: Mapping[str, Any]) -> str:
    """What follows when a rule is broken."""
    severity = SEVERITIES[rule["severity"]]
    return say(severity)


def say_reason(step: Mapping[str, Any]) -> str:
    """Why records left at a step of their flow; a dash where none did."""
    return say("not: {rule}", rule=_say_rule(step)) if step["reason"] else NOTHING


def say_leaving(step: Mapping[str, Any]) -> str:
    """Which rule the records broke that left at a step."""
    return say("set aside that broke: {rule}", rule=_say_rule(step))


def _say_rule(step: Mapping[str, Any]) -> str:
    rule = step["reason"].removeprefix(NOT)
    return say(rule)


def say_folds(folds: int) -> str:
    """How cross-validation used every patient."""
    return say("in {folds} folds, each taught and tested in turn", folds=folds)


def note_table_one(smallest: int, step: int, compared: Sequence[str]) -> str:
    """What the cells of Table 1 hold, what is left out, and which two columns are compared, if any."""
    said = [
        say(
            "Median (quartiles), or number (% of the column). Levels that nobody has and rows of missing values where "
            "none is missing are left out. Groups of fewer than {smallest} are hidden, and so is whatever would allow "
            "them to be computed.",
            smallest=smallest,
        )
    ]
    if step > 1:
        said.append(
            say(
                "Numbers are rounded to multiples of {step} and shares follow from them, so that levels need not add "
                "up to their column.",
                step=step,
            )
        )
    if compared:
        said.append(
            say(
                "Standardised difference: of the columns {one} and {other}, without its sign, in standard deviations, "
                "from values before rounding; missing values are left out (Austin 2009, Stat Med 28:3083; of a "
                "category with all its levels, Yang and Dalton 2012, SAS Global Forum, 335).",
                one=compared[0],
                other=compared[1],
            )
        )
    return sentences(said)
