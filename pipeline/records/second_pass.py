"""The second pass: the records of some patients from all parts brought together, in the order that they keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline.arrays import IntArray
from pipeline.records.first_pass import HIGH, LOW, RECORD
from pipeline.records.identity import DIGEST, PSEUDONYM, hide_patients
from pipeline.records.pieces import Pieces
from pipeline.records.table_checks import Outcomes, count_outcomes, join_outcomes


@dataclass(frozen=True, eq=False)
class Bucket:
    """Patients whose digests are near each other; `dropped` are the records that a rule between records set aside."""

    number: int
    dropped: IntArray


@dataclass(frozen=True, eq=False)
class Kept:
    """n valid records: the place of each in the source, `rows` (n,), how many patients they are of, and outcomes."""

    rows: IntArray
    patients: int
    outcomes: Outcomes


@dataclass(frozen=True)
class Gather:
    """Puts by the valid records of a bucket, under pseudonyms and sorted by them, as one piece below `folder`."""

    cohort: type[Cohort]
    folder: Path

    def __call__(self, bucket: Bucket) -> Kept:
        """What is told of the bucket."""
        records = Pieces(self.folder / "checked").take(bucket.number)
        if len(bucket.dropped):
            records = records[~np.isin(records[RECORD].to_numpy(), bucket.dropped)]
        digests = np.zeros(len(records), dtype=DIGEST)
        digests["high"], digests["low"] = records[HIGH].to_numpy(), records[LOW].to_numpy()
        valid, order = hide_patients(records.drop(columns=[HIGH, LOW, RECORD]), digests)
        Pieces(self.folder / "valid").put(bucket.number, valid, [0, len(valid)])
        patients = int(valid[PSEUDONYM].nunique())
        return Kept(records[RECORD].to_numpy()[order], patients, count_outcomes(valid, self.cohort))


def join_kept(parts: Iterable[Kept]) -> Kept:
    """What is told of all buckets, of what is told of each in turn."""
    every = list(parts)
    return Kept(
        np.concatenate([part.rows for part in every]),
        sum(part.patients for part in every),
        join_outcomes(part.outcomes for part in every),
    )


def take_first(folder: Path, records: int) -> pd.DataFrame:
    """The first valid records of all buckets, as many or all there are."""
    pieces, taken = Pieces(folder / "valid"), list[pd.DataFrame]()
    for number in pieces.tables():
        taken.append(pieces.get(number, 0).to_pandas())
        if sum(map(len, taken)) >= records:
            break
    return pd.concat(taken, ignore_index=True).head(records)
