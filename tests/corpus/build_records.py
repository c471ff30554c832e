"""Plausible ranges, required values and the rules on a record."""

from build_base import FIRST, case, cell, millimoles, value, ward

LIMITS: list[tuple[str, str, str | int | float, str, str]] = [  # column, lowest, as read, below it, beyond the highest
    ("age", "0", 0, "-1", "121"),
    ("weight", "20", 20.0, "19.999", "350.001"),
    ("glucose", "1", 1.0, "0.999", "60.001"),
]


def _ranges() -> None:
    for column, lowest, read, below, beyond in LIMITS:
        value(f"range_{column}_lowest.csv", "The lowest plausible value", column, lowest, read)
        cell(
            f"range_{column}_below.csv", "Just below the lowest plausible value", column, below, quarantined={"low": 1}
        )
        cell(
            f"range_{column}_beyond.csv",
            "Just beyond the highest plausible value",
            column,
            beyond,
            quarantined={"high": 1},
        )
    value("range_age_highest.csv", "The highest plausible value", "age", "120", 120)
    value("range_weight_highest.csv", "The highest plausible value", "weight", "350", 350.0)
    value("range_glucose_highest.csv", "The highest plausible value", "glucose", "60.0", 60.0)
    pressures: list[tuple[str, str, int, int, str | None]] = [
        ("lowest", "The lowest plausible pressures", 50, 20, None),
        ("highest", "The highest plausible pressures", 300, 200, None),
        ("systolic_below", "A systolic pressure just too low", 49, 20, "low"),
        ("systolic_beyond", "A systolic pressure just too high", 301, 82, "high"),
        ("diastolic_below", "A diastolic pressure just too low", 138, 19, "low"),
        ("diastolic_beyond", "A diastolic pressure just too high", 250, 201, "high"),
        ("equal", "Equal pressures: not below", 110, 110, "diastolic_below_systolic"),
        ("swapped", "Pressures swapped", 82, 138, "diastolic_below_systolic"),
    ]
    for name, about, systolic, diastolic, rule in pressures:
        data = ward({FIRST: {"systolic": str(systolic), "diastolic": str(diastolic)}})
        if rule is None:
            case(
                f"range_pressure_{name}.csv", about, data, read={FIRST: {"systolic": systolic, "diastolic": diastolic}}
            )
        else:
            case(f"range_pressure_{name}.csv", about, data, quarantined={rule: 1})
    cell(
        "range_age_huge.csv", "Eighteen digits fit a whole number but no age", "age", "9" * 18, quarantined={"high": 1}
    )
    cell(
        "range_age_2_53.csv",
        "2^53 + 1 fits a whole number but no age",
        "age",
        "9007199254740993",
        quarantined={"high": 1},
    )
    cell(
        "range_weight_huge.csv",
        "Four hundred digits: beyond every float",
        "weight",
        "9" * 400,
        refused="decimal number",
    )
    cell("range_weight_half.csv", "A point and nothing before it", "weight", ".5", quarantined={"low": 1})
    cell("range_glucose_minus.csv", "A negative glucose", "glucose", "-7.4", quarantined={"low": 1})
    for name, milligrams, rule in (
        ("lowest", "18.02", None),
        ("highest", "1080.9", None),
        ("below", "18", "low"),
        ("beyond", "1081", "high"),
    ):
        data = ward({"00207": {"glucose": milligrams}})
        if rule is None:
            case(
                f"range_mg_{name}.csv",
                "Plausible once converted",
                data,
                read={"00207": {"glucose": millimoles(milligrams)}},
            )
        else:
            case(f"range_mg_{name}.csv", "Implausible once converted", data, quarantined={rule: 1})
    case(
        "range_mg_exact.csv",
        "Exactly the highest plausible value once converted. OPEN: a rounded conversion could lie beyond",
        ward({"00207": {"glucose": "1080.936"}}),
        read={"00207": {"glucose": 60.0}},
    )


def _records() -> None:
    for column in ("age", "systolic", "diastolic"):
        cell(f"record_{column}_missing.csv", "A required number left empty", column, "", quarantined={"missing": 1})
    several = {FIRST: {"age": "130", "weight": "500"}}
    case(
        "record_two_values.csv", "Two values of one record too high: one record", ward(several), quarantined={"high": 1}
    )
    both = {FIRST: {"age": "130", "weight": "5"}}
    case(
        "record_high_and_low.csv",
        "One value too high, one too low in one record",
        ward(both),
        quarantined={"high": 1, "low": 1},
    )
    case(
        "record_two_rules.csv",
        "A record breaks both rules",
        ward({FIRST: {"diastolic": "140", "discharged": "01/02/2020"}}),
        quarantined={"diastolic_below_systolic": 1, "discharge_not_before_admission": 1},
    )
    case(
        "record_range_and_rule.csv",
        "A record breaks a range and a rule",
        ward({FIRST: {"age": "121", "diastolic": "140"}}),
        quarantined={"high": 1, "diastolic_below_systolic": 1},
    )
    case(
        "record_missing_and_rule.csv",
        "A record lacks a value and breaks a rule",
        ward({FIRST: {"age": "", "diastolic": "140"}}),
        quarantined={"missing": 1, "diastolic_below_systolic": 1},
    )
    case(
        "record_missing_in_rule.csv",
        "A value that the rule compares is missing: nothing to compare",
        ward({FIRST: {"systolic": "", "diastolic": "140"}}),
        quarantined={"missing": 1},
    )
    case(
        "record_unit_and_high.csv",
        "A glucose without unit, however high: no unit, no range",
        ward({FIRST: {"glucose": "900", "glucose_unit": "", "age": "121"}}),
        quarantined={"unit given": 1, "high": 1},
    )
    five = {
        "00123": {"age": "121"},
        "00207": {"systolic": "20", "diastolic": "20"},
        "00442": {"weight": "5"},
        "00850": {"sex": ""},
        "00966": {"diastolic": "135"},
    }
    case(
        "record_five.csv",
        "Five records, each for its own reason; the second for two",
        ward(five),
        quarantined={"high": 1, "low": 2, "missing": 1, "diastolic_below_systolic": 2},
    )
    case(
        "record_refused_after_quarantine.csv",
        "An implausible value and, in a later record, a text that is no number: the table is refused",
        ward({FIRST: {"age": "130"}, "01290": {"age": "old"}}),
        refused="whole number",
    )


def add() -> None:
    _ranges()
    _records()
