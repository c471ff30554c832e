"""Delimiters, headers, ragged lines, line ends and quotes."""

from build_base import BASE, COLUMNS, FIRST, ROWS, STAYING, case, cell, everything, identifier, lines, text, ward

HEADER = ",".join(COLUMNS)
RECORDS = BASE.split("\n", 1)[1]
LAST = ROWS[-1]
COMMAS = {
    row[0]: {column: row[COLUMNS.index(column)].replace(".", ",") for column in ("glucose", "weight")} for row in ROWS
}


def _header(file: str, about: str, header: str) -> None:
    """Declare a case whose header is refused over the ward's unchanged records."""
    case(file, about, header + "\n" + RECORDS, refused="header")


def _delimiters() -> None:
    case("csv_base.csv", "The ward itself: every cell except glucose_unit", BASE, read=everything())
    case("csv_not_there.csv", "A file that does not exist (none is written)", None, refused="file")
    case("csv_ward.txt", "The ending .txt", BASE, read={})
    case("csv_semicolon.csv", "Semicolons, declared", ward(delimiter=";"), {"delimiter": ";"}, read={})
    case("csv_semicolon_undeclared.csv", "Semicolons, commas declared", ward(delimiter=";"), refused="header")
    case("csv_comma_not_semicolon.csv", "Commas, semicolons declared", BASE, {"delimiter": ";"}, refused="header")
    case("csv_tab.tsv", "Tabs, declared", ward(delimiter="\t"), {"delimiter": "\t"}, read={})
    case(
        "csv_tab_undeclared.tsv",
        "Tabs, commas declared; the ending declares nothing",
        ward(delimiter="\t"),
        refused="header",
    )
    case(
        "csv_tab_as_blanks.tsv",
        "Tabs declared, an editor made them blanks",
        ward(delimiter="    "),
        {"delimiter": "\t"},
        refused="header",
    )
    case("csv_pipe.csv", "Pipes, declared", ward(delimiter="|"), {"delimiter": "|"}, read={})
    case("csv_pipe_undeclared.csv", "Pipes, commas declared", ward(delimiter="|"), refused="header")
    case(
        "csv_semicolon_one_line.csv",
        "One record with semicolons among commas",
        BASE.replace(",".join(ROWS[3]), ";".join(ROWS[3])),
        refused="field count",
    )
    case("csv_sep_line.csv", "Excel's line sep=, above the header", "sep=,\n" + BASE, refused="header")


def _decimal_marks() -> None:
    european = {"delimiter": ";", "decimal": ","}
    case("csv_decimal_comma.csv", "Decimal commas and semicolons, declared", ward(COMMAS, ";"), european, read={})
    case(
        "csv_decimal_comma_undeclared.csv",
        "Decimal commas among semicolons, points declared",
        ward(COMMAS, ";"),
        {"delimiter": ";"},
        refused="decimal number",
    )
    case(
        "csv_decimal_comma_as_delimiter.csv",
        "Decimal commas unquoted among commas",
        ward(COMMAS),
        refused="field count",
    )
    cell(
        "csv_decimal_comma_quoted.csv",
        "One quoted decimal comma, points declared",
        "weight",
        '"81,5"',
        refused="decimal number",
    )
    case(
        "csv_decimal_point_for_comma.csv",
        "Decimal points where commas are declared",
        ward(delimiter=";"),
        european,
        refused="decimal number",
    )
    one = ward(COMMAS | {FIRST: {"weight": "81.5", "glucose": "7,4"}}, ";")
    case(
        "csv_decimal_point_once.csv",
        "One decimal point where commas are declared",
        one,
        european,
        refused="decimal number",
    )
    both = ward(COMMAS | {FIRST: {"weight": "1.081,5", "glucose": "7,4"}}, ";")
    case(
        "csv_decimal_both_marks.csv",
        "Point for thousands beside a decimal comma",
        both,
        european,
        refused="decimal number",
    )


