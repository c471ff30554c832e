"""Parquet: what has a type already keeps it where it is the declared one, and is refused where it is another."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_schemas.columns import Column, Kind
from pipeline.records.sources.cells import UNDECLARED, write_cell
from pipeline.records.sources.parts import recut
from pipeline.records.sources.refusals import check_distinct, check_header, check_readable, refused
from pipeline.sections import ParquetSource

BUFFER = 1 << 20  # bytes of each column that are fetched at a time
BATCH = 65_536  # records that are decoded at a time, at most


def read_parquet_source(
    source: ParquetSource, columns: dict[str, Column], optional: Collection[str] = frozenset()
) -> pd.DataFrame:
    """Read `source`: text, whole numbers as `Int64`, others as `float64`, days as `datetime64[ns]`.

    It may lack `optional` columns. Codes may be text or whole numbers, truths are "true" and "false", NaN is missing.
    Raises DataRefusedError on a file that is not whole, other columns, or a column whose type cannot hold what is
    declared.
    """
    return _make_frame(_read_table(source.path, list(columns), optional), source.path, columns)


def read_parquet_parts(
    source: ParquetSource, columns: dict[str, Column], optional: Collection[str], rows: int
) -> Iterator[pd.DataFrame]:
    """What `read_parquet_source` gives, `rows` records at a time. Raises as it does, at the latest after the last part.

    Reads of the file only as much at a time as its writer put into one page of each column.
    """
    check_readable(source.path)
    with _damage_refused(source.path), pq.ParquetFile(source.path, buffer_size=BUFFER, pre_buffer=False) as file:
        check_header(source.path, file.schema_arrow.names, list(columns), optional)
        batches = (pa.Table.from_batches([batch]) for batch in file.iter_batches(min(rows, BATCH)))
        for part in recut(batches, rows):
            _refuse_text(part, source.path)
            yield _make_frame(part, source.path, columns)


def _make_frame(table: pa.Table, path: str, columns: dict[str, Column]) -> pd.DataFrame:
    made = {name: _make_column(table[name], columns[name]) for name in columns if name in table.column_names}
    if nul := [name for name, values in made.items() if values is not None and _holds_nul(values)]:
        raise refused(path, "NUL byte", f"columns {', '.join(nul)} hold a NUL byte; write them anew")
    if wrong := [f"{name} ({table[name].type})" for name in made if made[name] is None]:
        raise refused(
            path,
            "column type",
            f"columns of another type than declared: {', '.join(wrong)}; write them anew or mend the schema",
        )
    return pd.DataFrame(made)


def _read_table(path: str, columns: list[str] | None, optional: Collection[str] = frozenset()) -> pa.Table:
    check_readable(path)
    with _damage_refused(path), pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        if columns is None:
            check_distinct(path, names)
        else:
            check_header(path, names, columns, optional)
        table = file.read()
    _refuse_text(table, path)
    return table


@contextmanager
def _damage_refused(path: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError):
        raise refused(path, "parquet file", "is not a whole Parquet file; copy or export it anew") from None


def _refuse_text(table: pa.Table, path: str) -> None:
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        raise refused(path, "encoding", "holds text that is not UTF-8; write it anew") from None


def read_any_parquet(source: ParquetSource) -> pd.DataFrame:
    """Read `source` as text columns, whatever they are, days as 2020-01-31. Raises DataRefusedError as above."""
    table = _read_table(source.path, None)
    try:
        made = {
            name: [write_cell(value, UNDECLARED) for value in table[name].to_pylist()] for name in table.column_names
        }
    except TypeError as error:
        raise refused(source.path, "column type", f"holds values of type {error}; write them as text") from None
    return pd.DataFrame(made, dtype="string")


def _make_column(values: pa.ChunkedArray, column: Column) -> pd.Series | None:
    """The column as pandas holds it; None where its type cannot hold what is declared."""
    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    kind = values.type
    if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(values)
    if column.numeric:
        return _numbers(values, column)
    if column.kind == Kind.DATE:
        return _days(values)
    truths = pa.types.is_boolean(kind) and {"true", "false"} & set(column.codes)
    return _texts(values) if truths or pa.types.is_integer(kind) else None


def _numbers(values: pa.ChunkedArray, column: Column) -> pd.Series | None:
    kind = values.type
    if pa.types.is_decimal(kind):  # Arrow itself would write small ones with an exponent
        texts = [None if value is None else format(value, "f") for value in values.to_pylist()]
        return _texts(pa.chunked_array([pa.array(texts, pa.string())]))
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        whole = values.cast(pa.int64()).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        return _plain(whole)
    if pa.types.is_floating(kind) and column.kind == Kind.DECIMAL:
        return _plain(values.cast(pa.float64()).to_pandas())
    return None


def _days(values: pa.ChunkedArray) -> pd.Series | None:
    kind = values.type
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
        return _plain(values.to_pandas(date_as_object=False))
    return None


def _texts(values: pa.ChunkedArray) -> pd.Series:
    return _plain(values.cast(pa.string()).to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow")}.get))


def _holds_nul(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.StringDtype) and bool(values.str.contains("\0", regex=False).any())


def _plain(values: Any) -> pd.Series:
    series: pd.Series = values
    return series
