"""What a build keeps of each record, found again for records that are read later."""

import numpy as np
import pandas as pd

from pipeline.records.identity import PSEUDONYM

ORDINAL = "ordinal"


def find_kept(kept: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """The rows of `kept` that belong to `records` (n), one each, by patient and order of records, without `pseudonym`.

    `kept` has a row per record of then, a patient's in their order. A patient with more or fewer records than then has
    none: NaN throughout.
    """
    then = kept.assign(**{ORDINAL: kept.groupby(PSEUDONYM).cumcount()})
    now = records[[PSEUDONYM]].assign(**{ORDINAL: records.groupby(PSEUDONYM).cumcount()})
    found = now.merge(then, how="left", on=[PSEUDONYM, ORDINAL], validate="1:1").drop(columns=[PSEUDONYM, ORDINAL])
    then_many, now_many = kept[PSEUDONYM].value_counts(), records[PSEUDONYM].value_counts()
    as_many = now_many.index[now_many == then_many.reindex(now_many.index, fill_value=0)]
    return found.set_index(records.index).where(records[PSEUDONYM].isin(as_many), np.nan)
