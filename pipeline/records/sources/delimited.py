"""Delimited text, read strictly: everything is text, the header is exact, every row has every field."""

import csv
import io
from typing import Any

import pandas as pd

from pipeline.errors import DataRefusedError
from pipeline.records.sources.decoding import checked_text
from pipeline.records.sources.refusals import check_header, refused
from pipeline.settings import DelimitedSource

HEADER_WITHIN = 1 << 20  # bytes
BLOCK = 1 << 24  # bytes; no record is longer


def read_delimited(source: DelimitedSource, columns: list[str]) -> pd.DataFrame:
    """Read `source` as text columns in the order of `columns`; an empty field is the empty text.

    Raises DataRefusedError on a missing, empty or damaged file, another encoding, a NUL byte, broken quotes, a
    header with missing, extra or repeated names, or a row with another number of fields.
    """
    text = b"".join(checked_text(source))
    if text and not text.endswith((b"\n", b"\r")):
        text += b"\n"
    header = _read_header(source, text)
    check_header(source.path, header, columns)
    frame = _read_rows(source, header, text)
    if _hold_nothing(frame):
        _refuse_blank_lines(source, text)
    return frame[columns]


def _read_header(source: DelimitedSource, text: bytes) -> list[str]:
    start = text[:HEADER_WITHIN].decode(errors="ignore")
    header = next(csv.reader(io.StringIO(start, newline=""), delimiter=source.delimiter), None)
    if header is None:
        raise refused(source.path, "empty file", "is empty: expected a header line and records")
    return header


def _read_rows(source: DelimitedSource, header: list[str], text: bytes) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "error"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            arrow_csv.ReadOptions(column_names=header, skip_rows_after_names=1, block_size=BLOCK),
            arrow_csv.ParseOptions(
                delimiter=source.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        raise _misshapen(source, ragged, len(header)) from None
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow")}.get)
    return frame


def _misshapen(source: DelimitedSource, ragged: list[Any], width: int) -> DataRefusedError:
    if not ragged:
        return refused(source.path, "field count", f"holds a record of more than {BLOCK >> 20} MB; check its quoting")
    found = f"a record has {ragged[0].actual_columns} fields, expected {width} as in the header"
    return refused(source.path, "field count", f"{found}; check delimiter, quoting, decimal mark and blank lines")


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
