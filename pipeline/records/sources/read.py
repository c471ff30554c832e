"""Any source to the raw table: the schema's columns, as text or as the numbers and days the source holds."""

from collections.abc import Collection, Iterator

import pandas as pd

from data_schemas.columns import Column
from pipeline.errors import ConfigurationError
from pipeline.sections import DatabaseSource, DelimitedSource, ParquetSource, Source, WorkbookSource


def read_source(source: Source, columns: dict[str, Column], optional: Collection[str] = frozenset()) -> pd.DataFrame:
    """Read `source` strictly, in its own order of rows, with exactly `columns` in declared order.

    Of them, those that are `optional` may be absent, and then are not in the table either.
    A text source gives text columns (`string`), where the empty text is a missing value. Parquet gives numbers
    (`Int64`, `float64`) and days (`datetime64`) where it holds them for such a column, text else. Raises
    DataRefusedError, naming the rule, where the source cannot be read or has other columns, and
    ConfigurationError where it is declared wrongly; no message holds a value.
    """
    if isinstance(source, DelimitedSource):
        from pipeline.records.sources.delimited import read_delimited

        return read_delimited(source, list(columns), optional)
    if isinstance(source, ParquetSource):
        from pipeline.records.sources.parquet import read_parquet_source

        return read_parquet_source(source, columns, optional)
    if isinstance(source, DatabaseSource):
        from pipeline.records.sources.database import read_database

        return read_database(source, columns, optional)
    from pipeline.records.sources.workbook import read_workbook

    return read_workbook(source, columns, optional)


def read_parts(
    source: Source, columns: dict[str, Column], optional: Collection[str], rows: int
) -> Iterator[pd.DataFrame]:
    """What `read_source` gives, in parts of `rows` records, in the memory of a few of them.

    None is empty, unless the source is: then one part has the columns that are not optional, and no record.

    The index counts the records of the source from 0. Raises as `read_source`, but perhaps only after some parts: what
    is made of them counts only once all have been read. A workbook is held whole: Excel has at most 1,048,576 rows.
    """
    start = 0
    for part in _stream(source, columns, optional, rows):
        if len(part):
            yield part.set_axis(pd.RangeIndex(start, start + len(part)))
        start += len(part)
    if not start:
        yield pd.DataFrame({name: pd.Series(dtype="string") for name in columns if name not in optional})


def _stream(source: Source, columns: dict[str, Column], optional: Collection[str], rows: int) -> Iterator[pd.DataFrame]:
    if isinstance(source, DelimitedSource):
        from pipeline.records.sources.delimited import read_delimited_parts

        return read_delimited_parts(source, list(columns), optional, rows)
    if isinstance(source, ParquetSource):
        from pipeline.records.sources.parquet import read_parquet_parts

        return read_parquet_parts(source, columns, optional, rows)
    if isinstance(source, DatabaseSource):
        from pipeline.records.sources.database import read_database_parts

        return read_database_parts(source, columns, optional, rows)
    whole = read_source(source, columns, optional)
    return (whole.iloc[start : start + rows] for start in range(0, len(whole), rows))


def read_undeclared(source: Source) -> pd.DataFrame:
    """Read a file as text columns, whatever its columns are, to draft a schema from. Raises as `read_source`."""
    if isinstance(source, DelimitedSource):
        from pipeline.records.sources.delimited import read_any_delimited

        return read_any_delimited(source)
    if isinstance(source, ParquetSource):
        from pipeline.records.sources.parquet import read_any_parquet

        return read_any_parquet(source)
    if isinstance(source, WorkbookSource):
        from pipeline.records.sources.workbook import read_any_workbook

        return read_any_workbook(source)
    raise ConfigurationError("a schema is drafted from a file: save the query's rows as CSV or Parquet first")
