"""How often each rule is broken, and at which rule each record leaves; what refuses the table by it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Column
from data_schemas.vocabulary import Severity
from pipeline.arrays import BoolArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.records.rules import Rule
from pipeline.records.typing import refuse_misfits, type_rule

Places: TypeAlias = npt.NDArray[np.int16]
STAYS = np.iinfo(np.int16).max


@dataclass(frozen=True, eq=False)
class Tally:
    """Of n records, how many break each of k `rules`, `counts` (k,), and the first rule that sets each aside.

    `leaves` (n,) holds places in `rules`, and `STAYS` for a record that no rule sets aside.
    """

    rules: list[Rule]
    counts: IntArray
    leaves: Places

    def aside(self) -> IntArray:
        """The places of the records that are set aside, ascending."""
        return np.flatnonzero(self.leaves != STAYS)

    def with_broken(self, records: IntArray, places: IntArray) -> "Tally":
        """The tally with further records, each once per rule, that break the rules at `places`, (m,) both."""
        counts = self.counts + np.bincount(places, minlength=len(self.rules))
        leaves, quarantines = self.leaves.copy(), quarantining(self.rules)[places]
        np.minimum.at(leaves, records[quarantines], places[quarantines].astype(np.int16))
        return Tally(self.rules, counts, leaves)


def start_tally(rules: list[Rule], records: int) -> Tally:
    """Of so many records, none breaks a rule."""
    return Tally(rules, np.zeros(len(rules), dtype=np.int64), np.full(records, STAYS, dtype=np.int16))


def join_tallies(parts: Iterable[Tally]) -> Tally:
    """That of a table, of those of its parts in turn."""
    every = list(parts)
    counts = np.sum([part.counts for part in every], axis=0)
    return Tally(every[0].rules, counts, np.concatenate([part.leaves for part in every]))


def place_rules(broken: pd.DataFrame, rules: list[Rule]) -> IntArray:
    """The place in `rules` of each broken `rule` and `column`, (m,)."""
    numbers = {(rule.rule, rule.column or ""): place for place, rule in enumerate(rules)}
    columns = broken["column"].astype(object).where(broken["column"].notna(), "")
    codes, pairs = pd.MultiIndex.from_arrays([broken["rule"], columns]).factorize()
    places: IntArray = np.array([numbers[pair] for pair in pairs], dtype=np.int64)[codes]
    return places


def quarantining(rules: list[Rule]) -> BoolArray:
    """Which of the rules set a record aside, (k,)."""
    return np.array([rule.severity == Severity.QUARANTINE for rule in rules])


def name_rule(rule: Rule) -> str:
    """A rule with its column, if it has one, and its sentence."""
    place = f"column {rule.column}, " if rule.column else ""
    return f"{place}rule '{rule.rule}' ({rule.sentence})"


def refuse_types(tally: Tally, columns: dict[str, Column]) -> None:
    """Raise DataRefusedError where values do not fit their types and the schema does not set them aside."""
    counts = {(rule.rule, rule.column): int(n) for rule, n in zip(tally.rules, tally.counts, strict=True)}
    rules = {name: rule[0] for name, column in columns.items() if (rule := type_rule(column))}
    refuse_misfits({name: counts[rule, name] for name, rule in rules.items()}, columns, len(tally.leaves))


def refuse_broken(tally: Tally) -> None:
    """Raise DataRefusedError where a rule is broken that refuses the table."""
    if most := _most_broken(tally, Severity.REFUSE):
        raise DataRefusedError(
            f"of {len(tally.leaves)} records, some break a rule that refuses the table: {'; '.join(most)}; "
            "mend the export, or declare in the schema what is right: AnyRows() or Visits() for several records of a "
            "patient, or another severity"
        )


def refuse_excess(tally: Tally, at_most: float) -> None:
    """Raise DataRefusedError where more than the share `at_most` is set aside, or all."""
    records, broken = len(tally.leaves), len(tally.aside())
    if broken <= at_most * records and broken < records:
        return
    raise DataRefusedError(
        f"{broken} of {records} records break a rule, expected at most {at_most:.0%}; most often "
        f"{'; '.join(_most_broken(tally, Severity.QUARANTINE))}; check the export's units and codes, or "
        "plausible ranges, missing_codes and missing_allowed in the schema"
    )


def _most_broken(tally: Tally, severity: Severity) -> list[str]:
    """The three rules of this severity that most records break, with how many."""
    broken = sorted(_broken(tally, severity), key=lambda each: -each[1])
    return [f"{name_rule(rule)}: {n}" for rule, n in broken[:3]]


def _broken(tally: Tally, severity: Severity) -> Iterator[tuple[Rule, int]]:
    for rule, n in zip(tally.rules, tally.counts, strict=True):
        if n and rule.severity == severity:
            yield rule, int(n)
