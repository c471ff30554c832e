"""Dates that are none, dates in other formats, and dates that exist."""

from build_base import STAYING, case, cell, value, ward

REFUSED: list[tuple[str, str, str]] = [  # file, about, the date of admission as written
    ("unpadded", "Day and month without their zeros", "3/2/2020"),
    ("unpadded_day", "The day without its zero", "3/02/2020"),
    ("iso", "An ISO date", "2020-02-03"),
    ("year_first", "The year first", "2020/02/03"),
    ("year_two_digits", "A two-digit year", "03/02/20"),
    ("year_five_digits", "A five-digit year", "03/02/02020"),
    ("month_13", "Day and month swapped, impossible", "02/13/2020"),
    ("american", "An American New Year's Eve", "12/31/2019"),
    ("february_31", "31 February", "31/02/2020"),
    ("february_29", "29 February of no leap year", "29/02/2019"),
    ("february_29_1900", "29 February 1900, which Excel believes in", "29/02/1900"),
    ("april_31", "31 April", "31/04/2020"),
    ("day_0", "Day 0", "00/02/2020"),
    ("month_0", "Month 0", "03/00/2020"),
    ("zeros", "A database's zero date", "00/00/0000"),
    ("year_0", "Year 0", "01/01/0000"),
    ("time", "A date with time", "03/02/2020 10:30"),
    ("midnight", "A date with midnight", "03/02/2020 00:00:00"),
    ("zone", "A date with a zone", "03/02/2020Z"),
    ("serial", "A spreadsheet's serial number", "43864"),
    ("serial_fraction", "A spreadsheet's serial number with time", "43864.4375"),
    ("epoch", "Seconds since 1970", "1580688000"),
    ("dots", "Points for slashes", "03.02.2020"),
    ("dashes", "Dashes for slashes", "03-02-2020"),
    ("words", "A month in words", "3 Feb 2020"),
    ("month_name", "A month's short name", "03/Feb/2020"),
    ("compact", "No separators", "03022020"),
    ("blank_after", "A blank after the date", "03/02/2020 "),
    ("blank_before", "A blank before the date", " 03/02/2020"),
    ("blank_inside", "Blanks for zeros", " 3/ 2/2020"),
    ("nbsp", "A non-breaking blank after the date", "03/02/2020\u00a0"),
    ("newline", "A line break after the date", '"03/02/2020\n"'),
    ("full_width", "Full-width digits", "\uff10\uff13/02/2020"),
    ("arabic", "Arabic-Indic digits", "\u0660\u0663/\u0660\u0662/\u0662\u0660\u0662\u0660"),
    ("slashes", "Fraction slashes", "03\u204402\u20442020"),
    ("signed", "A sign", "+3/02/2020"),
    ("unknown", "A word", "unknown"),
    ("partial", "A month without its day", "02/2020"),
    ("nat", "Not a time", "NaT"),
    ("missing_code_of_other", "A missing code where none is declared", "-9"),
]


def _stay(file: str, about: str, raw: str, read: str | None = None, rule: str | None = None) -> None:
    """Declare an admission of the one record without discharge."""
    data = ward({STAYING: {"admitted": raw}})
    if rule is None:
        case(file, about, data, read={STAYING: {"admitted": read}})
    else:
        case(file, about, data, quarantined={rule: 1})


def add() -> None:
    for name, about, raw in REFUSED:
        cell(f"date_{name}.csv", about, "admitted", raw, refused="date format")
    cell(
        "date_iso_discharged.csv",
        "An ISO date where a date may be missing",
        "discharged",
        "2020-02-10",
        refused="date format",
    )
    cell(
        "date_blank_discharged.csv",
        "A blank is not empty where a date may be missing",
        "discharged",
        " ",
        refused="date format",
    )
    value("date_february_29_leap.csv", "29 February of a leap year", "discharged", "29/02/2020", "2020-02-29")
    value("date_discharged_missing.csv", "A discharge left empty", "discharged", "", None)
    value(
        "date_swapped.csv",
        "Day and month swapped, possible: nothing can be noticed",
        "discharged",
        "02/10/2020",
        "2020-10-02",
    )
    cell(
        "date_swapped_before.csv",
        "Day and month swapped, so that the discharge comes first",
        "discharged",
        "10/01/2020",
        quarantined={"discharge_not_before_admission": 1},
    )
    value("date_same_day.csv", "Discharged on the day of admission", "discharged", "03/02/2020", "2020-02-03")
    cell(
        "date_day_before.csv",
        "Discharged on the day before admission",
        "discharged",
        "02/02/2020",
        quarantined={"discharge_not_before_admission": 1},
    )
    cell("date_missing.csv", "No date of admission", "admitted", "", quarantined={"missing": 1})
    _stay("date_first.csv", "The first plausible day", "01/01/2015", read="2015-01-01")
    _stay("date_last.csv", "The last plausible day", "31/12/2024", read="2024-12-31")
    _stay("date_before_first.csv", "The day before the first plausible day", "31/12/2014", rule="low")
    _stay("date_after_last.csv", "The day after the last plausible day", "01/01/2025", rule="high")
    _stay("date_1900.csv", "A spreadsheet's day 1", "01/01/1900", rule="low")
    for file, about, raw in (
        (
            "date_9999.csv",
            "A database's end of time: a year that no date can hold, so a missing code to declare",
            "31/12/9999",
        ),
        ("date_0202.csv", "Year 202 in four digits: a year that no date can hold", "03/02/0202"),
    ):
        cell(file, about, "admitted", raw, refused="date format")
    cell(
        "date_discharged_late.csv",
        "A discharge after the last plausible day",
        "discharged",
        "01/01/2025",
        quarantined={"high": 1},
    )
    cell(
        "date_both_implausible.csv",
        "A year typed wrong: implausibly late, and after the discharge. Both rules count the record",
        "admitted",
        "03/02/2200",
        quarantined={"high": 1, "discharge_not_before_admission": 1},
    )
