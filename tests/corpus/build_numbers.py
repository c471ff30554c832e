"""Numbers as people and programs write them."""

from build_base import FIRST, case, cell, millimoles, value, ward

WHOLE: list[tuple[str, str, str]] = [  # file, about, the age as written
    ("word", "A number in words", "sixty"),
    ("decimal", "A decimal where a whole number is declared", "64.5"),
    ("point_zero", "A whole number written as a decimal", "64.0"),
    ("point", "A whole number with a point", "64."),
    ("exponent", "A spreadsheet's exponent", "12E3"),
    ("exponent_sign", "An exponent with sign", "6.4e+1"),
    ("hex", "Hexadecimal", "0x40"),
    ("octal", "Octal", "0o100"),
    ("underscore", "A programmer's underscore", "6_4"),
    ("blank_after", "A blank after the number", "64 "),
    ("blank_before", "A blank before the number", " 64"),
    ("blank_only", "A blank is not empty", " "),
    ("nbsp", "A non-breaking blank after the number", "64\u00a0"),
    ("zero_width", "A zero-width space within the number", "6\u200b4"),
    ("tab", "A tab after the number", "64\t"),
    ("full_width", "Full-width digits", "\uff16\uff14"),
    ("arabic", "Arabic-Indic digits", "\u0666\u0664"),
    ("superscript", "A superscript digit", "6\u00b2"),
    ("unicode_minus", "The minus sign U+2212", "\u22125"),
    ("sign_only", "A sign alone", "+"),
    ("sign_twice", "Two signs", "--5"),
    ("sign_after", "A sign after the number", "5-"),
    ("sign_apart", "A sign apart from its number", "- 5"),
    ("digits_19", "Nineteen digits", "1000000000000000000"),
    ("digits_19_zeros", "Nineteen digits, most of them leading zeros", "0000000000000000064"),
    ("digits_5000", "Five thousand digits, more than Python converts", "6" * 5000),
    ("newline", "A line break after the number", '"64\\n"'),
    ("unit", "A number with its unit", "64y"),
    ("range", "A range", "60-64"),
    ("greater", "A censored number", ">89"),
    ("star", "A flagged number", "64*"),
    ("thousands", "A quoted thousands separator", '"1,000"'),
    ("true", "A logical value", "true"),
    ("none", "None as text", "None"),
    ("na", "NA as text", "NA"),
    ("n_a", "N/A as text", "N/A"),
    ("null", "null as text", "null"),
    ("question", "Another column's missing code", "?"),
    ("dash", "A dash for missing", "-"),
    ("formula", "A formula", "=1+1"),
    ("formula_at", "A formula of old", "@SUM(A1)"),
    ("formula_plus", "A command in a formula, not to be echoed raw", "+cmd|' /C calc'!A0"),
    ("excel_error", "A spreadsheet's error", "#N/A"),
    ("script", "A script, not to be echoed raw", "<script>alert(1)</script>"),
]

DECIMAL: list[tuple[str, str, str]] = [  # file, about, the weight as written
    ("exponent", "An exponent", "8.15e1"),
    ("exponent_huge", "An exponent beyond every float", "1e999"),
    ("inf", "Infinity, in short", "inf"),
    ("infinity", "Minus infinity, in full", "-Infinity"),
    ("nan", "Not a number: in text it is text", "nan"),
    ("nan_capitals", "Not a number, as others write it", "NaN"),
    ("na", "NA as text", "NA"),
    ("null", "null as text", "null"),
    ("none", "None as text", "None"),
    ("n_a", "N/A as text", "N/A"),
    ("hex_float", "A hexadecimal float", "0x1.8p1"),
    ("underscore", "A programmer's underscore", "1_000"),
    ("thousands_comma", "A quoted thousands separator", '"1,081.5"'),
    ("thousands_blank", "A blank for thousands", "1 081.5"),
    ("thousands_nbsp", "A narrow non-breaking blank for thousands", "1\u202f081.5"),
    ("thousands_apostrophe", "An apostrophe for thousands", "1'081.5"),
    ("points", "Two points", "8.1.5"),
    ("point_only", "A point alone", "."),
    ("sign_point", "A sign and a point", "-."),
    ("blank_after", "A blank after the number", "81.5 "),
    ("nbsp", "A non-breaking blank before the number", "\u00a081.5"),
    ("unicode_minus", "The minus sign U+2212", "\u221281.5"),
    ("full_width", "Full-width digits", "\uff18\uff11.5"),
    ("full_width_point", "A full-width point", "81\uff0e5"),
    ("arabic", "Arabic-Indic digits and decimal mark", "\u0668\u0661\u066b\u0665"),
    ("half", "A fraction sign", "81\u00bd"),
    ("unit", "A number with its unit", "81.5 kg"),
    ("less", "A number below the limit of detection", "<20"),
    ("percent", "A percentage", "81%"),
    ("currency", "A currency", "$81.5"),
    ("brackets", "A bookkeeper's negative number", "(81.5)"),
    ("formula", "A formula", "=80+1.5"),
    ("missing_code_of_other", "Another column's missing code, followed by a blank", "-9 "),
]


