import datetime as dt
import zipfile

import openpyxl
import pytest
from openpyxl.chart import BarChart
from openpyxl.styles import Font

from data_schemas.columns import Column, Kind, Role
from pipeline.errors import DataRefusedError
from pipeline.records.sources.workbook import read_workbook
from pipeline.sections import WorkbookSource

COLUMNS = {
    "id": Column("Number", Role.IDENTIFIER, Kind.TEXT),
    "x": Column("X", Role.EXCLUDED, Kind.DECIMAL),
    "seen": Column("Seen", Role.EXCLUDED, Kind.DATE, date_format="%d/%m/%Y"),
}


@pytest.fixture
def sheet():
    """A sheet with the header of `COLUMNS`, in a workbook of its own."""
    book = openpyxl.Workbook()
    book.active.append(list(COLUMNS))
    return book.active


def read(folder, sheet, named=None):
    sheet.parent.save(folder / "a.xlsx")
    return read_file(folder, named)


def read_file(folder, named=None):
    return read_workbook(WorkbookSource(format="xlsx", path=str(folder / "a.xlsx"), sheet=named), COLUMNS)


def refuse(folder, sheet, rule, named=None):
    """The message with which `sheet` is refused, which never holds the word of the cells."""
    with pytest.raises(DataRefusedError, match=rf"a\.xlsx, rule '{rule}': ") as refusal:
        read(folder, sheet, named)
    assert "SENTINEL" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (7, "7"),
        (7.0, "7"),
        (-0.5, "-0.5"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (999_999_999_999_999, "999999999999999"),
        (True, "true"),
        (False, "false"),
        ("007", "007"),
        ("1e5", "1e5"),
        ("NA", "NA"),
    ],
)
def test_a_cell_becomes_the_text_of_a_delimited_file(tmp_path, sheet, value, text):
    sheet.append(["a", value, None])
    found = read(tmp_path, sheet)
    assert found["x"].tolist() == [text]
    assert found["x"].dtype == "string"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2020, 2, 29), "29/02/2020"),
        (dt.datetime(2020, 2, 29), "29/02/2020"),
        (dt.datetime(2020, 2, 29, 12, 30), "2020-02-29T12:30:00"),  # a moment, which typing refuses
        ("29.02.2020", "29.02.2020"),
        (43890, "43890"),
    ],
)
def test_a_day_is_written_as_declared_and_nothing_else_becomes_a_day(tmp_path, sheet, value, text):
    sheet.append(["a", 1, value])
    assert read(tmp_path, sheet)["seen"].tolist() == [text]


def test_columns_may_come_in_any_order_and_leave_in_that_of_the_schema(tmp_path):
    book = openpyxl.Workbook()
    for row in (["seen", "id", "x"], [None, "a", 1], [None, "b", 2]):
        book.active.append(row)
    found = read(tmp_path, book.active)
    assert list(found.columns) == list(COLUMNS)
    assert found.to_numpy().tolist() == [["a", "1", ""], ["b", "2", ""]]


def test_empty_rows_at_the_end_and_columns_at_the_right_are_left_out(tmp_path, sheet):
    sheet.append(["a", 1, None])
    sheet.append([None, None, None])
    sheet.append(["b", None, None])
    sheet.cell(40, 1).font = Font(bold=True)
    sheet.cell(1, 12).font = Font(bold=True)
    found = read(tmp_path, sheet)
    assert found.to_numpy().tolist() == [["a", "1", ""], ["", "", ""], ["b", "", ""]]


def test_a_value_beyond_the_header_is_refused(tmp_path, sheet):
    sheet.append(["a", 1, None, "SENTINEL"])
    assert "column number 4 of 4" in refuse(tmp_path, sheet, "header")


@pytest.mark.parametrize("formula", ["=1+1", "=SENTINEL()", '="SENTINEL"'])
def test_a_formula_is_refused(tmp_path, sheet, formula):
    sheet.append(["a", formula, None])
    assert "cell B2" in refuse(tmp_path, sheet, "formula")


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#VALUE!"])
def test_an_error_cell_is_refused(tmp_path, sheet, error):
    sheet.append(["a", error, None])
    assert "cell B2" in refuse(tmp_path, sheet, "error cell")


