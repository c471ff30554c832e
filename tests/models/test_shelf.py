"""Where tables of predictors are kept."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from pipeline.models import shelf as module
from pipeline.models.shelf import Shelf


@pytest.fixture(params=["memory", "disk"])
def shelf(request, tmp_path):
    return Shelf(tmp_path if request.param == "disk" else None)


def make_table(rows=1000, seed=0):
    rng = np.random.default_rng(seed)
    numbers = {f"x{i}": rng.normal(size=rows).astype(np.float32) for i in range(3)}
    coded = pd.Categorical.from_codes(rng.integers(-1, 3, rows), ["c", "a", "b"])
    table = pd.DataFrame(numbers | {"code": coded, "last": rng.normal(size=rows).astype(np.float32)})
    table.loc[::7, "x1"] = np.nan
    return table


def cut(table, size):
    return (table.iloc[start : start + size] for start in range(0, len(table), size))


@pytest.mark.parametrize("size", [1, 300, 1000, 5000])
def test_parts_are_the_table_again(shelf, size):
    table = make_table()
    assert_frame_equal(shelf.gather(cut(table, size), len(table)), table)


def test_fewer_rows_than_said_are_noticed(shelf):
    with pytest.raises(AssertionError, match="as many rows"):
        shelf.gather(cut(make_table(), 300), 1001)


@pytest.mark.parametrize("few", [10, 1_000_000])
def test_rows_are_taken_with_their_labels(shelf, few, monkeypatch):
    monkeypatch.setattr(module, "FEW", few)
    table = make_table()
    held = shelf.gather(cut(table, 100), len(table))
    place = np.array([3, 5, 5, 999, 0] * 5)
    mask = np.arange(1000) % 3 == 1
    assert_frame_equal(shelf.take(held, place), table.iloc[place])
    assert_frame_equal(shelf.take(held, mask), table[mask])
    assert_frame_equal(shelf.take(shelf.take(held, mask), np.arange(200)), table[mask].iloc[:200])


def test_a_table_without_columns_has_its_rows(shelf):
    mask = np.arange(1000) < 600
    assert len(shelf.take(make_table()[[]], mask)) == 600


def test_a_run_of_rows_is_no_copy(shelf):
    held = shelf.gather(cut(make_table(), 100), 1000)
    assert np.shares_memory(held["x0"].to_numpy(), held.iloc[200:400]["x0"].to_numpy())


def test_files_have_no_name(tmp_path):
    held = Shelf(tmp_path).gather(cut(make_table(), 100), 1000)
    assert list(tmp_path.iterdir()) == []
    assert isinstance(held["x0"].to_numpy().base, np.ndarray)
