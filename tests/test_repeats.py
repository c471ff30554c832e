import numpy as np
import pandas as pd
import pytest

from pipeline.repeats import repeat_groups


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_those_of_pandas(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "a": rng.integers(0, 4, 60).astype(float), "b": pd.Categorical(rng.choice(list("xy"), 60)),
        "c": pd.array(rng.integers(0, 3, 60), dtype="Int64"),
    })  # fmt: skip
    frame.loc[rng.random(60) < 0.2, "a"] = np.nan
    frame.loc[rng.random(60) < 0.2, "c"] = pd.NA
    frame.index = rng.permutation(60)
    found = repeat_groups(frame, list(frame))
    expected = frame[frame.duplicated(keep=False)]
    assert set(found.index) == set(expected.index)
    for _, members in found.groupby(found):
        assert len(frame.loc[members.index].drop_duplicates()) == 1
        assert len(members) > 1
    assert found.nunique() == len(expected.drop_duplicates())


def test_a_table_without_repeats_has_no_groups():
    assert repeat_groups(pd.DataFrame({"a": range(5)}), ["a"]).empty
    assert repeat_groups(pd.DataFrame({"a": []}), ["a"]).empty
