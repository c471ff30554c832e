"""Workbooks: sheets, headers, and files that are no workbook."""

import io
import zipfile

from build_base import BASE, COLUMNS, case
from build_xlsx_book import LAST_ROW, SHEET, Edit, book, put, together, zipped
from openpyxl import Workbook
from openpyxl.chart import BarChart
from openpyxl.worksheet.worksheet import Worksheet

OLE2 = bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 504


def _insert_row(before: int) -> Edit:
    return lambda _, sheet: sheet.insert_rows(before)


def _second(state: str, formula: bool = False, first: bool = False) -> Edit:
    """Add a sheet in a state of visibility."""

    def edit(workbook: Workbook, sheet: Worksheet) -> None:
        other = workbook.create_sheet("Notes", 0 if first else 1)
        other["A1"] = "=1+1" if formula else "fictional"
        other.sheet_state = state
        workbook.active = workbook.index(sheet)

    return edit


def _hide_ward(workbook: Workbook, sheet: Worksheet) -> None:
    workbook.create_sheet("Notes")["A1"] = "fictional"
    sheet.sheet_state = "hidden"
    workbook.active = 1


def _sheets() -> None:
    ward, two = {"sheet": "Ward"}, book(_second("visible"))
    case("xlsx_ward.xlsx", "The ward with true dates and numbers", book(), read={})
    case("xlsx_named.xlsx", "The one sheet, named", book(), ward, read={})
    case("xlsx_named_wrong.xlsx", "A sheet that is not there", book(), {"sheet": "Patients"}, refused="sheet")
    case("xlsx_named_case.xlsx", "The sheet's name in lower case", book(), {"sheet": "ward"}, refused="sheet")
    case("xlsx_two.xlsx", "Two sheets, the ward's named", two, ward, read={})
    case("xlsx_two_unnamed.xlsx", "Two sheets, none named", two, refused="sheet")
    case(
        "xlsx_two_other_first.xlsx",
        "The ward's sheet named, another before it",
        book(_second("visible", first=True)),
        ward,
        read={},
    )
    case("xlsx_two_other_named.xlsx", "Two sheets, the wrong one named", two, {"sheet": "Notes"}, refused="header")
    case("xlsx_hidden.xlsx", "A hidden sheet beside the named one", book(_second("hidden")), ward, read={})
    case(
        "xlsx_hidden_formula.xlsx",
        "A formula on a hidden sheet, which is never read",
        book(_second("hidden", formula=True)),
        ward,
        read={},
    )
    case("xlsx_hidden_unnamed.xlsx", "A hidden sheet, none named", book(_second("hidden")), refused="sheet")
    case(
        "xlsx_very_hidden_unnamed.xlsx",
        "A sheet that only a macro unhides, none named",
        book(_second("veryHidden")),
        refused="sheet",
    )
    case("xlsx_hidden_named.xlsx", "The named sheet is hidden", book(_hide_ward), ward, refused="sheet")
    case(
        "xlsx_hidden_ward.xlsx",
        "The ward is hidden behind the only visible sheet, none named",
        book(_hide_ward),
        refused="sheet",
    )

    def chart(workbook: Workbook, _: Worksheet) -> None:
        workbook.create_chartsheet("Chart").add_chart(BarChart())

    case("xlsx_chart_named.xlsx", "The named sheet is a chart", book(chart), {"sheet": "Chart"}, refused="sheet")


