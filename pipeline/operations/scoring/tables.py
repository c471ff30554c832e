"""Staged tables, one after the other, as one file: Parquet, or CSV with every number to its last bit."""

import csv
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path


def write_as(path: Path, staged: Sequence[Path]) -> Callable[[Path], None]:
    """What writes the `staged` Parquet files of the same columns as one, in the format that the ending of `path` says.

    Memory is bounded by the largest of them.
    """
    return partial(_write_csv if path.suffix == ".csv" else _write_parquet, staged=staged)


def count_missing(staged: Sequence[Path], column: str) -> tuple[int, int]:
    """How many rows there are, and in how many of them `column` is missing."""
    import pyarrow.parquet as pq

    found = [pq.read_table(each, columns=[column])[column] for each in staged]
    return sum(map(len, found)), sum(values.null_count for values in found)


def _write_parquet(path: Path, staged: Sequence[Path]) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, pq.read_schema(staged[0])) as writer:
        for each in staged:
            writer.write_table(pq.read_table(each))


def _write_csv(path: Path, staged: Sequence[Path]) -> None:
    import pyarrow.parquet as pq
    from pyarrow import csv as arrow_csv

    schema = pq.read_schema(staged[0])
    with path.open("wb") as handle:
        handle.write(_header(schema.names))
        with arrow_csv.CSVWriter(handle, schema, write_options=arrow_csv.WriteOptions(include_header=False)) as writer:
            for each in staged:
                writer.write_table(pq.read_table(each))


def _header(names: Sequence[str]) -> bytes:
    """Names in quotes only where they need them, as `csv` has it; Arrow would quote all."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    return line.getvalue().encode()
