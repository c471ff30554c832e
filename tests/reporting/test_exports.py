"""What machines read is what the page says, and no spreadsheet calculates with it."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.files import rounded
from pipeline.reporting.exports import defuse, export_report, flatten, list_tables, write_csv
from pipeline.reporting.tables import Row, Table, make_table

from .conftest import report_of

TRIGGERS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


class Tables(HTMLParser):
    """The texts of each table's rows, by the table's id: an independent reading of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.rows = self.found.setdefault(dict(attrs)["id"] or "", [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")
        self.inside = tag in ("th", "td") or (self.inside and tag == "a")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def read_csv(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def references(value: Any) -> list[str]:
    """The keys of the tables to which a content refers."""
    if isinstance(value, list):
        return [key for each in value for key in references(each)]
    if not isinstance(value, dict):
        return []
    own = [value["table"]] if set(value) == {"table"} and isinstance(value["table"], str) else []
    return own + [key for each in value.values() for key in references(each)]


def test_every_table_of_the_page_is_exported_cell_by_cell(name: str) -> None:
    report = report_of(name)
    shown = Tables(report.page).found
    assert report.tables.keys() == {f"{key}.csv" for key in shown} == {f"{key}.csv" for key in report.content["tables"]}
    for key, (head, *rows) in shown.items():
        exported = report.content["tables"][key]
        cut = 1 if exported["head"][0] == "Group" else 0
        assert exported["head"][cut:] == head
        full = [[row[0], *[""] * (len(head) - len(row)), *row[1:]] for row in rows if len(row) > 1]  # groups are wide
        assert [row[cut:] for row in exported["rows"]] == full
        groups = {row[0] for row in rows if len(row) < len(head)}
        assert groups <= {header for row in exported["rows"] for header in row[:2]}


def test_csv_and_json_hold_the_same(name: str) -> None:
    report = report_of(name)
    for key, table in report.content["tables"].items():
        rows = read_csv(report.tables[f"{key}.csv"])
        assert rows == [[defuse(cell) for cell in row] for row in (table["head"], *table["rows"])]
        assert {len(row) for row in rows} == {len(table["head"])}


def test_the_content_is_json_with_every_table_once_and_no_drawing(name: str) -> None:
    content = report_of(name).content
    text = json.dumps(rounded(content), allow_nan=False)
    assert json.loads(text) == rounded(content)
    assert set(references(content)) == set(content["tables"])
    assert "<svg" not in text
    assert not re.search(r"\bp0\d{4}\b|\b19\d\d-\d\d-\d\d\b", text)
    assert content["verdict"]["level"] == "WARN"
    assert [figure["name"] for figure in content["verdict"]["key_figures"]][:3] == [
        "AUROC", "Calibration slope", "O:E ratio"
    ]  # fmt: skip


def test_same_content_twice(name: str) -> None:
    first = report_of(name)
    assert report_of.__wrapped__(name) == first


def test_no_cell_of_a_hostile_cohort_starts_a_formula() -> None:
    for text in report_of("hostile").tables.values():
        for cell in (cell for row in read_csv(text) for cell in row):
            assert cell.strip()[:1] not in [*TRIGGERS] or re.fullmatch(r"-[0-9.]+", cell), cell


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("=HYPERLINK(\"https://x\",\"a\")", "'=HYPERLINK(\"https://x\",\"a\")"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(A1:A9)", "'@SUM(A1:A9)"),
        ("+1+cmd", "'+1+cmd"),
        ("-1+cmd", "'-1+cmd"),
        ("-2-3", "'-2-3"),
        ("--1", "'--1"),
        ("-", "'-"),
        ("-A1", "'-A1"),
        ("-1e5", "'-1e5"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("  =1", "'=1"),
        ("\u00a0=1", "'=1"),
        ("\n=1", "'=1"),
        ("a;=1+1", "a;'=1+1"),
        ("a; =1+1", "a; '=1+1"),
        ("a\t=1\r\nb", "a =1 b"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("+0.02 (+0.01\u00a0to\u00a0+0.03)", "'+0.02 (+0.01 to +0.03)"),
        ("\u22120.02", "-0.02"),
        ("-0.02", "-0.02"),
        ("+3", "3"),
        ("\u22120.4 (\u22120.7\u00a0to\u00a0\u22120.1)", "\u22120.4 (\u22120.7 to \u22120.1)"),
        ("a = b", "a = b"),
        ("\u2013", "\u2013"),
        ("", ""),
    ],
)  # fmt: skip
def test_formulas_are_defused_and_numbers_are_plain(cell: str, expected: str) -> None:
    assert defuse(cell) == expected


@given(st.text(st.sampled_from([*TRIGGERS, "\u2212", "1", "9", ".", "a", " ", ";", "\n", '"', ",", "'"])))
def test_whatever_a_cell_holds_it_starts_no_formula_and_reads_back(cell: str) -> None:
    safe = defuse(cell)
    assert not set(safe) & {*"\t\r\n"}
    for part in safe.split(";"):
        number = re.fullmatch(r"-[0-9]+(\.[0-9]+)?", safe)
        assert number or part.strip()[:1] not in [*TRIGGERS]
    [_, row] = read_csv(write_csv(make_table("t", "", ("a", "b"), [(cell, cell)])))
    assert row == [safe, safe]


def test_rows_that_stand_under_another_name_it() -> None:
    rows = (
        Row("sex", group=True), Row("women", ("3",), inner=True), Row("men", ("4",), inner=True),
        Row("age", ("50",)), Row("not known", ("1",), inner=True),
    )  # fmt: skip
    assert flatten(Table("t", "", ("who", "n"), rows)) == (
        ["Group", "who", "n"],
        [["sex", "women", "3"], ["sex", "men", "4"], ["", "age", "50"], ["age", "not known", "1"]],
    )
    assert flatten(make_table("t", "", ("who", "n"), [("all", "7")])) == (["who", "n"], [["all", "7"]])


def test_what_a_page_cannot_show_is_not_exported() -> None:
    with pytest.raises(AssertionError, match="a page shows no object"):
        export_report({"x": [object()]})
    with pytest.raises(AssertionError, match="two tables are called t"):
        list_tables([make_table("t", "", ("a",), [("1",)]), make_table("t", "", ("b",), [("1",)])])
    with pytest.raises(AssertionError, match="a key names a file"):
        list_tables([make_table("../t", "", ("a",), [("1",)])])
