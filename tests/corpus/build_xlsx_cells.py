"""Cells of a workbook: formulas, errors, merged cells, dates, and numbers."""

from collections.abc import Iterable
from datetime import date, datetime

from build_base import COLUMNS, FIRST, case, lines, renamed
from build_xlsx_book import SHEET, STRINGS, Cell, Edit, book, put, together
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet


def _column(column: str, texts: Iterable[Cell]) -> Edit:
    """Put one value into each record."""

    def edit(workbook: Workbook, sheet: Worksheet) -> None:
        for row, text in enumerate(texts, start=2):
            put(column, text, "General", row)(workbook, sheet)

    return edit


def _merge(area: str) -> Edit:
    return lambda _, sheet: sheet.merge_cells(area)


def _cell(file: str, about: str, column: str, value: Cell, rule: str, number_format: str | None = None) -> None:
    """Declare a workbook that is refused for one cell of the first record."""
    case(f"xlsx_{file}.xlsx", about, book(put(column, value, number_format)), refused=rule)


def _cells() -> None:
    _cell("formula", "A formula for a number", "age", "=60+4", "formula")
    _cell("formula_identifier", "A formula for an identifier", "patient_id", '="00"&"123"', "formula")
    case(
        "xlsx_formula_cached.xlsx",
        "A formula with the value it last had",
        book(put("age", "=60+4"), [(SHEET, "<f>60+4</f><v />", "<f>60+4</f><v>64</v>")]),
        refused="formula",
    )
    case(
        "xlsx_formula_array.xlsx",
        "An array formula",
        book(
            put("age", None), [(SHEET, '<c r="E2"', '<c r="D2"><f t="array" ref="D2">60+4</f><v>64</v></c><c r="E2"')]
        ),
        refused="formula",
    )
    case(
        "xlsx_formula_header.xlsx",
        "A formula for a column's name, with the right name as last value",
        book(put("age", '="a"&"ge"', row=1), [(SHEET, '<f>"a"&amp;"ge"</f><v />', '<f>"a"&amp;"ge"</f><v>age</v>')]),
        refused="formula",
    )
    case(
        "xlsx_formula_text.xlsx",
        "A text that only looks like a formula",
        book(put("patient_id", "=1+1", as_text=True)),
        read=renamed("=1+1"),
    )
    for file, about, area in (
        ("rows", "Cells merged over two records", "K2:K3"),
        ("columns", "Cells merged over two columns", "C3:D3"),
        (
            "outside",
            "Cells merged beside the table, in a column of no name. OPEN: outside the table, but the sheet has them",
            "O2:P3",
        ),
        ("below", "Cells merged below the table. OPEN: as in xlsx_merged_outside.xlsx", "A20:B20"),
    ):
        case(
            f"xlsx_merged_{file}.xlsx",
            about,
            book(_merge(area)),
            refused="merged cells",
        )
    for name, error in {"na": "#N/A", "div": "#DIV/0!", "ref": "#REF!", "value": "#VALUE!"}.items():
        _cell(f"error_{name}", "An error cell", "weight", error, "error cell")
    _cell("error_identifier", "An error cell for an identifier", "patient_id", "#N/A", "error cell")
    case(
        "xlsx_error_text.xlsx",
        "A text that only looks like an error",
        book(put("patient_id", "#N/A", as_text=True)),
        read=renamed("#N/A"),
    )
    _cell(
        "long_identifier",
        "2^53 + 1 as a number, which a spreadsheet rounds",
        "patient_id",
        9007199254740993,
        "long number",
    )
    _cell("long_sixteen", "A number of sixteen digits", "patient_id", 1234567890123456, "long number")
    _cell("long_twenty", "1e20, displayed in full", "patient_id", 1e20, "long number", "0")
    case(
        "xlsx_long_fifteen.xlsx",
        "A number of fifteen digits",
        book(put("patient_id", 123456789012345)),
        read=renamed("123456789012345"),
    )
    case(
        "xlsx_long_text.xlsx",
        "Sixteen digits as text",
        book(put("patient_id", "9007199254740993")),
        read=renamed("9007199254740993"),
    )
    case(
        "xlsx_seventeen_decimals.xlsx",
        "81.1 as spreadsheets store it, in seventeen digits. OPEN: the number has three digits",
        book(put("weight", 81.25), [(SHEET, "<v>81.25</v>", "<v>81.099999999999994</v>")]),
        read={FIRST: {"weight": 81.1}},
    )
    case(
        "xlsx_exponent.xlsx",
        "A number that the file writes with an exponent",
        book(put("weight", 81.25), [(SHEET, "<v>81.25</v>", "<v>8.125E1</v>")]),
        read={FIRST: {"weight": 81.25}},
    )
    case(
        "xlsx_whole_as_float.xlsx",
        "64 that the file writes as 64.0: a spreadsheet knows no difference",
        book(put("age", 64.25), [(SHEET, "<v>64.25</v>", "<v>64.0</v>")]),
        read={FIRST: {"age": 64}},
    )
    case(
        "xlsx_identifier_number.xlsx",
        "An identifier that became a number: 123 is what the file says",
        book(put("patient_id", 123)),
        read=renamed("123"),
    )
    case(
        "xlsx_identifier_displayed.xlsx",
        "The number 123 displayed as 00123: 123 is what the file says. OPEN: refusing would protect more",
        book(put("patient_id", 123, "00000")),
        read=renamed("123"),
    )
    _cell("code_number", "A code that became a number and lost its zero", "ward", 1, "known code")
    _cell("code_displayed", "The number 1 displayed as 01", "ward", 1, "known code", "00")
    _cell("code_date", "A code that became a date", "ward", date(2020, 1, 1), "known code", "dd/mm/yyyy")
    _cell("code_blank", "A blank after a code", "sex", "M ", "known code")
    _cell("code_nbsp", "A non-breaking blank after a code", "sex", "M\u00a0", "known code")
    _cell("code_boolean", "A logical value for the outcome, whose codes are 0 and 1", "died", False, "known code")
    _cell("whole_decimal", "A decimal displayed as a whole number", "age", 64.4, "whole number", "0")
    _cell("whole_boolean", "A logical value for a number", "age", True, "whole number")
    _cell("whole_date", "A number that became a date by its format", "age", 64, "whole number", "dd/mm/yyyy")
    _cell("whole_blank", "A text of a number and a blank", "age", "64 ", "whole number")
    _cell("decimal_comma", "A text with a decimal comma", "weight", "81,5", "decimal number")
    _cell("decimal_na", "A text N/A", "weight", "N/A", "decimal number")
    _cell(
        "identifier_date",
        "An identifier that became a date: which text it was cannot be told",
        "patient_id",
        date(2020, 2, 1),
        "column type",
        "dd/mm/yyyy",
    )
    _cell("identifier_empty", "No identifier", "patient_id", None, "identifier given")
    _cell("date_serial", "A date that became its serial number", "admitted", 43864, "date format", "General")
    _cell("date_iso_text", "A text in another format", "admitted", "2020-02-03", "date format")
    _cell(
        "date_time",
        "A date with time of day. OPEN: the declared format holds no time",
        "admitted",
        datetime(2020, 2, 3, 10, 30),
        "date format",
        "dd/mm/yyyy hh:mm",
    )
    _cell(
        "date_time_hidden",
        "A time of day that the cell does not display. OPEN: as in xlsx_date_time.xlsx",
        "admitted",
        datetime(2020, 2, 3, 10, 30),
        "date format",
        "dd/mm/yyyy",
    )


