import numpy as np
import pandas as pd
import pytest

from pipeline.records.contents import hash_contents
from pipeline.repeats import repeat_groups


def make_frame(seed, n=400):
    """Few values in columns of every type, so that many records repeat."""
    rng = np.random.default_rng(seed)
    whole = pd.Series(rng.integers(-2, 2, n), dtype="Int64")
    return pd.DataFrame(
        {
            "text": pd.Series(rng.choice(["a", "b", "é"], n), dtype="string").mask(rng.random(n) < 0.2),
            "coded": pd.Categorical(rng.choice(["x", "y"], n), categories=["y", "x", "z"]),
            "number": np.where(rng.random(n) < 0.2, np.nan, rng.choice([0.0, -0.0, 0.5], n)),
            "whole": whole.mask(rng.random(n) < 0.2),
            "day": pd.Series(pd.Timestamp("2020-01-01"), index=range(n)).where(rng.random(n) < 0.5),
        }
    )


@pytest.mark.parametrize("seed", range(10))
def test_records_have_the_same_numbers_exactly_where_they_are_equal(seed):
    frame = make_frame(seed)
    groups = repeat_groups(frame, list(frame)).reindex(frame.index)
    alone = pd.Series(range(-1, -len(frame) - 1, -1), index=frame.index)
    expected = pd.factorize(groups.fillna(alone))[0]
    found = pd.factorize(pd.Index(hash_contents(frame).tolist()))[0]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_the_records_own_wherever_it_stands(seed):
    frame = make_frame(seed)
    whole = hash_contents(frame)
    parts = [hash_contents(frame.iloc[start : start + 37]) for start in range(0, len(frame), 37)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_numbers_that_differ_in_a_bit_or_swap_columns_differ():
    numbers = 2.0 ** np.arange(-500, 500)
    frame = pd.DataFrame({"a": numbers, "b": numbers[::-1]})
    both = np.concatenate([hash_contents(frame), hash_contents(frame.rename(columns={"a": "b", "b": "a"})[["a", "b"]])])
    for field in ("one", "other"):
        assert len(np.unique(both[field])) == len(numbers)
    assert len(np.unique(np.concatenate([hash_contents(frame), hash_contents(frame.iloc[:500])]))) == len(numbers)
