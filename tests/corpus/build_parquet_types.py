"""Parquet: columns of types that cannot hold their kind, and values that do not fit."""

from datetime import date, datetime
from typing import Any

import pyarrow as pa
from build_parquet_ward import DAYS, DECIMAL, RAW, WHOLE, column, first


def _types() -> None:
    ages, weights, days = WHOLE["age"], DECIMAL["weight"], DAYS["admitted"]
    types: list[tuple[str, str, str, Any]] = [
        ("whole_float", "Floats where whole numbers are declared", "age", pa.array([float(age) for age in ages])),
        ("whole_bool", "Logical values where whole numbers are declared", "age", pa.array([age > 60 for age in ages])),
        ("whole_date", "Dates where whole numbers are declared", "age", pa.array(days)),
        ("whole_duration", "Durations where whole numbers are declared", "age", pa.array(ages, pa.duration("s"))),
        ("whole_list", "Lists of one number", "age", pa.array([[age] for age in ages])),
        ("whole_struct", "Structures of one number", "age", pa.array([{"value": age} for age in ages])),
        ("whole_binary", "Numbers as bytes", "age", pa.array([str(age).encode() for age in ages])),
        (
            "decimal_bool",
            "Logical values where decimals are declared",
            "weight",
            pa.array([bool(weight) for weight in weights]),
        ),
        ("decimal_date", "Dates where decimals are declared", "weight", pa.array(days)),
        ("decimal_list", "Lists of one decimal", "weight", pa.array([[weight] for weight in weights])),
        (
            "identifier_float",
            "Identifiers as floats",
            "patient_id",
            pa.array([float(raw or "") for raw in RAW["patient_id"]]),
        ),
        (
            "identifier_binary",
            "Identifiers as bytes",
            "patient_id",
            pa.array([(raw or "").encode() for raw in RAW["patient_id"]]),
        ),
        (
            "identifier_fixed",
            "Identifiers as bytes of fixed length",
            "patient_id",
            pa.array([(raw or "").encode() for raw in RAW["patient_id"]], pa.binary(5)),
        ),
        (
            "identifier_date",
            "Identifiers that became dates",
            "patient_id",
            pa.array([date(2020, 1, at) for at in range(1, 13)]),
        ),
        ("identifier_list", "Lists of one identifier", "patient_id", pa.array([[raw] for raw in RAW["patient_id"]])),
        ("code_float", "The outcome's codes as floats", "died", pa.array([float(died) for died in WHOLE["died"]])),
        (
            "code_bool",
            "The outcome's codes as logical values: only flags may be",
            "died",
            pa.array([died == 1 for died in WHOLE["died"]]),
        ),
        (
            "code_map",
            "Maps for codes",
            "sex",
            pa.array([[("code", raw)] for raw in RAW["sex"]], pa.map_(pa.string(), pa.string())),
        ),
        ("date_int", "Dates as integers", "admitted", pa.array([int(day.strftime("%Y%m%d")) for day in days if day])),
        ("date_float", "Dates as a spreadsheet's serial numbers", "admitted", pa.array([43864.0] * 12)),
        (
            "date_zone",
            "Timestamps with time zone, at midnight there",
            "admitted",
            pa.array(days).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC")),
        ),
        ("date_time_only", "Times of day", "admitted", pa.array([0] * 12, pa.time64("us"))),
    ]
    for file, about, name, array in types:
        column(f"type_{file}", about, name, array, refused="column type")