def _read() -> None:
    value("whole_plus.csv", "A plus sign", "age", "+64", 64)
    value("whole_leading_zero.csv", "A leading zero: nothing octal", "age", "064", 64)
    value("whole_digits_18.csv", "Eighteen digits, most of them leading zeros", "age", "000000000000000064", 64)
    value("whole_minus_zero.csv", "Minus zero is zero", "age", "-0", 0)
    value("decimal_whole.csv", "A decimal without point", "weight", "81", 81.0)
    value("decimal_point_last.csv", "A point and nothing after it", "weight", "81.", 81.0)
    value("decimal_plus.csv", "A plus sign", "glucose", "+5", 5.0)
    value("decimal_zeros.csv", "Leading and trailing zeros", "weight", "000081.500", 81.5)
    value(
        "decimal_digits_19.csv",
        "More digits than a float keeps",
        "weight",
        "81.123456789012345678",
        81.123456789012345678,
    )
    value("decimal_digits_5000.csv", "Five thousand digits", "weight", "81." + "5" * 5000, 81.5555555555555556)
    value("decimal_field_40k.csv", "A field of forty thousand characters", "weight", "81.5" + "0" * 40_000, 81.5)
    value("decimal_third.csv", "A repeating mg/dL", "glucose", "5.333333333333333", 5.333333333333333)


def _units_and_codes() -> None:
    mixed = {FIRST: {"glucose": "140", "glucose_unit": "mg/dL"}, "00442": {"glucose": "200.5", "glucose_unit": "mg/dL"}}
    case(
        "unit_mixed.csv",
        "Half the ward in mg/dL",
        ward(mixed),
        read={FIRST: {"glucose": millimoles("140")}, "00442": {"glucose": millimoles("200.5")}},
    )
    cell(
        "unit_swapped.csv",
        "mmol/L named mg/dL: implausibly low once converted",
        "glucose_unit",
        "mg/dL",
        quarantined={"low": 1},
    )
    case(
        "unit_swapped_high.csv",
        "mg/dL named mmol/L: implausibly high",
        ward({"00207": {"glucose_unit": "mmol/L"}}),
        quarantined={"high": 1},
    )
    cell(
        "unit_missing.csv",
        "A glucose without its unit. OPEN: 'missing' could be meant as well, as the unit column allows none",
        "glucose_unit",
        "",
        quarantined={"unit given": 1},
    )
    cell("unit_unknown.csv", "An unknown unit", "glucose_unit", "g/L", refused="known code")
    cell("unit_case.csv", "A unit in lower case", "glucose_unit", "mmol/l", refused="known code")
    cell("unit_capitals.csv", "A unit in capitals", "glucose_unit", "MG/DL", refused="known code")
    cell("unit_blank.csv", "A blank after a unit", "glucose_unit", "mmol/L ", refused="known code")
    cell("unit_look_alike.csv", "A fraction slash within a unit", "glucose_unit", "mmol\u2044L", refused="known code")
    case(
        "unit_both_missing.csv",
        "Neither glucose nor unit: nothing lacks its unit. OPEN: 'missing' could be meant",
        ward({"00508": {"glucose_unit": ""}}),
        read={"00508": {"glucose": None}},
    )
    value("missing_glucose.csv", "The missing code of glucose", "glucose", "-9", None)
    value("missing_glucose_empty.csv", "A glucose left empty beside its unit", "glucose", "", None)
    case(
        "missing_glucose_mg.csv",
        "The missing code stands before any conversion",
        ward({"00207": {"glucose": "-9"}}),
        read={"00207": {"glucose": None}},
    )
    cell(
        "missing_glucose_decimal.csv",
        "-9.0 is the number -9, which the schema declares as missing",
        "glucose",
        "-9.0",
        read={FIRST: {"glucose": None}},
    )
    cell("missing_glucose_99.csv", "A missing code nobody declared", "glucose", "999", quarantined={"high": 1})
    cell("missing_glucose_minus_1.csv", "Another missing code nobody declared", "glucose", "-1", quarantined={"low": 1})
    cell("missing_glucose_zero.csv", "Another column's missing code", "glucose", "0", quarantined={"low": 1})
    value("missing_weight.csv", "The missing code of weight", "weight", "0", None)
    cell(
        "missing_weight_decimal.csv",
        "0.0 is the number 0, which the schema declares as missing",
        "weight",
        "0.0",
        read={FIRST: {"weight": None}},
    )
    cell(
        "missing_weight_minus.csv",
        "-0 is the number 0, which the schema declares as missing",
        "weight",
        "-0",
        read={FIRST: {"weight": None}},
    )
    cell(
        "missing_weight_plus.csv",
        "+0 is the number 0, which the schema declares as missing",
        "weight",
        "+0",
        read={FIRST: {"weight": None}},
    )
    cell(
        "missing_weight_code_of_other.csv",
        "The missing code of glucose in weight",
        "weight",
        "-9",
        quarantined={"low": 1},
    )
    cell("missing_age_code_of_other.csv", "A missing code where none is declared", "age", "-9", quarantined={"low": 1})


def add() -> None:
    for name, about, raw in WHOLE:
        cell(f"whole_{name}.csv", about, "age", raw, refused="whole number")
    for name, about, raw in DECIMAL:
        cell(f"decimal_{name}.csv", about, "weight", raw, refused="decimal number")
    _read()
    _units_and_codes()
