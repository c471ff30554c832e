"""The ward as a workbook, and the ways to spoil it."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime

from build_base import COLUMNS, lines
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

Cell = str | int | float | bool | date | None
Edit = Callable[[Workbook, Worksheet], None]
Patch = tuple[str, str, str]  # a part of the workbook, what it says once, what it shall say
SHEET = "xl/worksheets/sheet1.xml"
STRINGS, RELATIONS, TYPES = "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
THEME = f'<a:theme xmlns:a="{DRAWING}" name="none" />'
LAST_ROW = 13


def _native(column: str, raw: str) -> Cell:
    """A cell as a person would type it into a sheet whose text columns are formatted as text."""
    if raw == "":
        return None
    if column in ("admitted", "discharged"):
        return datetime.strptime(raw, "%d/%m/%Y").date()
    if column in ("age", "systolic", "diastolic", "died"):
        return int(raw)
    return float(raw) if column in ("glucose", "weight") else raw


def book(edit: Edit | None = None, patches: Iterable[Patch] = (), shared: bool = False) -> bytes:
    """The ward as a workbook, edited, then patched in its XML; the same bytes on every day.

    `shared` keeps texts in a part of their own, as Excel does; openpyxl leaves them in their cells.
    """
    workbook = Workbook()
    workbook.loaded_theme = THEME
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Ward"
    header, *records = lines()
    sheet.append(header)
    for record in records:
        sheet.append([_native(column, raw) for column, raw in zip(COLUMNS, record, strict=True)])
    for row in sheet.iter_rows(min_row=2, min_col=2, max_col=3):
        for one in row:
            one.number_format = "dd/mm/yyyy"
    if edit is not None:
        edit(workbook, sheet)
    raw = io.BytesIO()
    workbook.save(raw)
    with zipfile.ZipFile(raw) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["docProps/core.xml"] = re.sub(
        rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2024-01-01T00:00:00Z", parts["docProps/core.xml"]
    )
    if shared:
        _share(parts)
    for part, old, new in patches:
        assert parts[part].count(old.encode()) == 1, (part, old)
        parts[part] = parts[part].replace(old.encode(), new.encode())
    return zipped(parts)


def _share(parts: dict[str, bytes]) -> None:
    """Move texts from their cells to the shared part."""
    texts: list[str] = []

    def point(found: re.Match[str]) -> str:
        texts.append(found[1])
        return f't="s"><v>{len(texts) - 1}</v>'

    sheet = re.sub(r't="inlineStr"><is>(<t>[^<]*</t>)</is>', point, parts[SHEET].decode())
    items = "".join(f"<si>{text}</si>" for text in texts)
    parts[SHEET] = sheet.encode()
    parts[STRINGS] = f'<sst xmlns="{MAIN}main">{items}</sst>'.encode()
    relation = f'<Relationship Id="rId99" Type="{OFFICE}sharedStrings" Target="/{STRINGS}" /></Relationships>'
    parts[RELATIONS] = parts[RELATIONS].replace(b"</Relationships>", relation.encode())
    kind = f'<Override PartName="/{STRINGS}" ContentType="{STRINGS_TYPE}" /></Types>'
    parts[TYPES] = parts[TYPES].replace(b"</Types>", kind.encode())


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip without times; stored, not deflated, so that every zlib writes the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def put(
    column: str, value: Cell | ArrayFormula, number_format: str | None = None, row: int = 2, as_text: bool = False
) -> Edit:
    """Put a value into a column, by default of the first record; `as_text` keeps =1+1 a text."""

    def edit(_: Workbook, sheet: Worksheet) -> None:
        cell = sheet.cell(row, COLUMNS.index(column) + 1 if column in COLUMNS else len(COLUMNS) + 1)
        cell.value = value
        if number_format is not None:
            cell.number_format = number_format
        if as_text:
            cell.data_type = "s"

    return edit


def together(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(workbook: Workbook, sheet: Worksheet) -> None:
        for one in edits:
            one(workbook, sheet)

    return edit
