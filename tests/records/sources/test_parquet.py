import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_schemas.columns import Column, Kind, Role
from pipeline.errors import DataRefusedError
from pipeline.records.sources.parquet import read_parquet_source
from pipeline.records.typing import type_records
from pipeline.sections import ParquetSource

DAY = dt.date(2020, 2, 29)
NOON = dt.datetime(2020, 2, 29, 12)
MIDNIGHT = dt.datetime(2020, 2, 29)


def declare(kind):
    codes = {"1": "yes", "true": "yes", "0": "no", "false": "no"} if kind == Kind.CATEGORY else {}
    date_format = "%Y-%m-%d" if kind == Kind.DATE else None
    return Column("X", Role.EXCLUDED, kind, codes=codes, date_format=date_format, missing_allowed=True)


def read(folder, values, kind):
    """The column `x` as the source gives it."""
    pq.write_table(pa.table({"x": values}), folder / "a.parquet")
    return read_parquet_source(ParquetSource(format="parquet", path=str(folder / "a.parquet")), {"x": declare(kind)})


def read_typed(folder, values, kind):
    """The column `x` as validation types it; missing values as None."""
    typed = type_records(read(folder, values, kind), {"x": declare(kind)}).frame["x"]
    return [None if pd.isna(value) else value for value in typed]


ACCEPTED = [
    (Kind.TEXT, ["007", "", None], pa.string(), ["007", None, None]),
    (Kind.TEXT, ["007", None], pa.large_string(), ["007", None]),
    (Kind.TEXT, [7, None], pa.int32(), ["7", None]),
    (Kind.TEXT, [None, None], pa.null(), [None, None]),
    (Kind.INTEGER, [1, None, -(10**17)], pa.int64(), [1, None, -(10**17)]),
    (Kind.INTEGER, [0, 255], pa.uint8(), [0, 255]),
    (Kind.INTEGER, ["12", "", None], pa.string(), [12, None, None]),
    (Kind.INTEGER, [None], pa.null(), [None]),
    (Kind.DECIMAL, [0.1, None, float("nan")], pa.float64(), [0.1, None, None]),
    (Kind.DECIMAL, [0.5, None], pa.float32(), [0.5, None]),
    (Kind.DECIMAL, [3, None, 2**53], pa.int64(), [3.0, None, 2.0**53]),
    (Kind.DECIMAL, [Decimal("0.10"), None], pa.decimal128(5, 2), [0.1, None]),
    (Kind.DECIMAL, [Decimal(0), Decimal("0.0000000001")], pa.decimal128(20, 10), [0.0, 1e-10]),
    (Kind.DECIMAL, ["0.1", ""], pa.string(), [0.1, None]),
    (Kind.CATEGORY, ["1", "false", None], pa.string(), ["yes", "no", None]),
    (Kind.CATEGORY, [True, False, None], pa.bool_(), ["yes", "no", None]),
    (Kind.CATEGORY, [1, 0, None], pa.int8(), ["yes", "no", None]),
    (Kind.DATE, [DAY, None], pa.date32(), [pd.Timestamp(DAY), None]),
    (Kind.DATE, [DAY, None], pa.date64(), [pd.Timestamp(DAY), None]),
    (Kind.DATE, [MIDNIGHT, None], pa.timestamp("us"), [pd.Timestamp(DAY), None]),
    (Kind.DATE, [MIDNIGHT, None], pa.timestamp("ns"), [pd.Timestamp(DAY), None]),
    (Kind.DATE, ["2020-02-29", ""], pa.string(), [pd.Timestamp(DAY), None]),
]


@pytest.mark.parametrize(("kind", "values", "given", "expected"), ACCEPTED)
def test_a_type_that_can_hold_what_is_declared_is_read(tmp_path, kind, values, given, expected):
    assert read_typed(tmp_path, pa.array(values, given), kind) == expected


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.CATEGORY])
def test_a_dictionary_is_the_texts_that_it_encodes(tmp_path, kind):
    values = pa.array(["1", None, "0", "1"]).dictionary_encode()
    pd.testing.assert_frame_equal(read(tmp_path, values, kind), read(tmp_path, values.cast(pa.string()), kind))
    assert read(tmp_path, values, kind)["x"].tolist()[::2] == ["1", "0"]


