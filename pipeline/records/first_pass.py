"""The first pass over a table: a part of it typed, checked and put by in order of patients, and little else told.

The rules between records, the order of the table and what is set aside need all parts; they follow from what is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline.arrays import IntArray
from pipeline.records.checks import find_violations
from pipeline.records.identity import Digests, digest_identifiers, sort_digests
from pipeline.records.patients import Seen, join_seen, see_records
from pipeline.records.pieces import Pieces
from pipeline.records.rules import MISSING, list_rules
from pipeline.records.tally import STAYS, Places, Tally, join_tallies, place_rules, quarantining, start_tally
from pipeline.records.typing import fit_types
from pipeline.records.units import convert_units
from pipeline.row_groups import Part

HIGH, LOW, RECORD = "patient, high", "patient, low", "record, from 0"  # no column of a schema has such a name


@dataclass(frozen=True, eq=False)
class Checked:
    """What is told of n records: which rules they break, what rules between records need, what is `missing` (c,)."""

    tally: Tally
    seen: Seen
    missing: IntArray


@dataclass(frozen=True)
class Check:
    """Types, converts and checks a part; what stays is put by in `buckets` pieces by patient, below `folder`."""

    cohort: type[Cohort]
    key: str
    decimal: str
    folder: Path
    buckets: int

    def __call__(self, part: Part) -> Checked:
        """What is told of `part`."""
        frame, broken = type_and_check(part.read(), self.cohort, self.decimal)
        rules = list_rules(self.cohort)
        records, places = broken["record"].to_numpy(np.int64), place_rules(broken, rules)
        tally = start_tally(rules, len(frame)).with_broken(records - part.start, places)
        aside = quarantining(rules)[places]
        noted = pd.DataFrame({"record": records[aside], "place": places[aside]})
        Pieces(self.folder / "aside").put(part.start, noted, [0, len(noted)])
        patients = digest_identifiers(frame[self.cohort.identifier()], self.key)
        self._put_by(frame, patients, tally.leaves, part.start)
        missing = frame.isna().sum().to_numpy(np.int64)
        return Checked(tally, see_records(frame, patients, self.cohort), missing)

    def _put_by(self, frame: pd.DataFrame, patients: Digests, leaves: Places, start: int) -> None:
        """What no rule on the record itself sets aside, without identifiers, sorted by patient."""
        stays = np.flatnonzero(leaves == STAYS)
        order = stays[sort_digests(patients[stays])]
        told = {HIGH: patients["high"][order], LOW: patients["low"][order], RECORD: start + order}
        hidden = frame.drop(columns=self.cohort.identifier()).take(order)
        cuts = np.searchsorted(find_buckets(told[HIGH], self.buckets), np.arange(self.buckets + 1))
        Pieces(self.folder / "checked").put(start, hidden.assign(**told), cuts)


def type_and_check(raw: pd.DataFrame, cohort: type[Cohort], decimal: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The typed records in their units, and `record`, `rule` and `column` of each rule that one breaks by itself.

    A value that did not fit, or lacks its unit, is not also counted as missing.
    """
    fitted = fit_types(raw, cohort.columns(), decimal)
    frame, lacking = convert_units(fitted.frame, cohort.columns())
    found = find_violations(frame, cohort)
    told = pd.concat([fitted.misfits, lacking])[["record", "column"]].drop_duplicates()
    if len(told):
        seen = pd.MultiIndex.from_frame(found[["record", "column"]]).isin(pd.MultiIndex.from_frame(told))
        found = found[~(seen & (found["rule"] == MISSING).to_numpy())]
    parts = [part for part in (fitted.misfits, lacking, found) if len(part)]
    return frame, pd.concat(parts or [found], ignore_index=True)


def find_buckets(high: IntArray, buckets: int) -> IntArray:
    """The bucket of each patient, (n,): those with the least digests are in the first, and all have about as many."""
    return (high >> np.uint64(32)) * np.uint64(buckets) >> np.uint64(32)


def read_aside(folder: Path, part: Part) -> IntArray:
    """The records of a part that `Check` set aside and the places of the rules, (m, 2)."""
    noted: IntArray = Pieces(folder / "aside").get(part.start, 0).to_pandas().to_numpy(np.int64)
    return noted


def join_checked(parts: Iterable[Checked]) -> Checked:
    """What is told of all records, of what is told of their parts in turn."""
    every = list(parts)
    return Checked(
        join_tallies(part.tally for part in every),
        join_seen(part.seen for part in every),
        np.sum([part.missing for part in every], axis=0),
    )
