"""A report for machines: what the page says as plain values, and each of its tables as CSV for a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from markupsafe import Markup

from data_schemas.columns import Study
from pipeline.phrases import phrase
from pipeline.reporting.factors import Group
from pipeline.reporting.figures import Figure
from pipeline.reporting.language import say
from pipeline.reporting.tables import Table

SAID: dict[type, tuple[str, ...]] = {
    Figure: ("title", "description", "table", "also"),
    Group: ("table", "plain"),
    Study: ("title", "population", "intended_use", "source", "licence", "limits"),
}
"""What a page says of values that hold more: no drawings, no rows of files that are published beside it."""
GROUP = phrase("Group")
NUMBER = re.compile(r"[+\u2212-]?[0-9]+(?:\.[0-9]+)?")
FORMULA = re.compile(r"(^|; ?)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a formula would start: at the beginning of a cell, or after the mark that parts cells in some locales."""
BYTE_ORDER_MARK = "\ufeff"
"""Tells spreadsheets that a file is UTF-8."""


def export_report(context: Mapping[str, Any]) -> dict[str, Any]:
    """The context of a report's page as values that JSON can hold, without drawings.

    Tables stand under `tables` by key; where one belongs, `{"table": key}` does. In `rows`, each row has as many texts
    as `head`; a row that stands under another has that one's header in the column `Group`.
    """
    return {**_plain(context), "tables": {key: _export_table(t) for key, t in list_tables(context).items()}}


def export_tables(context: Mapping[str, Any]) -> dict[str, str]:
    """Every table of a report as CSV text, by the name of its file."""
    return {f"{key}.csv": write_csv(table) for key, table in list_tables(context).items()}


def list_tables(context: Any) -> dict[str, Table]:
    """The tables of a page by key, wherever they stand in its context, but for those without rows."""
    found: dict[str, Table] = {}
    for table in _find_tables(context):
        assert re.fullmatch(r"[\w-]+", table.key), "a key names a file"
        assert table.key not in found or found[table.key] == table, f"two tables are called {table.key}"
        found[table.key] = table
    return found


def _find_tables(value: Any) -> Iterator[Table]:
    if isinstance(value, Table):
        yield from [value] if value.rows else []
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _find_tables(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _find_tables(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _find_tables(getattr(value, field.name))


def _plain(value: Any) -> Any:
    if isinstance(value, Table):
        return {"table": value.key} if value.rows else None
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        names = SAID.get(type(value)) or [field.name for field in fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    assert value is None or isinstance(value, str | int | float), f"a page shows no {type(value).__name__}"
    assert not isinstance(value, Markup), "drawings stay on the page"
    return value


def _export_table(table: Table) -> dict[str, Any]:
    head, rows = flatten(table)
    return {"caption": table.caption, "head": head, "rows": rows, "note": table.note}


def flatten(table: Table) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of a table; where rows stand under others, with their headers in a column of their own."""
    if not any(row.group or row.inner for row in table.rows):
        return [*table.head], [[row.header, *row.cells] for row in table.rows]
    above, rows = "", []
    for row in table.rows:
        if not row.inner:
            above = row.header
        if not row.group or row.cells:
            blank = [""] * (len(table.head) - 1 - len(row.cells))
            rows.append([above if row.inner else "", row.header, *blank, *row.cells])
    return [say(GROUP), *table.head], rows


def write_csv(table: Table) -> str:
    """A table as CSV that a spreadsheet opens as text and numbers, never as a formula."""
    head, rows = flatten(table)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([defuse(cell) for cell in row] for row in (head, *rows))
    return BYTE_ORDER_MARK + out.getvalue()


def defuse(cell: str) -> str:
    """A text on one line that no spreadsheet takes for a formula; a number is plain, with an ASCII minus.

    After the Open Worldwide Application Security Project's advice on CSV injection: an apostrophe before whatever
    could start a formula. Tabs and line ends, which could as well, become spaces, as they do on a page.
    """
    if NUMBER.fullmatch(cell):
        return cell.replace("\u2212", "-").removeprefix("+")
    return FORMULA.sub(r"\1'", " ".join(cell.split()))