@pytest.mark.parametrize(
    ("kind", "values", "given"),
    [
        (Kind.TEXT, [7.5], pa.float64()),
        (Kind.TEXT, [True], pa.bool_()),
        (Kind.TEXT, [DAY], pa.date32()),
        (Kind.TEXT, [b"7"], pa.binary()),
        (Kind.TEXT, [["7"]], pa.list_(pa.string())),
        (Kind.INTEGER, [7.0], pa.float64()),
        (Kind.INTEGER, [True], pa.bool_()),
        (Kind.INTEGER, [7], pa.uint64()),
        (Kind.INTEGER, [DAY], pa.date32()),
        (Kind.DECIMAL, [True], pa.bool_()),
        (Kind.DECIMAL, [MIDNIGHT], pa.timestamp("us")),
        (Kind.CATEGORY, [1.0], pa.float64()),
        (Kind.CATEGORY, [DAY], pa.date32()),
        (Kind.DATE, [20200229], pa.int64()),
        (Kind.DATE, [MIDNIGHT], pa.timestamp("us", tz="UTC")),
        (Kind.DATE, [dt.time(12)], pa.time64("us")),
    ],
)
def test_a_type_that_cannot_hold_what_is_declared_is_refused(tmp_path, kind, values, given):
    with pytest.raises(DataRefusedError, match=r"rule 'column type': .* x \(") as refusal:
        read(tmp_path, pa.array(values, given), kind)
    assert not any(value in str(refusal.value) for value in ("2020", "7.", "12:"))


@pytest.mark.parametrize(
    ("kind", "values", "given", "rule"),
    [
        (Kind.DATE, [NOON, MIDNIGHT], pa.timestamp("us"), "date format"),
        (Kind.DECIMAL, [float("inf"), 1.5], pa.float64(), "decimal number"),
        (Kind.DECIMAL, [2**53 + 1, 1], pa.int64(), "decimal number"),
        (Kind.CATEGORY, [7777, 1], pa.int64(), "known code"),
        (Kind.INTEGER, ["7777.5", "1"], pa.string(), "whole number"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_when_it_is_typed(tmp_path, kind, values, given, rule):
    with pytest.raises(DataRefusedError, match=rf"column x, rule '{rule}' .*: 1;") as refusal:
        read_typed(tmp_path, pa.array(values, given), kind)
    assert not any(value in str(refusal.value) for value in ("inf", "9007", "7777", "2020"))


def test_numbers_and_days_keep_their_types(tmp_path):
    assert read(tmp_path, pa.array([1, None]), Kind.INTEGER)["x"].dtype == "Int64"
    assert read(tmp_path, pa.array([1.5, None]), Kind.DECIMAL)["x"].dtype == "float64"
    assert read(tmp_path, pa.array([DAY, None]), Kind.DATE)["x"].dtype.kind == "M"


def test_row_groups_are_read_in_their_order(tmp_path):
    pq.write_table(pa.table({"x": [str(i) for i in range(10)]}), tmp_path / "a.parquet", row_group_size=3)
    source = ParquetSource(format="parquet", path=str(tmp_path / "a.parquet"))
    assert read_parquet_source(source, {"x": declare(Kind.TEXT)})["x"].tolist() == [str(i) for i in range(10)]


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda path: None, "file"),
        (lambda path: path.mkdir(), "file"),
        (lambda path: path.write_bytes(b""), "parquet file"),
        (lambda path: path.write_bytes(b"x,SENTINEL\n1,2\n"), "parquet file"),
        (lambda path: pq.write_table(pa.table({"SENTINEL": ["1"]}), path), "header"),
        (lambda path: pq.write_table(pa.table({"x": ["1"], "SENTINEL": ["1"]}), path), "header"),
        (lambda path: pq.write_table(pa.table([["1"], ["2"]], names=["x", "x"]), path), "header"),
    ],
)
def test_a_file_that_is_not_the_declared_table_is_refused(tmp_path, make, rule):
    make(tmp_path / "a.parquet")
    with pytest.raises(DataRefusedError, match=f"rule '{rule}'") as refusal:
        read_parquet_source(
            ParquetSource(format="parquet", path=str(tmp_path / "a.parquet")), {"x": declare(Kind.TEXT)}
        )
    assert "SENTINEL" not in str(refusal.value)


def test_a_cut_off_file_is_refused(tmp_path):
    read(tmp_path, pa.array(["SENTINEL"] * 100), Kind.TEXT)
    whole = (tmp_path / "a.parquet").read_bytes()
    for kept in (4, len(whole) // 2, len(whole) - 1):
        (tmp_path / "a.parquet").write_bytes(whole[:kept])
        with pytest.raises(DataRefusedError, match="rule 'parquet file'"):
            read_parquet_source(
                ParquetSource(format="parquet", path=str(tmp_path / "a.parquet")), {"x": declare(Kind.TEXT)}
            )
