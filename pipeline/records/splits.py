"""Which patients teach and which test: decided per patient, and not changed by other patients' arrival."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.identity import PSEUDONYM, hash_uniform
from pipeline.row_groups import RowGroup
from pipeline.sections import Split

DEVELOPMENT, TEST = "development", "test"


@dataclass(frozen=True)
class Splitting:
    """How patients are assigned: by the day of `index_date`, else by their keyed hash to `folds` or to two parts."""

    index_date: str | None
    test_from: date | None
    settings: Split
    folds: bool

    def assign_group(self, group: RowGroup) -> pd.DataFrame:
        """The assignment of the patients of a row group, all of whose records are in it."""
        return self.assign(group.read([PSEUDONYM, *([self.index_date] if self.index_date else [])]))

    def assign(self, valid: pd.DataFrame) -> pd.DataFrame:
        """The assignment of the patients of some valid records, all of those that each has, as `split_patients`."""
        patients = valid.groupby(PSEUDONYM, sort=True, as_index=False).agg(**_first(self.index_date))
        if self.index_date is not None:
            assert self.test_from is not None, "the choice sees to it"
            return _parts(patients, (patients[self.index_date] >= pd.Timestamp(self.test_from)).to_numpy())
        if self.folds:
            return _by_folds(patients, self.settings)
        return _parts(patients, hash_uniform(patients[PSEUDONYM], "hold-out") < self.settings.test_share)


def count_patients(group: RowGroup) -> int:
    """How many patients the records of a row group are of."""
    return int(group.read([PSEUDONYM])[PSEUDONYM].nunique())


def choose_splitting(index_date: str | None, test_from: date | None, settings: Split, patients: int) -> Splitting:
    """How so many patients are assigned.

    Raises ConfigurationError if `test_from` is missing, or given without an index date.
    """
    if index_date is None and test_from is not None:
        raise ConfigurationError("params.yaml gives test_from, but the schema declares no index date; remove one")
    if index_date is not None and test_from is None:
        raise ConfigurationError(
            f"the schema declares the index date {index_date}, so evaluation is temporal: give the cohort "
            "test_from in params.yaml, the first day of the test period"
        )
    return Splitting(index_date, test_from, settings, index_date is None and patients < settings.cross_validate_below)


def split_patients(
    valid: pd.DataFrame, index_date: str | None, test_from: date | None, settings: Split
) -> pd.DataFrame:
    """Assign every patient to a part, and to folds where there is no separate test part.

    `valid` has a column `pseudonym` and may hold several rows of one patient. Returns one row per patient with
    `pseudonym` and `part`; under cross-validation everyone is in development and columns `fold_1`... (one per
    repeat) hold fold numbers from 0. With an index date, patients whose first index date is on or after
    `test_from` are the test part. Raises ConfigurationError if `test_from` is missing, or given without an
    index date, and DataRefusedError if a part is empty.
    """
    splitting = choose_splitting(index_date, test_from, settings, valid[PSEUDONYM].nunique())
    return pd.concat(refuse_empty_part([splitting.assign(valid)], splitting))


def refuse_empty_part(assigned: Iterable[pd.DataFrame], splitting: Splitting) -> Iterator[pd.DataFrame]:
    """`assigned` as it is; raises DataRefusedError at its end if it holds no patient of one of two parts."""
    seen, last = set[str](), ""
    for patients in assigned:
        assert last < patients[PSEUDONYM].iloc[0], "all records of a patient are in one part of the table"
        seen, last = seen | set(patients["part"].unique()), patients[PSEUDONYM].iloc[-1]
        yield patients
    for part in (DEVELOPMENT, TEST):
        if part not in seen and not splitting.folds:
            raise DataRefusedError(f"no patient is in the {part} part; check test_from or test_share in params.yaml")


def _first(index_date: str | None) -> dict[str, tuple[str, str]]:
    return {index_date: (index_date, "min")} if index_date else {"rows": (PSEUDONYM, "size")}


def _parts(patients: pd.DataFrame, held_out: "np.typing.NDArray[np.bool_]") -> pd.DataFrame:
    part = np.where(held_out, TEST, DEVELOPMENT)
    return pd.DataFrame({PSEUDONYM: patients[PSEUDONYM], "part": pd.array(part, dtype="string")})


def _by_folds(patients: pd.DataFrame, settings: Split) -> pd.DataFrame:
    split = _parts(patients, np.zeros(len(patients), dtype=bool))
    for repeat in range(1, settings.repeats + 1):
        uniform = hash_uniform(patients[PSEUDONYM], f"fold, repeat {repeat}")
        split[f"fold_{repeat}"] = (uniform * settings.folds).astype(np.int64)
    return split