def _headers() -> None:
    def cleared(keep: int) -> Edit:
        return lambda _, sheet: sheet.delete_rows(keep + 1, LAST_ROW)

    case("xlsx_empty.xlsx", "An empty sheet", book(cleared(0)), refused="empty file")
    case("xlsx_header_only.xlsx", "A header without records", book(cleared(1)), refused="no records")
    case("xlsx_no_header.xlsx", "No header", book(lambda _, sheet: sheet.delete_rows(1)), refused="header")
    case(
        "xlsx_title.xlsx",
        "A title above the header",
        book(together(_insert_row(1), put("patient_id", "Ward report", row=1))),
        refused="header",
    )
    case(
        "xlsx_row_above.xlsx",
        "An empty row above the header. OPEN: 'empty file' could be meant",
        book(_insert_row(1)),
        refused="header",
    )
    case(
        "xlsx_column_before.xlsx",
        "An empty column before the table: unnamed",
        book(lambda _, sheet: sheet.insert_cols(1)),
        refused="header",
    )
    case(
        "xlsx_header_repeated.xlsx", "A column named twice", book(put("diastolic", "systolic", row=1)), refused="header"
    )
    case("xlsx_header_unnamed.xlsx", "A column without name", book(put("age", None, row=1)), refused="header")
    case("xlsx_header_blank.xlsx", "A blank after a column's name", book(put("age", "age ", row=1)), refused="header")
    case("xlsx_header_number.xlsx", "A number for a column's name", book(put("age", 64, row=1)), refused="header")
    case("xlsx_header_extra.xlsx", "A column too many", book(put("extra", "surname", row=1)), refused="header")
    case(
        "xlsx_header_missing.xlsx",
        "A column left out",
        book(lambda _, sheet: sheet.delete_cols(COLUMNS.index("weight") + 1)),
        refused="header",
    )
    case(
        "xlsx_note_beside.xlsx",
        "A note beside a record: a column without name",
        book(put("extra", "check this", row=3)),
        refused="header",
    )
    case(
        "xlsx_rows_styled.xlsx",
        "Rows below the table that are formatted, but empty. OPEN: no cell says anything, so no record",
        book(together(*[put(column, None, "0", row) for column in COLUMNS for row in (14, 15)])),
        read={},
    )
    case(
        "xlsx_columns_styled.xlsx",
        "A column after the table that is formatted, but empty. OPEN: no cell says anything, so no column",
        book(together(*[put("extra", None, "0", row) for row in range(1, LAST_ROW + 1)])),
        read={},
    )
    case(
        "xlsx_row_empty.xlsx",
        "An empty row among the records: a record of empty fields. OPEN: 'field count' could be meant, as in CSV",
        book(_insert_row(6)),
        refused="identifier given",
    )
    case(
        "xlsx_row_text_empty.xlsx",
        "A row below the table of blanks only: nothing is trimmed. OPEN: the first typed column refuses it",
        book(together(*[put(column, " ", row=14) for column in COLUMNS])),
        refused="date format",
    )


def _no_workbooks() -> None:
    whole = book()
    case("xlsx_renamed_csv.xlsx", "A CSV that was renamed", BASE, refused="workbook")
    case("xlsx_no_bytes.xlsx", "No byte at all", b"", refused="workbook")
    case("xlsx_zip.xlsx", "A zip that is no workbook", zipped({"ward.csv": BASE.encode()}), refused="workbook")
    case("xlsx_truncated.xlsx", "Cut in the middle", whole[: len(whole) // 2], refused="workbook")
    case("xlsx_old.xlsx", "The container of old, or of a workbook with password", OLE2, refused="workbook")
    case(
        "xlsx_html.xlsx",
        "A web page, as some systems export it",
        "<html><table><tr><td>patient_id</td></tr></table></html>",
        refused="workbook",
    )
    case(
        "xlsx_broken_xml.xlsx",
        "A sheet that ends within its records",
        book(None, [(SHEET, "</sheetData>", "<row")]),
        refused="workbook",
    )
    case(
        "xlsx_checksum.xlsx",
        "A digit changed in the zip: the checksum disagrees",
        whole.replace(b"<v>138</v>", b"<v>183</v>"),
        refused="workbook",
    )
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    case(
        "xlsx_no_sheet.xlsx",
        "The part that holds the sheet is not there",
        zipped({name: part for name, part in parts.items() if name != SHEET}),
        refused="workbook",
    )
    beyond = [(SHEET, 't="s"><v>13</v>', 't="s"><v>9999</v>')]
    case(
        "xlsx_string_index.xlsx",
        "A text cell that points beyond the texts",
        book(None, beyond, shared=True),
        refused="workbook",
    )
    entity = '<!DOCTYPE x [<!ENTITY e "138">]><worksheet'
    case(
        "xlsx_entity.xlsx",
        "An XML entity, which the format forbids. OPEN: it could be read as text",
        book(None, [(SHEET, "<worksheet", entity), (SHEET, "<v>138</v>", "<v>&e;</v>")]),
        refused="workbook",
    )


def add() -> None:
    _sheets()
    _headers()
    _no_workbooks()
