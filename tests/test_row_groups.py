import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from pipeline import files
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.row_groups import list_row_groups, read_rows

TABLE = pd.DataFrame({"number": pd.Series([f"7731-{i}" for i in range(100)], dtype="string"), "x": range(100)})


@pytest.fixture
def path(tmp_path):
    files.write_parquet_parts(tmp_path / "a.parquet", [TABLE[:40], TABLE[40:41], TABLE[41:]])
    return tmp_path / "a.parquet"


def test_row_groups_are_the_table_in_its_order(path):
    groups = list_row_groups(path)
    assert [(group.start, group.rows) for group in groups] == [(0, 40), (40, 1), (41, 59)]
    assert_frame_equal(pd.concat([group.read() for group in groups]), TABLE)
    assert_frame_equal(groups[2].read(["x"]), TABLE[["x"]][41:])


def test_a_flipped_bit_is_found_where_it_is_and_nothing_is_shown(path):
    content = bytearray(path.read_bytes())
    numbers = pq.read_metadata(path).row_group(2).column(1)
    content[numbers.dictionary_page_offset + numbers.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    groups = list_row_groups(path)
    assert len(groups[0].read()) == 40
    with pytest.raises(
        DataRefusedError, match=r"^a.parquet, rule 'parquet file': records 42 to 100 cannot be read"
    ) as said:
        groups[2].read()
    assert "7731" not in str(said.value)


@pytest.mark.parametrize("left", [0, 7, 300])
def test_a_file_that_is_cut_short_is_refused(path, left):
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(DataRefusedError, match="its list of columns and records cannot be read"):
        list_row_groups(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"a.parquet is missing; `dvc repro`"):
        list_row_groups(tmp_path / "a.parquet")


@pytest.mark.parametrize("rows", [[], [11], [0, 3, 4, 11], list(range(12))])
@pytest.mark.parametrize("columns", [None, ["k", "x"]])
def test_records_at_positions_are_those_of_the_whole_table(rows, columns, tmp_path):
    kinds = pd.Categorical(list("abcabcabcabc"), list("cab"), ordered=True)
    whole = pd.DataFrame({"x": np.arange(12.0), "k": kinds, "n": pd.array([1, None] * 6, dtype="Int64")})
    whole.to_parquet(tmp_path / "x.parquet", index=False, row_group_size=5)
    found = read_rows(tmp_path / "x.parquet", np.array(rows, dtype=int), columns)
    assert_frame_equal(found, (whole if columns is None else whole[columns]).iloc[rows].reset_index(drop=True))