def _read() -> None:
    texts = [
        put(column, record[at], "@", row)
        for at, column in enumerate(COLUMNS)
        for row, record in enumerate(lines()[1:], 2)
    ]
    case("xlsx_all_text.xlsx", "Every cell a text", book(together(*texts)), read={})
    flags = [True, False, False, True, False, False, None, False, True, False, False, True]
    case("xlsx_flags.xlsx", "Logical values for the flag", book(_column("smoker", flags)), read={})
    numbers = [1, 0, 0, 1, 0, 0, None, 0, 1, 0, 0, 1]
    case("xlsx_flags_numbers.xlsx", "Numbers for the flag", book(_column("smoker", numbers)), read={})
    case(
        "xlsx_date_american.xlsx",
        "A true date displayed the American way is the same day",
        book(put("admitted", date(2020, 2, 3), "mm-dd-yy")),
        read={},
    )
    case(
        "xlsx_date_1904.xlsx",
        "A workbook that counts days from 1904",
        book(lambda workbook, _: setattr(workbook, "epoch", CALENDAR_MAC_1904)),
        read={},
    )
    case(
        "xlsx_date_iso_cell.xlsx",
        "A date that the file writes in ISO 8601 as a date",
        book(put("admitted", 43864.25, "dd/mm/yyyy"), [(SHEET, 't="n"><v>43864.25</v>', 't="d"><v>2020-02-03</v>')]),
        read={},
    )
    case(
        "xlsx_missing_codes.xlsx",
        "Missing codes as numbers",
        book(together(put("glucose", -9), put("weight", 0))),
        read={FIRST: {"glucose": None, "weight": None}},
    )
    case("xlsx_low.xlsx", "A number too low", book(put("weight", 19.5)), quarantined={"low": 1})
    case("xlsx_missing.xlsx", "A required number left empty", book(put("age", None)), quarantined={"missing": 1})
    case(
        "xlsx_dimension.xlsx",
        "The file claims to end after its first records",
        book(None, [(SHEET, '<dimension ref="A1:M13"', '<dimension ref="A1:M5"')]),
        read={},
    )
    case(
        "xlsx_dimension_one.xlsx",
        "The file claims to be one cell",
        book(None, [(SHEET, '<dimension ref="A1:M13"', '<dimension ref="A1"')]),
        read={},
    )
    case("xlsx_shared.xlsx", "Texts in a part of their own, as Excel keeps them", book(shared=True), read={})
    rich = "<si><r><t>00</t></r><r><rPr><b/></rPr><t>123</t></r></si>"
    case(
        "xlsx_rich_text.xlsx",
        "An identifier of which a part is bold",
        book(None, [(STRINGS, "<si><t>00123</t></si>", rich)], shared=True),
        read={},
    )

    def hidden(_: Workbook, sheet: Worksheet) -> None:
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["D"].hidden = True

    case(
        "xlsx_hidden_row.xlsx",
        "A hidden row and a hidden column are read. OPEN: leaving out a filtered row would lose a patient",
        book(hidden),
        read={},
    )
    case(
        "xlsx_identifier_script.xlsx",
        "A script for an identifier",
        book(put("patient_id", "<script>alert(1)</script>")),
        read=renamed("<script>alert(1)</script>"),
    )
    case(
        "xlsx_identifier_break.xlsx",
        "A line break within an identifier",
        book(put("patient_id", "00\n123")),
        read=renamed("00\n123"),
    )


def add() -> None:
    _cells()
    _read()
