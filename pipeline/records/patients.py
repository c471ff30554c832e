"""The rules that need more than one record: those of a patient, and repeats across the table.

They are laid to a few numbers of each record, which is all of a large table that is held at once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Cohort, NoRepeats, OneRow, Visits
from pipeline.arrays import BoolArray, IntArray
from pipeline.records.contents import Contents, hash_contents
from pipeline.records.identity import Digests
from pipeline.records.rules import repeat_rules

Identifiers = Callable[[IntArray], pd.Series]
"""The identifiers of the records at some places, ascending, indexed by place."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What rules between n records need of each: patient (n,), content (n,), and a frame of a visit's two days.

    A patient is the digest of an identifier. What no rule of the cohort needs is None.
    """

    patients: Digests
    contents: Contents | None
    visits: pd.DataFrame | None


def see_records(frame: pd.DataFrame, patients: Digests, cohort: type[Cohort]) -> Seen:
    """What the rules of `cohort` need of the typed records `frame`, which are of these `patients`."""
    declared = cohort.study().per_patient
    contents = hash_contents(frame.drop(columns=cohort.identifier())) if repeat_rules(cohort) else None
    visits = frame[[declared.start, declared.end]] if isinstance(declared, Visits) else None
    return Seen(patients, contents, visits)


def join_seen(parts: Iterable[Seen]) -> Seen:
    """One for all records, of those of their parts in turn."""
    every = list(parts)
    contents = [part.contents for part in every if part.contents is not None]
    visits = [part.visits for part in every if part.visits is not None]
    return Seen(
        np.concatenate([part.patients for part in every]),
        np.concatenate(contents) if contents else None,
        pd.concat(visits, ignore_index=True) if visits else None,
    )


def find_violations_between(seen: Seen, cohort: type[Cohort], identifiers: Identifiers) -> list[tuple[str, IntArray]]:
    """Every rule of a patient and on repeats with the places of the records that break it."""
    several = _repeated(seen.patients, "high", "low")
    found = [*_find_patient_violations(seen, several, cohort)]
    return found + [(rule.name, _copies(seen, several, rule, identifiers)) for rule in repeat_rules(cohort)]


def _find_patient_violations(seen: Seen, several: IntArray, cohort: type[Cohort]) -> Iterable[tuple[str, IntArray]]:
    """Records of a patient with too many, or with overlapping visits; `several` are those whose patient has others."""
    declared = cohort.study().per_patient
    if isinstance(declared, OneRow):
        patients = seen.patients[several]
        yield declared.name, several[(patients["high"] > 0) | (patients["low"] > 0)]
    if isinstance(declared, Visits):
        assert seen.visits is not None, "the rule needs them"
        stays = seen.visits.iloc[several].assign(patient=_number(seen.patients[several], "high", "low"))
        yield declared.name, _overlapping(stays, "patient", declared).to_numpy()


def _copies(seen: Seen, several: IntArray, rule: NoRepeats, identifiers: Identifiers) -> IntArray:
    """Every copy of a record, one of the same records excepted."""
    assert seen.contents is not None, "the rule needs them"
    among = _repeated(seen.contents, "one", "other") if rule.but_identifier else several
    same = pd.DataFrame({"content": _number(seen.contents[among], "one", "other")}, index=among)
    same["patient"] = _number(seen.patients[among], "high", "low")
    if not rule.but_identifier:
        copies: IntArray = among[same.duplicated().to_numpy()]
        return copies
    patients = same.drop_duplicates()["content"].value_counts()
    same = same[same["content"].map(patients) > 1]
    by_patient = identifiers(same.index.to_numpy()).sort_values(kind="stable").index  # whatever the rows' order
    return by_patient[same["content"].loc[by_patient].duplicated()].to_numpy()


def _repeated(keys: npt.NDArray[np.void], high: str, low: str) -> IntArray:
    """Places of `keys` (n,) that equal another, ascending; both fields make a key, and one mostly tells them apart."""
    ordered = np.sort(keys[high])
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    perhaps = np.flatnonzero(np.isin(keys[high], again)) if len(again) else np.zeros(0, dtype=np.intp)
    numbers = _number(keys[perhaps], high, low)
    several: BoolArray = np.bincount(numbers, minlength=1)[numbers] > 1
    return perhaps[several]


def _number(keys: npt.NDArray[np.void], high: str, low: str) -> IntArray:
    """A number from 0 for each of `keys` (n,), the same where they are equal."""
    order = np.lexsort((keys[low], keys[high]))
    ordered = keys[order]
    begins = (ordered[high][1:] != ordered[high][:-1]) | (ordered[low][1:] != ordered[low][:-1])
    numbers = np.zeros(len(keys), dtype=np.int64)
    numbers[order[1:]] = np.cumsum(begins)
    return numbers


def _overlapping(frame: pd.DataFrame, identifier: str, visits: Visits) -> pd.Index:
    """Records that begin before another of the same patient has ended, and those they begin in."""
    known = frame[[identifier, visits.start, visits.end]].dropna()
    ordered = known.sort_values([identifier, visits.start, visits.end], kind="stable")
    patients = ordered.groupby(identifier, sort=False)
    ended = patients[visits.end].cummax().groupby(ordered[identifier], sort=False).shift(1)
    early = ordered[visits.start] < ended
    following = patients[visits.start].shift(-1)
    return ordered.index[early | (following < ordered[visits.end])]
