"""The rules about a table as a whole: how many records, how many events, how much is missing."""

from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True)
class Outcomes:
    """Of so many `records`, how many have the event of the outcome as it is declared, and what is known of targets.

    `known` gives by the name of what is foreseen the number of events, and that of records whose outcome is known.
    """

    records: int
    events: int
    known: dict[str, tuple[int, int]]


def count_outcomes(valid: pd.DataFrame, cohort: type[Cohort]) -> Outcomes:
    """The outcomes of valid records."""
    name, event = event_codes(cohort)
    observed = observe(valid, cohort.study())
    known = {target: (int(each.by_horizon().sum()), int(each.known().sum())) for target, each in observed.items()}
    return Outcomes(len(valid), int((valid[name] == event).sum()), known)


def join_outcomes(parts: Iterable[Outcomes]) -> Outcomes:
    """The outcomes of all records, of those of their parts."""
    every = list(parts)
    known = {
        target: (sum(part.known[target][0] for part in every), sum(part.known[target][1] for part in every))
        for target in every[0].known
    }
    return Outcomes(sum(part.records for part in every), sum(part.events for part in every), known)


def refuse_constant_outcome(outcomes: Outcomes, cohort: type[Cohort]) -> None:
    """Raise DataRefusedError if, by some horizon or for some class, all whose outcome is known are alike."""
    column, _ = event_codes(cohort)
    for target, (events, known) in outcomes.known.items():
        if events in (0, known):
            raise DataRefusedError(
                f"column {column}, rule 'outcome varies': {events} of {outcomes.records} valid records have "
                f"{_what(target, cohort.study().outcome)} and {known - events} are known not to, "
                "so nothing can be learnt; check the outcome's codes and how the cohort was drawn"
            )


def _what(target: str, outcome: Outcome) -> str:
    if isinstance(outcome, Binary):
        return "the event"
    return f"the event by {target}" if isinstance(outcome, TimeToEvent) else f"the class {target!r}"


def find_table_faults(
    missing: Mapping[str, int], records: int, outcomes: Outcomes, cohort: type[Cohort], last_release_records: int | None
) -> list[Finding]:
    """The broken rules about the table, what was found told as shares of records.

    `missing` counts by column what is missing in all `records`; `outcomes` are those of the valid ones. Without a last
    release there is nothing for the number of records to be compared with.
    """
    found = _too_much_missing(missing, records, cohort)
    for rule in cohort.study().table_rules:
        if isinstance(rule, RecordCount) and last_release_records:
            change = NumberOf(partial(_change, last_release_records), records)
            if abs(change) > rule.change_at_most:
                says = TextOf(lambda n: phrase("it has changed by {n}").format(n=f"{n:+.0%}"), change)
                found.append(Finding(rule.name, None, says))
        if isinstance(rule, EventShare):
            events = NumberOf(share, outcomes.events, outcomes.records)
            if not rule.low <= events <= rule.high:
                says = TextOf(lambda n: phrase("it is {n}").format(n=f"{n:.1%}"), events)
                found.append(Finding(rule.name, None, says))
    return found


def _change(before: int, now: int) -> float:
    return now / before - 1


def _too_much_missing(missing: Mapping[str, int], records: int, cohort: type[Cohort]) -> list[Finding]:
    found = []
    for name, column in cohort.columns().items():
        lacking = NumberOf(share, missing[name], records)
        if column.missing_at_most is not None and lacking > column.missing_at_most:
            says = TextOf(lambda n: phrase("it is missing in {n}").format(n=f"{n:.1%}"), lacking)
            found.append(Finding(SHARE_MISSING, name, says))
    return found