def _headers() -> None:
    case("header_shuffled.csv", "The columns in reverse order", text(lines(order=COLUMNS[::-1])), read={})
    case("header_quoted.csv", "A quoted header", ",".join(f'"{name}"' for name in COLUMNS) + "\n" + RECORDS, read={})
    _header("header_repeated.csv", "A column named twice, another not at all", HEADER.replace("diastolic", "systolic"))
    twice = text([*row, row[3]] for row in lines())
    case("header_repeated_extra.csv", "A column given twice with the same values", twice, refused="header")
    conflict = text([*row, name] for row, name in zip(lines(), ["age", *["50"] * 12], strict=True))
    case("header_repeated_conflict.csv", "A column given twice with other values", conflict, refused="header")
    case("header_missing.csv", "A column left out", text(row[:-2] + row[-1:] for row in lines()), refused="header")
    case(
        "header_optional_missing.csv",
        "A column left out whose values may be missing",
        text(lines(order=[name for name in COLUMNS if name != "weight"])),
        refused="header",
    )
    extra = text([*row, name] for row, name in zip(lines(), ["surname", *["Example"] * 12], strict=True))
    case("header_extra.csv", "A column too many, with a name nobody asked for", extra, refused="header")
    case(
        "header_unnamed.csv",
        "An unnamed column: the row numbers of a data frame",
        text([str(at - 1) if at else "", *row] for at, row in enumerate(lines())),
        refused="header",
    )
    _header("header_name_empty.csv", "A column whose name is empty", HEADER.replace("age", ""))
    _header("header_misspelt.csv", "A misspelt column", HEADER.replace("diastolic", "dyastolic"))
    _header("header_case.csv", "A column name in capitals", HEADER.replace("age", "AGE"))
    _header("header_blank_after.csv", "A blank after a column name", HEADER.replace("age", "age "))
    _header("header_blank_before.csv", "A blank after every comma of the header", HEADER.replace(",", ", "))
    _header("header_nbsp.csv", "A non-breaking blank after a column name", HEADER.replace("age", "age\u00a0"))
    _header("header_zero_width.csv", "A zero-width space within a column name", HEADER.replace("age", "a\u200bge"))
    _header("header_look_alike.csv", "A Cyrillic letter within a column name", HEADER.replace("age", "\u0430ge"))
    _header(
        "header_line_break_lost.csv",
        "The header's line break is lost: the first record continues it",
        HEADER + ",".join(ROWS[0]),
    )
    case("header_none.csv", "No header: the first line is a record", RECORDS, refused="header")
    case("header_title_above.csv", "A title above the header", "Ward report 2024\n" + BASE, refused="header")
    case(
        "header_blank_line_above.csv",
        "A blank line above the header. OPEN: 'empty file' could be meant",
        "\n" + BASE,
        refused="header",
    )
    case("header_comment_above.csv", "A comment above the header", "# exported 2024\n" + BASE, refused="header")
    _header("header_trailing_delimiter.csv", "A comma at the end of the header only", HEADER + ",")
    case(
        "header_all_trailing_delimiter.csv",
        "A comma at the end of every line: an unnamed column",
        BASE.replace("\n", ",\n"),
        refused="header",
    )
    case(
        "header_script.csv",
        "A script for a column name, not to be echoed raw",
        BASE.replace("age", "<script>alert(1)</script>", 1),
        refused="header",
    )
    two = "\n".join([HEADER, *[",".join(row) for row in ROWS[:6]], HEADER, *[",".join(row) for row in ROWS[6:]], ""])
    case(
        "header_again_inside.csv",
        "The header again among the records. OPEN: every typed column refuses it; the first of them is a date",
        two,
        refused="date format",
    )


def _ragged() -> None:
    case("lines_empty_file.csv", "No byte at all", b"", refused="empty file")
    case("lines_only_break.csv", "Nothing but line breaks: a header of no names", "\n\n", refused="header")
    case(
        "lines_only_blanks.csv",
        "Nothing but blanks: one column of that name, as nothing is trimmed. OPEN: 'empty file' could be meant",
        "   ",
        refused="header",
    )
    case("lines_header_only.csv", "A header and no record", HEADER + "\n", refused="no records")
    case("lines_header_only_no_break.csv", "A header without line break, and no record", HEADER, refused="no records")
    case(
        "lines_header_and_blank.csv",
        "A header and a blank line, which is a record",
        HEADER + "\n\n",
        refused="field count",
    )
    case("lines_short.csv", "A record one field short", BASE.replace(",02,1\n", ",02\n", 1), refused="field count")
    case(
        "lines_short_by_missing.csv",
        "An empty field left out with its comma",
        BASE.replace("11/05/2019,,", "11/05/2019,", 1),
        refused="field count",
    )
    case("lines_long.csv", "A record one field long", BASE.replace(",02,1\n", ",02,1,1\n", 1), refused="field count")
    case(
        "lines_trailing_delimiter.csv",
        "A comma at the end of one record",
        BASE.replace(",02,1\n", ",02,1,\n", 1),
        refused="field count",
    )
    case("lines_last_cut.csv", "The last record cut off in the middle", BASE[:-30], refused="field count")
    case(
        "lines_blank_inside.csv",
        "A blank line among the records",
        BASE.replace("\n00611", "\n\n00611"),
        refused="field count",
    )
    case("lines_blank_end.csv", "A blank line at the end", BASE + "\n", refused="field count")
    case("lines_blanks_end.csv", "A line of blanks at the end", BASE + "   \n", refused="field count")
    case("lines_control_z.csv", "The end-of-file mark of DOS", BASE + "\x1a", refused="field count")
    case("lines_comment_end.csv", "A comment below the records", BASE + "# end of export\n", refused="field count")
    case(
        "lines_commas_end.csv",
        "A record of empty fields at the end",
        BASE + "," * 12 + "\n",
        refused="identifier given",
    )
    case(
        "lines_total_end.csv",
        "A line of totals: a record that lacks what is required",
        BASE + "TOTAL" + "," * 12 + "\n",
        quarantined={"missing": 1},
    )
    case("lines_no_last_break.csv", "No line break after the last record", BASE.rstrip("\n"), read={})
    case("lines_split.csv", "A record broken over two lines", BASE.replace("150,90", "150\n90"), refused="field count")
    case("lines_joined.csv", "Two records on one line", BASE.replace("\n00611", ",00611"), refused="field count")
    case("lines_crlf.csv", "Windows' line ends", ward(end="\r\n"), read={})
    case("lines_mixed.csv", "Both line ends in turn", BASE.replace(",0\n", ",0\r\n"), read={})
    case(
        "lines_cr.csv",
        "Carriage returns only, as old machines end lines",
        ward(end="\r"),
        read={},
    )
    case(
        "lines_cr_inside.csv",
        "A lone carriage return in an unquoted field ends the line",
        ward({FIRST: {"patient_id": "00\r123"}}),
        refused="field count",
    )
    case(
        "lines_crcrlf.csv",
        "Line ends converted twice: every other line is blank",
        ward(end="\r\r\n"),
        refused="field count",
    )
    for name, mark in {"vt": "\x0b", "ff": "\x0c", "fs": "\x1c", "nel": "\x85", "ls": "\u2028", "ps": "\u2029"}.items():
        identifier(f"lines_{name}.csv", f"U+{ord(mark):04X} in an identifier ends no line", f"00{mark}123")


