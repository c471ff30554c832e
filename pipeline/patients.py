"""Which rows are whose, by pseudonym, in time that grows with the rows alone.

Tables of the pipeline are sorted by pseudonym, so that the rows of a patient stand together and comparing neighbours
is enough; tables in any other order cost a look into a hash table a row.
"""

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pipeline.arrays import BoolArray, IntArray

if TYPE_CHECKING:
    import pandas as pd


def number_patients(pseudonyms: "pd.Series[Any]") -> IntArray:
    """The number of each row's patient, (n,), from 0 in the order in which patients first come."""
    return _number(pseudonyms, sort=False)


def count_patients(patient: IntArray, members: BoolArray | None = None) -> int:
    """How many patients the rows of `patient` (n,) are of, or those of them in `members` (n,); numbers from 0."""
    return int(np.count_nonzero(np.bincount(patient if members is None else patient[members])))


def renumber_patients(patient: IntArray) -> tuple[int, IntArray]:
    """How many patients there are, and `patient` (n,), numbers from 0, without gaps and in the same order."""
    present = np.bincount(patient) > 0
    return int(present.sum()), (np.cumsum(present) - 1)[patient]


def draw_places(places: IntArray, most: int, seed: int) -> IntArray:
    """At most so many of `places` (n,), drawn at random, in their order; of no more than so many, all."""
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, most, replace=False))


def find_patients(pseudonyms: "pd.Series[Any]", among: "pd.Series[Any]") -> IntArray:
    """Where each of `pseudonyms` stands in `among`, (n,), which has each patient once; -1 where it does not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    begins = _begins(pseudonyms)
    if pseudonyms[begins].reset_index(drop=True).equals(among.reset_index(drop=True)):
        return np.cumsum(begins) - 1
    arrow = pa.large_string()
    known = pa.array(among, type=arrow)
    assert len(pc.unique(known)) == len(known), "each patient stands there once"
    places = pc.index_in(pa.array(pseudonyms, type=arrow), known)
    return cast(IntArray, places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp))


def find_first_records(records: "pd.DataFrame", index_date: str | None) -> IntArray:
    """Positions of each patient's earliest record, or of one fixed record without an index date, by pseudonym."""
    place = _number(records["pseudonym"], sort=True)
    order = np.lexsort((records[index_date].to_numpy(), place) if index_date else (place,))
    return order[np.flatnonzero(np.diff(place[order], prepend=-1))]


def _number(pseudonyms: "pd.Series[Any]", *, sort: bool) -> IntArray:
    """A number from 0 for each row's patient, (n,), in order of first appearance, or of pseudonyms."""
    import pandas as pd

    if pseudonyms.is_monotonic_increasing:
        return np.cumsum(_begins(pseudonyms)) - 1
    return pd.factorize(pseudonyms, sort=sort)[0]


def _begins(pseudonyms: "pd.Series[Any]") -> BoolArray:
    """Whether a row is of another patient than the one before, (n,)."""
    before = pseudonyms.shift()
    begins = (pseudonyms != before).to_numpy(dtype=bool, na_value=True)
    return cast(BoolArray, begins)
