"""Identifiers that must stay as they are, patients who occur twice, codes and flags."""

from build_base import BASE, FIRST, ROWS, case, cell, identifier, renamed, value, ward

IDENTIFIERS: list[tuple[str, str, str]] = [  # file, about, the identifier
    ("zeros", "Nothing but zeros", "00000"),
    ("one_zero", "A zero is not missing", "0"),
    ("number", "Another identifier than 00123", "123"),
    ("exponent", "An identifier that looks like an exponent", "12E3"),
    ("big", "2^53 + 1, which no float holds", "9007199254740993"),
    ("digits_30", "Thirty digits", "123456789012345678901234567890"),
    ("decimal", "An identifier that looks like a decimal", "1.10"),
    ("date", "An identifier that looks like a date", "01/02/2020"),
    ("true", "An identifier that looks like a logical value", "TRUE"),
    ("none", "None is a text here", "None"),
    ("na", "NA is a text here", "NA"),
    ("n_a", "N/A is a text here", "N/A"),
    ("null", "null is a text here", "null"),
    ("nan", "nan is a text here", "nan"),
    ("inf", "inf is a text here", "inf"),
    ("missing_code", "Another column's missing code is a text here", "-9"),
    ("question", "Another column's missing code is a text here", "?"),
    ("formula", "A formula, to stay text wherever it is shown", "=1+1"),
    ("formula_at", "A formula of old, to stay text wherever it is shown", "@SUM(A1)"),
    ("formula_plus", "A command in a formula, to stay text wherever it is shown", "+cmd|' /C calc'!A0"),
    ("formula_minus", "A formula with a minus, to stay text wherever it is shown", "-2+3"),
    ("script", "A script, to be escaped wherever it is shown", "<script>alert(1)</script>"),
    ("image", "An image with a script, to be escaped wherever it is shown", "<img src=x onerror=alert(1)>"),
    ("entity", "An HTML entity stays as it is", "&lt;123&gt;"),
    ("template", "A template's braces, to stay text wherever they are shown", "{{ 7*7 }}{0}%s"),
    ("path", "A path, never to name a file", "../../etc/passwd"),
    ("sql", "A database command, never to be run", "'; DROP TABLE patients;--"),
    ("direction", "A mark that turns the direction of writing", "\u202e32100"),
    ("hash", "A comment sign opens no comment", "#00123"),
    ("long", "Two thousand characters", "x" * 2000),
    ("blank_inside", "A blank within", "00 123"),
    ("blank_before", "A blank before: nothing is trimmed", " 00123"),
    ("blank_after", "A blank after: nothing is trimmed", "00123 "),
    ("nbsp", "A non-breaking blank after: nothing is trimmed", "00123\u00a0"),
    ("blank_only", "A blank is not empty. OPEN: 'identifier given' would protect more", " "),
    ("full_width", "Full-width digits are other characters", "\uff10\uff10\uff11\uff12\uff13"),
    ("decomposed", "A letter and its accent stay two characters", "e\u0301123"),
]

SEX: list[tuple[str, str, str]] = [  # file, about, the code as written
    ("lower", "A code in lower case", "m"),
    ("blank_after", "A blank after a code", "M "),
    ("blank_before", "A blank before a code", " M"),
    ("blank_only", "A blank is not empty", " "),
    ("nbsp", "A non-breaking blank after a code", "M\u00a0"),
    ("zero_width", "A zero-width space after a code", "M\u200b"),
    ("soft_hyphen", "A soft hyphen before a code", "\u00adM"),
    ("cyrillic", "A Cyrillic letter that looks like the code", "\u041c"),
    ("greek", "A Greek letter that looks like the code", "\u039c"),
    ("full_width", "A full-width letter", "\uff2d"),
    ("accent", "A combining accent on a code", "M\u0301"),
    ("unknown", "A code nobody declared", "X"),
    ("label", "The label instead of the code", "male"),
    ("code_of_other", "Another column's missing code", "?"),
    ("number", "A number instead of the code", "1"),
    ("twice", "Two codes", "M/F"),
    ("na", "NA as text", "NA"),
    ("script", "A script, not to be echoed raw", "<script>alert(1)</script>"),
    ("formula", "A formula, not to be echoed raw", "=1+1"),
    ("long", "A code of forty thousand characters, not to be echoed in full", "M" * 40_000),
]