def _quotes() -> None:
    quoted = "".join(",".join(f'"{field}"' for field in row) + "\n" for row in lines())
    case("quotes_everywhere.csv", "Every field quoted; a quoted empty field is missing too", quoted, read={})
    case("quotes_everywhere_crlf.csv", "Every field quoted, Windows' line ends", quoted.replace("\n", "\r\n"), read={})
    identifier("quotes_doubled.csv", "Doubled quotes in an identifier", 'a"b', '"a""b"')
    identifier("quotes_only.csv", "An identifier that is one quote", '"', '""""')
    identifier("quotes_delimiter.csv", "The delimiter in a quoted identifier", "00,123", '"00,123"')
    identifier("quotes_lf.csv", "A line break in a quoted identifier", "00\n123", '"00\n123"')
    identifier(
        "quotes_crlf.csv", "Windows' line break in a quoted identifier stays as it is", "00\r\n123", '"00\r\n123"'
    )
    identifier("quotes_blank_line.csv", "A blank line in a quoted identifier is no record", "00\n\n123", '"00\n\n123"')
    identifier("quotes_single.csv", "Single quotes are text", "'00123'")
    identifier("quotes_backslash.csv", "A backslash is text", "00\\123")
    identifier("quotes_backslash_end.csv", "A backslash before the delimiter escapes nothing", "00123\\")
    cell("quotes_single_code.csv", "A code in single quotes", "sex", "'M'", refused="known code")
    cell("quotes_inside.csv", "A quote inside an unquoted field", "patient_id", '00"123', refused="quoting")
    cell("quotes_at_end.csv", "A quote at the end of an unquoted field", "sex", 'M"', refused="quoting")
    cell("quotes_text_after.csv", "Text after the closing quote", "patient_id", '"00"123', refused="quoting")
    cell("quotes_blank_after.csv", "A blank after the closing quote", "patient_id", '"00123" ', refused="quoting")
    cell("quotes_blank_before.csv", "A blank before the opening quote", "patient_id", ' "00123"', refused="quoting")
    cell("quotes_backslashed.csv", "A quote escaped with a backslash", "patient_id", '"00\\"123"', refused="quoting")
    cell("quotes_tripled.csv", "Three quotes where two are meant", "patient_id", '"00"""123"', refused="quoting")
    cell("quotes_unclosed.csv", "A quote opened early and never closed", "patient_id", '"00123', refused="quoting")
    case("quotes_unclosed_end.csv", "A quote opened in the last field", BASE.rstrip("0\n") + '"0\n', refused="quoting")
    case("quotes_unclosed_header.csv", "A quote opened in the header", '"' + BASE, refused="quoting")
    case(
        "quotes_stray_pair.csv",
        "Two stray quotes, records apart",
        ward({FIRST: {"sex": '"M'}, STAYING: {"sex": '"F'}}),
        refused="quoting",
    )
    cell("quotes_curly.csv", "Typographic quotes around a code", "sex", "\u201cM\u201d", refused="known code")
    cell("quotes_number.csv", "A quoted number with blanks", "age", '" 64"', refused="whole number")


def add() -> None:
    _delimiters()
    _decimal_marks()
    _headers()
    _ragged()
    _quotes()
