import numpy as np
import pandas as pd

from pipeline.operations.kept import find_kept


def frame(pseudonyms: str, **values) -> pd.DataFrame:
    return pd.DataFrame({"pseudonym": pd.array(list(pseudonyms), dtype="string")} | values)


def test_records_are_found_again_by_patient_and_order():
    kept = frame("abab", risk=[0.1, 0.2, 0.3, 0.4])
    found = find_kept(kept, frame("bbaa").set_axis([9, 7, 5, 3]))
    assert found["risk"].tolist() == [0.2, 0.4, 0.1, 0.3]
    assert found.index.tolist() == [9, 7, 5, 3]


def test_a_patient_with_more_or_fewer_records_than_then_has_nothing_kept():
    kept = frame("aabbc", risk=[0.1, 0.2, 0.3, 0.4, 0.5])
    found = find_kept(kept, frame("aaabcd"))["risk"].to_numpy()
    assert np.array_equal(found, [np.nan, np.nan, np.nan, np.nan, 0.5, np.nan], equal_nan=True)
