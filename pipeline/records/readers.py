"""Reading a source strictly: everything is text, the header is exact, every row has every field."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.settings import DelimitedSource


def read_text_table(source: DelimitedSource, columns: list[str], identifier: str) -> pd.DataFrame:
    """Read `source` as text, with exactly `columns` in any order, sorted so that the file's order is forgotten.

    Returns one text column per name in `columns`, in that order; an empty field is the empty text. Raises
    DataRefusedError on a missing or empty file, another encoding, a NUL byte, a header with missing, extra
    or repeated names, or a row with another number of fields; no message holds a value.
    """
    path = Path(source.path)
    header, rows = _read_csv(path, source)
    _check_header(path, header, columns)
    frame = pd.DataFrame(rows, columns=header, dtype="string")[columns]
    by = [identifier, *[c for c in columns if c != identifier]]
    return frame.sort_values(by, kind="stable", ignore_index=True)


def _read_csv(path: Path, source: DelimitedSource) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding=_encoding(source), errors="strict", newline="") as handle:
            reader = csv.reader(_without_nul(handle, path), delimiter=source.delimiter, strict=True)
            header = next(reader, None)
            if header is None:
                raise DataRefusedError(f"{path} is empty: expected a header line and records")
            rows = list(_full_rows(reader, len(header), path))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise DataRefusedError(f"{path} is missing: expected the file named in params.yaml") from None
    except OSError as error:
        raise DataRefusedError(f"{path} cannot be read: {error.strerror}; mend the path, permission or disk") from None
    except UnicodeError:
        raise DataRefusedError(
            f"{path} is not valid {source.encoding}; declare its encoding in params.yaml or export it anew"
        ) from None
    except csv.Error:
        raise DataRefusedError(
            f"{path}: quotes are broken near line {reader.line_num}; expected fields quoted as in RFC 4180"
        ) from None
    return header, rows


def _encoding(source: DelimitedSource) -> str:
    try:
        "".encode(source.encoding)
        name = codecs.lookup(source.encoding).name
    except (LookupError, ValueError):
        raise ConfigurationError(f"encoding {source.encoding!r} of {source.path} is not known; use utf-8") from None
    return "utf-8-sig" if name == "utf-8" else source.encoding


def _without_nul(lines: Iterable[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise DataRefusedError(f"{path} line {number} holds a NUL byte; the file is damaged or not text")
        yield line


def _full_rows(reader: Iterable[list[str]], width: int, path: Path) -> Iterator[list[str]]:
    for number, row in enumerate(reader, start=1):
        if len(row) != width:
            raise DataRefusedError(
                f"{path} record {number} has {len(row)} fields, expected {width} as in the header; "
                "check delimiter, quoting and decimal mark"
            )
        yield row


def _check_header(path: Path, header: list[str], columns: list[str]) -> None:
    if len(set(header) & set(columns)) <= len(columns) // 2:  # its texts may be a patient's values: show none
        raise DataRefusedError(
            f"{path}: the first line holds {len(set(header) & set(columns))} of the schema's {len(columns)} column "
            "names; expected a header line with all of them; check header and delimiter"
        )
    faults = []
    if missing := [c for c in columns if c not in header]:
        faults.append(f"missing {', '.join(missing)}")
    if extra := [c for c in header if c not in columns]:
        faults.append(f"not declared {', '.join(repr(c) for c in extra)}")
    if repeated := sorted({c for c in header if header.count(c) > 1}):
        faults.append(f"repeated {', '.join(repr(c) for c in repeated)}")
    if faults:
        raise DataRefusedError(
            f"{path}: the columns are not those of the schema: {'; '.join(faults)}; mend the file or the schema"
        )