def _values() -> None:
    column("infinity", "Infinity", "weight", pa.array(first("weight", float("inf"))), refused="decimal number")
    column(
        "infinity_minus",
        "Minus infinity",
        "glucose",
        pa.array(first("glucose", float("-inf"))),
        refused="decimal number",
    )
    column(
        "nan_text",
        "NaN as text is text",
        "weight",
        pa.array(first("weight", "NaN", RAW["weight"])),
        refused="decimal number",
    )
    column(
        "decimal_text_exponent",
        "A text with an exponent",
        "weight",
        pa.array(first("weight", "8.15e1", RAW["weight"])),
        refused="decimal number",
    )
    column(
        "whole_text_blank",
        "A text with a blank",
        "age",
        pa.array(first("age", " 64", RAW["age"])),
        refused="whole number",
    )
    column(
        "whole_text_float",
        "A text that became a decimal",
        "age",
        pa.array(first("age", "64.0", RAW["age"])),
        refused="whole number",
    )
    column(
        "code_zero_lost",
        "Codes as integers: 1 is not 01",
        "ward",
        pa.array([int(raw or "") for raw in RAW["ward"]]),
        refused="known code",
    )
    column(
        "code_unknown",
        "An unknown code in a dictionary",
        "sex",
        pa.array(first("sex", "X")).dictionary_encode(),
        refused="known code",
    )
    column("code_blank", "A blank after a code", "sex", pa.array(first("sex", "M ")), refused="known code")
    column(
        "code_int_unknown",
        "An unknown code among integers",
        "died",
        pa.array(first("died", 2), pa.int8()),
        refused="known code",
    )
    noon = [datetime(day.year, day.month, day.day) for day in DAYS["admitted"] if day]
    column(
        "date_time",
        "A time of day. OPEN: 'column type' could be meant",
        "admitted",
        pa.array([noon[0].replace(hour=12), *noon[1:]], pa.timestamp("us")),
        refused="date format",
    )
    column(
        "date_nanosecond",
        "A nanosecond after midnight. OPEN: as in pq_date_time.parquet",
        "admitted",
        pa.array([1580688000000000001] * 12, pa.timestamp("ns")),
        refused="date format",
    )
    column(
        "date_text_iso",
        "An ISO date as text",
        "admitted",
        pa.array(first("admitted", "2020-02-03", RAW["admitted"])),
        refused="date format",
    )
    column(
        "date_beyond",
        "A date in the year 15659, which four digits do not hold",
        "discharged",
        pa.array([5_000_000, *[None] * 11], pa.int32()).cast(pa.date32()),
        refused="date format",
    )
    column(
        "identifier_null",
        "No identifier",
        "patient_id",
        pa.array(first("patient_id", None)),
        refused="identifier given",
    )
    column(
        "identifier_empty",
        "An empty identifier",
        "patient_id",
        pa.array(first("patient_id", "")),
        refused="identifier given",
    )
    column(
        "identifier_twice",
        "A patient twice",
        "patient_id",
        pa.array(first("patient_id", "00207")),
        refused="one row per patient",
    )
    column(
        "identifier_nul",
        "A NUL in an identifier. OPEN: a text in Parquet may hold one",
        "patient_id",
        pa.array(first("patient_id", "00\x00123")),
        refused="NUL byte",
    )
    raw = pa.array(first("patient_id", b"00\xff123", [(one or "").encode() for one in RAW["patient_id"]]))
    broken = pa.StringArray.from_buffers(12, raw.buffers()[1], raw.buffers()[2])
    column(
        "identifier_encoding",
        "A text that is no UTF-8. OPEN: 'parquet file' could be meant",
        "patient_id",
        broken,
        refused="encoding",
    )
    column("died_all", "Everybody died", "died", pa.array([1] * 12), refused="outcome varies")
    column("whole_null", "A required number is null", "age", pa.array(first("age", None)), quarantined={"missing": 1})
    column(
        "date_null",
        "A required date is null",
        "admitted",
        pa.array(first("admitted", None)),
        quarantined={"missing": 1},
    )
    column(
        "code_null",
        "A required code is null",
        "sex",
        pa.array(first("sex", None)).dictionary_encode(),
        quarantined={"missing": 1},
    )
    column("low", "A number too low", "weight", pa.array(first("weight", 19.5)), quarantined={"low": 1})
    column(
        "high_float",
        "The largest float",
        "weight",
        pa.array(first("weight", 1.7976931348623157e308)),
        quarantined={"high": 1},
    )
    column(
        "high_int",
        "The largest 64-bit integer, of nineteen digits. OPEN: 'whole number' could be meant",
        "age",
        pa.array(first("age", 2**63 - 1)),
        quarantined={"high": 1},
    )
    column(
        "high_2_53",
        "2^53 + 1, which no float holds",
        "age",
        pa.array(first("age", 2**53 + 1)),
        quarantined={"high": 1},
    )
    column(
        "high_date",
        "A database's end of time: a year that no date can hold",
        "discharged",
        pa.array(first("discharged", date(9999, 12, 31))),
        refused="date format",
    )
    column(
        "rule",
        "A record rule broken",
        "diastolic",
        pa.array(first("diastolic", 140), pa.uint8()),
        quarantined={"diastolic_below_systolic": 1},
    )


def add() -> None:
    _types()
    _values()