def test_merged_cells_are_refused(tmp_path, sheet):
    sheet.append(["SENTINEL", 1, None])
    sheet.append(["b", 1, None])
    sheet.merge_cells("A2:A3")
    assert "1 areas are merged" in refuse(tmp_path, sheet, "merged cells")


@pytest.mark.parametrize("number", [10**15, -(10**15), 1e15, 1234567890123456789])
def test_a_number_longer_than_excel_keeps_is_refused(tmp_path, sheet, number):
    sheet.append(["a", number, None])
    message = refuse(tmp_path, sheet, "long number")
    assert "cell B2" in message
    assert str(number)[:8] not in message


@pytest.mark.parametrize("value", [dt.time(12, 34), dt.timedelta(hours=30)])
def test_a_time_of_day_is_refused(tmp_path, sheet, value):
    sheet.append(["a", 1, value])
    assert "12:34" not in refuse(tmp_path, sheet, "column type")


def test_of_several_sheets_one_must_be_named(tmp_path, sheet):
    sheet.append(["a", 1, None])
    sheet.title = "records"
    hidden = sheet.parent.create_sheet("SENTINEL")
    hidden.sheet_state = "hidden"
    assert "holds 2 sheets, 1 hidden" in refuse(tmp_path, sheet, "sheet")
    assert read(tmp_path, sheet, named="records")["id"].tolist() == ["a"]


def test_a_sheet_that_is_hidden_or_absent_is_not_read(tmp_path, sheet):
    other = sheet.parent.create_sheet("other")
    other.sheet_state = "hidden"
    for name in ("other", "nosuch"):
        assert "no visible sheet" in refuse(tmp_path, sheet, "sheet", named=name)


def test_a_sheet_of_a_chart_alone_is_not_read(tmp_path, sheet):
    sheet.parent.create_chartsheet("chart").add_chart(BarChart())
    assert "no visible sheet" in refuse(tmp_path, sheet, "sheet", named="chart")


def test_an_empty_sheet_is_refused(tmp_path):
    refuse(tmp_path, openpyxl.Workbook().active, "empty file")


def test_a_header_alone_is_a_table_without_records(tmp_path, sheet):
    found = read(tmp_path, sheet)
    assert list(found.columns) == list(COLUMNS)
    assert found.empty


@pytest.mark.parametrize("content", [b"", b"SENTINEL,x\n1,2\n", b"PK\x03\x04SENTINEL", b"\xd0\xcf\x11\xe0SENTINEL"])
def test_a_file_that_is_no_workbook_is_refused(tmp_path, content):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(DataRefusedError, match="rule 'workbook'") as refusal:
        read_file(tmp_path)
    assert "SENTINEL" not in str(refusal.value)


def test_a_packed_file_that_is_no_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as packed:
        packed.writestr("SENTINEL.txt", "SENTINEL")
    with pytest.raises(DataRefusedError, match="rule 'workbook'"):
        read_file(tmp_path)


def test_a_cut_off_workbook_is_refused(tmp_path, sheet):
    sheet.append(["SENTINEL", 1, None])
    read(tmp_path, sheet)
    whole = (tmp_path / "a.xlsx").read_bytes()
    (tmp_path / "a.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataRefusedError, match="rule 'workbook'"):
        read_file(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataRefusedError, match="is missing, rule 'file'"):
        read_file(tmp_path)


def test_a_workbook_that_unpacks_far_beyond_its_size_is_refused_before_it_is_unpacked(tmp_path, sheet):
    read(tmp_path, sheet)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet2.xml", b" " * 60_000_000)
    assert (tmp_path / "a.xlsx").stat().st_size < 100_000
    with pytest.raises(DataRefusedError, match="rule 'compression'"):
        read_file(tmp_path)
