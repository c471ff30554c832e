"""An Excel workbook: one sheet of plain values; what Excel would compute, merge or round is refused."""

import math
import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from data_schemas.columns import Column
from pipeline.errors import DataRefusedError
from pipeline.records.sources.cells import UNDECLARED, write_cell
from pipeline.records.sources.refusals import check_distinct, check_header, check_readable, check_unpacked, refused
from pipeline.sections import WorkbookSource

TOO_LONG = 1e15  # Excel keeps 15 digits: a longer number is not what was typed


def read_workbook(
    source: WorkbookSource, columns: dict[str, Column], optional: Collection[str] = frozenset()
) -> pd.DataFrame:
    """Read one sheet of `source` as text columns, as a delimited file with the same values would give them.

    It may lack `optional` columns. Raises DataRefusedError on a file that is no workbook, several sheets where none is
    declared, merged cells, formulas, error values, numbers of more than 15 digits, or other columns than the schema's.
    """
    header, rows = _read_table(source)
    present = check_header(source.path, header, list(columns), optional)
    return _write_rows(source, header, rows, columns)[present]


def read_any_workbook(source: WorkbookSource) -> pd.DataFrame:
    """Read one sheet as text columns, whatever they are, days as 2020-01-31. Raises as `read_workbook` does."""
    header, rows = _read_table(source)
    check_distinct(source.path, header)
    return _write_rows(source, header, rows, dict.fromkeys(header, UNDECLARED))


def _read_table(source: WorkbookSource) -> tuple[list[str], list[tuple[Any, ...]]]:
    rows = _trim(_read_cells(source))
    if not rows:
        raise refused(source.path, "empty file", "holds an empty sheet: expected a header row and records")
    return [_name(cell, source.path) for cell in rows[0]], rows[1:]


def _write_rows(
    source: WorkbookSource, header: list[str], rows: list[tuple[Any, ...]], columns: dict[str, Column]
) -> pd.DataFrame:
    texts = [[_write(cell, columns[name], source.path) for cell, name in zip(r, header, strict=True)] for r in rows]
    return pd.DataFrame(texts, columns=header, dtype="string")


def _read_cells(source: WorkbookSource) -> list[tuple[Any, ...]]:
    import openpyxl

    check_readable(source.path)
    try:
        with zipfile.ZipFile(source.path) as packed:
            parts = packed.infolist()
            check_unpacked(source.path, sum(p.compress_size for p in parts), sum(p.file_size for p in parts))
        with warnings.catch_warnings(), Path(source.path).open("rb") as handle:
            warnings.simplefilter("ignore")  # of styles and charts that openpyxl leaves out
            book = openpyxl.load_workbook(handle)
    except DataRefusedError:
        raise
    except Exception:  # whatever a damaged file makes of a parser
        raise refused(source.path, "workbook", "is not a readable .xlsx workbook; save it anew as .xlsx") from None
    if not book.sheetnames:
        raise refused(source.path, "workbook", "holds no sheet; save it anew as .xlsx")
    sheet = _choose_sheet(book, source)
    if sheet.merged_cells.ranges:
        raise refused(source.path, "merged cells", f"{len(sheet.merged_cells.ranges)} areas are merged; part them")
    return list(sheet.iter_rows())


def _choose_sheet(book: Any, source: WorkbookSource) -> Any:
    if source.sheet is None and len(book.sheetnames) > 1:
        hidden = sum(sheet.sheet_state != "visible" for sheet in book.worksheets)
        raise refused(
            source.path,
            "sheet",
            f"holds {len(book.sheetnames)} sheets, {hidden} hidden; name the one to read as `sheet` in params.yaml",
        )
    name = source.sheet or book.sheetnames[0]
    sheet = next((sheet for sheet in book.worksheets if sheet.title == name), None)
    if sheet is None or sheet.sheet_state != "visible":
        raise refused(source.path, "sheet", f"holds no visible sheet {name!r} with cells; mend `sheet` in params.yaml")
    return sheet


def _trim(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """`rows` without empty ones at the end and empty columns at the right, which Excel keeps for their style."""
    filled = [i for i, row in enumerate(rows, start=1) if any(cell.value is not None for cell in row)]
    kept = rows[: max(filled, default=0)]
    width = max((cell.column for row in kept for cell in row if cell.value is not None), default=0)
    return [row[:width] for row in kept]


def _name(cell: Any, path: str) -> str:
    _refuse_computed(cell, path)
    return "" if cell.value is None else str(cell.value)


def _refuse_computed(cell: Any, path: str) -> None:
    if cell.data_type == "f":
        raise refused(path, "formula", f"cell {cell.coordinate} holds a formula; paste values in its place")
    if cell.data_type == "e":
        raise refused(path, "error cell", f"cell {cell.coordinate} holds an error of Excel; mend or empty it")


def _write(cell: Any, column: Column, path: str) -> str:
    _refuse_computed(cell, path)
    value = cell.value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) >= TOO_LONG:
        raise refused(
            path, "long number", f"cell {cell.coordinate} holds a number of more than 15 digits; keep it as text"
        )
    try:
        return write_cell(value, column)
    except TypeError as error:
        raise refused(
            path, "column type", f"cell {cell.coordinate} holds a {error}, expected {column.kind}; keep it as text"
        ) from None
