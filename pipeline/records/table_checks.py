"""The rules about a table as a whole: how many records, how many events, how much is missing."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from data_schemas.columns import Binary, Cohort, EventShare, Outcome, RecordCount, TimeToEvent
from pipeline.disclosure import NumberOf, TextOf, share
from pipeline.errors import DataRefusedError
from pipeline.outcomes import observe
from pipeline.phrases import phrase
from pipeline.records.rules import SHARE_MISSING


@dataclass(frozen=True)
class Finding:
    """A broken rule about the table, and what was found."""

    rule: str
    column: str | None
    says: str


def event_codes(cohort: type[Cohort]) -> tuple[str, str]:
    """The column that holds the event, and its label."""
    outcome = cohort.study().outcome
    return (outcome.event_column if isinstance(outcome, TimeToEvent) else outcome.column), outcome.event


def refuse_constant_outcome(frame: pd.DataFrame, cohort: type[Cohort]) -> None:
    """Raise DataRefusedError if, by some horizon or for some class, all whose outcome is known are alike."""
    column, _ = event_codes(cohort)
    for target, observed in observe(frame, cohort.study()).items():
        events, known = int(observed.by_horizon().sum()), int(observed.known().sum())
        if events in (0, known):
            raise DataRefusedError(
                f"column {column}, rule 'outcome varies': {events} of {len(frame)} valid records have "
                f"{_what(target, cohort.study().outcome)} and {known - events} are known not to, "
                "so nothing can be learnt; check the outcome's codes and how the cohort was drawn"
            )


def _what(target: str, outcome: Outcome) -> str:
    if isinstance(outcome, Binary):
        return "the event"
    return f"the event by {target}" if isinstance(outcome, TimeToEvent) else f"the class {target!r}"


def find_table_faults(
    frame: pd.DataFrame, valid: pd.DataFrame, cohort: type[Cohort], last_release_records: int | None
) -> list[Finding]:
    """The broken rules about the table, what was found told as shares of records.

    `frame` holds all typed records, `valid` those that no rule set aside. Without a last release there is nothing
    for the number of records to be compared with.
    """
    found = _too_much_missing(frame, cohort)
    for rule in cohort.study().table_rules:
        if isinstance(rule, RecordCount) and last_release_records:
            change = NumberOf(partial(_change, last_release_records), len(frame))
            if abs(change) > rule.change_at_most:
                says = TextOf(lambda n: phrase("it has changed by {n}").format(n=f"{n:+.0%}"), change)
                found.append(Finding(rule.name, None, says))
        if isinstance(rule, EventShare):
            name, event = event_codes(cohort)
            events = NumberOf(share, int((valid[name] == event).sum()), len(valid))
            if not rule.low <= events <= rule.high:
                says = TextOf(lambda n: phrase("it is {n}").format(n=f"{n:.1%}"), events)
                found.append(Finding(rule.name, None, says))
    return found


def _change(before: int, now: int) -> float:
    return now / before - 1


def _too_much_missing(frame: pd.DataFrame, cohort: type[Cohort]) -> list[Finding]:
    found = []
    for name, column in cohort.columns().items():
        missing = NumberOf(share, int(frame[name].isna().sum()), len(frame))
        if column.missing_at_most is not None and missing > column.missing_at_most:
            says = TextOf(lambda n: phrase("it is missing in {n}").format(n=f"{n:.1%}"), missing)
            found.append(Finding(SHARE_MISSING, name, says))
    return found
