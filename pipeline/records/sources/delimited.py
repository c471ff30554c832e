"""Delimited text, read strictly: everything is text, the header is exact, every row has every field."""

import contextlib
import csv
import io
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from typing import Any

import pandas as pd

from pipeline.errors import DataRefusedError
from pipeline.records.sources.decoding import ByteStream, checked_text
from pipeline.records.sources.parts import recut
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
    text = b"".join(_text(source))
    header = _read_header(source, text)
    present = check_header(source.path, header, columns, optional)
    return _read_records(source, header, text)[present]


def read_delimited_parts(
    source: DelimitedSource, columns: list[str], optional: Collection[str], rows: int
) -> Iterator[pd.DataFrame]:
    """What `read_delimited` gives, `rows` records at a time. Raises as it does, at the latest after the last part."""
    text = _text(source)
    start = _take(text, HEADER_WITHIN)
    header = _read_header(source, start)
    present = check_header(source.path, header, columns, optional)
    doubtful = True
    for part in recut(_stream_rows(source, header, chain([start], text)), rows):
        frame = _as_frame(part)
        if doubtful and _hold_nothing(frame):
            _refuse_blank_lines(source)
            doubtful = False
        yield frame[present]


def read_any_delimited(source: DelimitedSource) -> pd.DataFrame:
    """Read `source` as text columns, whatever they are. Raises DataRefusedError as `read_delimited` does."""
    text = b"".join(_text(source))
    header = _read_header(source, text)
    check_distinct(source.path, header)
    return _read_records(source, header, text)


def _text(source: DelimitedSource) -> Iterator[bytes]:
    """The checked text in turn; its last line has an end."""
    last = b""
    for part in checked_text(source):
        last = part or last
        yield part
    if last and not last.endswith((b"\n", b"\r")):
        yield b"\n"


def _take(text: Iterator[bytes], size: int) -> bytes:
    """The first `size` bytes of `text` or more; fewer where it ends."""
    taken = b""
    while len(taken) < size and (part := next(text, None)) is not None:
        taken += part
    return taken


def _read_records(source: DelimitedSource, header: list[str], text: bytes) -> pd.DataFrame:
    frame = _read_rows(source, header, text)
    if _hold_nothing(frame):
        _refuse_blank_lines(source)
    return frame


def _read_header(source: DelimitedSource, text: bytes) -> list[str]:
    start = text[:HEADER_WITHIN].decode(errors="ignore")
    header = next(csv.reader(io.StringIO(start, newline=""), delimiter=source.delimiter), None)
    if header is None:
        raise refused(source.path, "empty file", "is empty: expected a header line and records")
    return header


def _read_rows(source: DelimitedSource, header: list[str], text: bytes) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    try:
        table = arrow_csv.read_csv(pa.BufferReader(text), **_strictly(source, header, lambda _: "error", threads=True))
    except pa.ArrowInvalid:
        raise _misshapen(source, header) from None
    return _as_frame(table)


def _stream_rows(source: DelimitedSource, header: list[str], text: Iterator[bytes]) -> Iterator[Any]:
    """The records as Arrow tables, one for each block of the text."""
    import pyarrow as pa

    try:
        yield from _open(text, _strictly(source, header, lambda _: "error", threads=False))
    except pa.ArrowInvalid:
        raise _misshapen(source, header) from None


def _open(text: Iterator[bytes], options: dict[str, Any]) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with arrow_csv.open_csv(io.BufferedReader(ByteStream(text)), **options) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


def _as_frame(table: Any) -> pd.DataFrame:
    import pyarrow as pa

    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow")}.get)
    return frame


def _strictly(
    source: DelimitedSource, header: list[str], on_ragged: Callable[[Any], str], *, threads: bool
) -> dict[str, Any]:
    """How Arrow reads the text, in one piece or in a stream."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    return {
        "read_options": arrow_csv.ReadOptions(
            column_names=header, skip_rows_after_names=1, block_size=BLOCK, use_threads=threads
        ),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=source.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=on_ragged,
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    }


def _misshapen(source: DelimitedSource, header: list[str]) -> DataRefusedError:
    """Which record has another number of fields; one thread counts them, several do not."""
    import pyarrow as pa

    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    with contextlib.suppress(pa.ArrowInvalid):
        for _ in _open(_text(source), _strictly(source, header, note, threads=False)):
            pass
    if not ragged:
        return refused(source.path, "field count", f"holds a record of more than {BLOCK >> 20} MB; check its quoting")
    (number, fields), others = ragged[0], len(ragged) - 1
    found = f"record {number - 1} has {fields} fields, expected {len(header)} as in the header"
    more = f", and {others} more like it" if others else ""
    return refused(source.path, "field count", f"{found}{more}; check delimiter, quoting, decimal mark and blank lines")


def _hold_nothing(frame: pd.DataFrame) -> bool:
    """Whether a record has empty fields only, as a blank line is read."""
    empty = frame
    for name in frame.columns:
        empty = empty[empty[name] == ""]
    return len(empty) > 0


def _refuse_blank_lines(source: DelimitedSource) -> None:
    stream = io.BufferedReader(ByteStream(_text(source)))
    rows = csv.reader(io.TextIOWrapper(stream, "utf-8", newline=""), delimiter=source.delimiter)
    if blank := sum(not row for row in rows):
        raise refused(source.path, "field count", f"{blank} lines are blank; remove them")
