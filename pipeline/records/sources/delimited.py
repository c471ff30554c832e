"""Delimited text, read strictly: everything is text, the header is exact, every row has every field."""

import contextlib
import csv
import io
from collections.abc import Callable, Collection
from typing import Any

import pandas as pd

from pipeline.errors import DataRefusedError
from pipeline.records.sources.decoding import checked_text
from pipeline.records.sources.refusals import check_distinct, check_header, refused
from pipeline.sections import DelimitedSource

HEADER_WITHIN = 1 << 20  # bytes
BLOCK = 1 << 24  # bytes; no record is longer


def read_delimited(
    source: DelimitedSource, columns: list[str], optional: Collection[str] = frozenset()
) -> pd.DataFrame:
    """Read `source` as text columns in the order of `columns`, of which it may lack those that are `optional`.

    An empty field is the empty text.

    Raises DataRefusedError on a missing, empty or damaged file, another encoding, a NUL byte, broken quotes, a
    header with missing, extra or repeated names, or a row with another number of fields.
    """
    text = _read_text(source)
    header = _read_header(source, text)
    present = check_header(source.path, header, columns, optional)
    return _read_records(source, header, text)[present]


def read_any_delimited(source: DelimitedSource) -> pd.DataFrame:
    """Read `source` as text columns, whatever they are. Raises DataRefusedError as `read_delimited` does."""
    text = _read_text(source)
    header = _read_header(source, text)
    check_distinct(source.path, header)
    return _read_records(source, header, text)


def _read_text(source: DelimitedSource) -> bytes:
    text = b"".join(checked_text(source))
    return text if text.endswith((b"\n", b"\r")) or not text else text + b"\n"


def _read_records(source: DelimitedSource, header: list[str], text: bytes) -> pd.DataFrame:
    frame = _read_rows(source, header, text)
    if _hold_nothing(frame):
        _refuse_blank_lines(source, text)
    return frame


def _read_header(source: DelimitedSource, text: bytes) -> list[str]:
    start = text[:HEADER_WITHIN].decode(errors="ignore")
    header = next(csv.reader(io.StringIO(start, newline=""), delimiter=source.delimiter), None)
    if header is None:
        raise refused(source.path, "empty file", "is empty: expected a header line and records")
    return header


def _read_rows(source: DelimitedSource, header: list[str], text: bytes) -> pd.DataFrame:
    import pyarrow as pa

    try:
        table = _parse(source, header, text, lambda _: "error", threads=True)
    except pa.ArrowInvalid:
        raise _misshapen(source, header, text) from None
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow")}.get)
    return frame


def _parse(
    source: DelimitedSource, header: list[str], text: bytes, on_ragged: Callable[[Any], str], *, threads: bool
) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    return arrow_csv.read_csv(
        pa.BufferReader(text),
        arrow_csv.ReadOptions(column_names=header, skip_rows_after_names=1, block_size=BLOCK, use_threads=threads),
        arrow_csv.ParseOptions(
            delimiter=source.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=on_ragged,
        ),
        arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
    )


def _misshapen(source: DelimitedSource, header: list[str], text: bytes) -> DataRefusedError:
    """Which record has another number of fields; one thread counts them, several do not."""
    import pyarrow as pa

    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "skip"

    with contextlib.suppress(pa.ArrowInvalid):
        _parse(source, header, text, note, threads=False)
    if not ragged:
        return refused(source.path, "field count", f"holds a record of more than {BLOCK >> 20} MB; check its quoting")
    first, others = ragged[0], len(ragged) - 1
    found = f"record {first.number - 1} has {first.actual_columns} fields, expected {len(header)} as in the header"
    more = f", and {others} more like it" if others else ""
    return refused(source.path, "field count", f"{found}{more}; check delimiter, quoting, decimal mark and blank lines")


def _hold_nothing(frame: pd.DataFrame) -> bool:
    """Whether a record has empty fields only, as a blank line is read."""
    empty = frame
    for name in frame.columns:
        empty = empty[empty[name] == ""]
    return len(empty) > 0


def _refuse_blank_lines(source: DelimitedSource, text: bytes) -> None:
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""), delimiter=source.delimiter)
    if blank := sum(not row for row in rows):
        raise refused(source.path, "field count", f"{blank} lines are blank; remove them")