def _codes() -> None:
    for name, about, raw in SEX:
        cell(f"code_{name}.csv", about, "sex", raw, refused="known code")
    cell("code_zero_lost.csv", "A code that lost its leading zero", "ward", "1", refused="known code")
    cell("code_zero_more.csv", "A code with a zero too many", "ward", "001", refused="known code")
    cell("code_letter_o.csv", "The letter O for a zero", "ward", "O1", refused="known code")
    cell("code_decimal.csv", "A code that became a decimal", "ward", "1.0", refused="known code")
    cell("code_arabic.csv", "Arabic-Indic digits", "ward", "\u0660\u0661", refused="known code")
    cell("code_sex_missing.csv", "A required code left empty", "sex", "", quarantined={"missing": 1})
    cell("code_ward_missing.csv", "Another required code left empty", "ward", "", quarantined={"missing": 1})
    for name, raw in {
        "capitals": "TRUE",
        "word": "yes",
        "decimal": "1.0",
        "two": "2",
        "blank": "1 ",
        "plus": "+1",
    }.items():
        cell(f"flag_{name}.csv", "A flag in a way nobody declared", "smoker", raw, refused="known code")
    value("flag_true.csv", "A flag in its other way", "smoker", "true", "yes")
    value("flag_false.csv", "A flag in its other way", "smoker", "false", "no")
    value("flag_missing_code.csv", "The missing code of the flag", "smoker", "?", None)
    value("flag_empty.csv", "A flag left empty", "smoker", "", None)
    cell("outcome_word.csv", "A flag's code is not the outcome's", "died", "true", refused="known code")
    cell("outcome_decimal.csv", "The outcome as a decimal", "died", "0.0", refused="known code")
    cell("outcome_two.csv", "An outcome nobody declared", "died", "2", refused="known code")
    cell("outcome_missing.csv", "An outcome left empty", "died", "", quarantined={"missing": 1})
    case(
        "outcome_cut_off.csv",
        "The last character of the file cut off: the last outcome is empty",
        BASE[:-2],
        quarantined={"missing": 1},
    )


def _patients() -> None:
    case("twice_exact.csv", "A record twice", BASE + ",".join(ROWS[0]) + "\n", refused="one row per patient")
    case(
        "twice_next.csv",
        "A record twice in a row",
        BASE.replace("00442,", "00315,28/02/2021,15/03/2021,45,122,78,5.6,mmol/L,73.2,false,F,03,0\n00442,", 1),
        refused="one row per patient",
    )
    other = ",".join(["00123", *ROWS[6][1:]]) + "\n"
    case("twice_different.csv", "A patient with two different records", BASE + other, refused="one row per patient")
    case(
        "twice_implausible.csv",
        "A patient twice, one record implausible: quarantine must not hide it",
        BASE + other.replace(",69,", ",690,"),
        refused="one row per patient",
    )
    case("twice_all.csv", "The whole ward twice", BASE + BASE.split("\n", 1)[1], refused="one row per patient")
    case(
        "twice_but_for_zeros.csv",
        "00123 and 123 are two patients",
        ward({"00207": {"patient_id": "123"}}),
        read={"123": {"patient_id": "123", "admitted": "2019-05-11", "died": "yes"}},
    )
    case(
        "twice_but_for_blank.csv",
        "00123 and 00123 with a blank are two patients, as nothing is trimmed. OPEN: a warning would protect",
        ward({"00207": {"patient_id": "00123 "}}),
        read={"00123 ": {"patient_id": "00123 ", "admitted": "2019-05-11", "died": "yes"}},
    )
    composed = {FIRST: {"patient_id": "\u00e9123"}, "00207": {"patient_id": "e\u0301123"}}
    case(
        "twice_but_for_accent.csv",
        "A composed and a decomposed letter are two patients. OPEN: a warning would protect",
        ward(composed),
        read={
            "\u00e9123": {"patient_id": "\u00e9123", "died": "no"},
            "e\u0301123": {"patient_id": "e\u0301123", "died": "yes"},
        },
    )
    cell("identifier_missing.csv", "No identifier", "patient_id", "", refused="identifier given")
    cell("identifier_missing_quoted.csv", "A quoted empty identifier", "patient_id", '""', refused="identifier given")
    case(
        "identifier_missing_two.csv",
        "No identifier in two records: not one patient twice",
        ward({FIRST: {"patient_id": ""}, "00207": {"patient_id": ""}}),
        refused="identifier given",
    )
    nobody = {row[0]: {"died": "0"} for row in ROWS}
    case("outcome_none.csv", "Nobody died", ward(nobody), refused="outcome varies")
    case("outcome_all.csv", "Everybody died", ward({row[0]: {"died": "1"} for row in ROWS}), refused="outcome varies")
    one = nobody | {FIRST: {"died": "1", "age": "640"}}
    case(
        "outcome_quarantined.csv",
        "The only death is in a quarantined record: nobody else died. OPEN: it could be looked at earlier",
        ward(one),
        refused="outcome varies",
    )
    case(
        "outcome_one.csv",
        "One death is enough to vary",
        ward(nobody | {FIRST: {"died": "1"}}),
        read={FIRST: {"died": "yes"}} | {row[0]: {"died": "no"} for row in ROWS[1:]},
    )


def add() -> None:
    for name, about, identity in IDENTIFIERS:
        identifier(f"id_{name}.csv", about, identity)
    cell(
        "id_link.csv",
        "A quoted formula with a link, to stay text wherever it is shown",
        "patient_id",
        '"=HYPERLINK(""http://example.invalid"",""x"")"',
        read=renamed('=HYPERLINK("http://example.invalid","x")'),
    )
    _codes()
    _patients()
