import string
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_schemas.columns import Column, Kind, Role
from pipeline.errors import DataRefusedError
from pipeline.records.typing import type_records
from tests.records.cohorts import Clinic, make_text

WHOLE = Column("Whole", Role.PREDICTOR, Kind.INTEGER, missing_codes=("-9",))
DECIMAL = Column("Decimal", Role.PREDICTOR, Kind.DECIMAL)
DAY = Column("Day", Role.EXCLUDED, Kind.DATE, date_format="%d.%m.%Y")
CODE = Column("Code", Role.PREDICTOR, Kind.CATEGORY, codes={"1": "low", "02": "high", "None": "none"}, ordered=True)


def typed(column, *values):
    return type_records(pd.DataFrame({"x": pd.array(values, dtype="string")}), {"x": column}).frame["x"]


@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1), min_size=1))
def test_whole_numbers_read_back_exactly_even_beside_a_missing_one(numbers):
    read = typed(WHOLE, *[str(n) for n in numbers if n != -9], "")
    assert read.dtype == "Int64"
    assert list(read[:-1]) == [n for n in numbers if n != -9]
    assert pd.isna(read.iloc[-1])


@given(st.lists(st.decimals(-1_000_000, 1_000_000, places=6), min_size=1))
def test_decimals_read_back_as_the_nearest_double(numbers):
    texts = [format(n, "f") for n in numbers]
    read = typed(DECIMAL, *texts)
    assert read.dtype == "float64"
    assert list(read) == [float(text) for text in texts]


@given(st.lists(st.floats(-1e299, 1e299), min_size=1))
def test_every_double_written_in_full_reads_back_exactly(numbers):
    assert list(typed(DECIMAL, *[np.format_float_positional(n) for n in numbers])) == numbers


@pytest.mark.parametrize(("text", "number"), [("+1", 1), (".5", 0.5), ("5.", 5), ("007.50", 7.5), ("-0.25", -0.25)])
def test_plain_ways_to_write_a_decimal(text, number):
    assert typed(DECIMAL, text).tolist() == [number]


@given(st.lists(st.sampled_from(["", *CODE.codes]), min_size=1))
def test_codes_read_back_exactly(texts):
    back = {label: code for code, label in CODE.codes.items()}
    assert [back.get(label, "") for label in typed(CODE, *texts)] == texts


@pytest.mark.parametrize("column", [WHOLE, DECIMAL, DAY, CODE])
def test_a_column_without_any_value_keeps_its_type(column):
    full = {"Whole": "1", "Decimal": "1", "Day": "01.01.2000", "Code": "1"}[column.label]
    assert typed(column, "", "").isna().all()
    assert typed(column, "", "").dtype == typed(column, full).dtype


@given(st.lists(st.dates(date(1678, 1, 1), date(2261, 12, 31)), min_size=1))
def test_days_read_back_exactly(days):
    read = typed(DAY, "", *[d.strftime("%d.%m.%Y") for d in days])
    assert read.dtype == "datetime64[ns]"
    assert [d.date() for d in read[1:]] == days
    assert pd.isna(read[0])


def test_codes_become_labels_in_their_order_and_none_is_a_word():
    read = typed(CODE, "02", "1", "None", "")
    assert list(read[:3]) == ["high", "low", "none"]
    assert pd.isna(read[3])
    assert list(read.cat.categories) == ["low", "high", "none"]
    assert read.cat.ordered


def test_declared_missing_codes_and_nothing_else_are_missing():
    assert typed(WHOLE, "-9", "", "9").isna().tolist() == [True, True, False]
    with pytest.raises(DataRefusedError, match=r"column x, rule 'whole number'.*: 2;"):
        typed(WHOLE, "NA", "nan", "1")


@pytest.mark.parametrize(
    ("column", "text"),
    [(WHOLE, t) for t in ("1.0", "1e3", " 1", "1 ", "1,000", "0x1", "True", "1\u00a0", "\u0661", "9" * 19, "-", "+")]
    + [(DECIMAL, t) for t in ("1,5", "12E3", "1e999", "inf", "nan", "1.2.3", ".", "1 .5", "\u0661", "1_000", "--1")]
    + [
        (DAY, t)
        for t in (
            "1.1.2000",
            "01.01.45",
            "31.02.2000",
            "2000-01-01",
            "13.13.2000",
            "01.01.2000 ",
            "01/01/2000",
        )
    ]
    + [(CODE, t) for t in ("2", "01", "low", "none", "1 ", "<script>")],
)
def test_what_does_not_fit_is_refused_by_column_rule_and_count_and_never_shown(column, text):
    with pytest.raises(DataRefusedError) as refusal:
        typed(column, text, text)
    said = str(refusal.value)
    assert "of 2 records" in said
    assert "column x, rule '" in said
    assert ": 2;" in said
    assert len(text.strip(string.punctuation + string.whitespace)) < 3 or text not in said


@pytest.mark.parametrize(
    ("column", "held", "beyond"),
    [
        (WHOLE, "9" * 18, "9" * 19),
        (WHOLE, "-" + "9" * 18, "-" + "9" * 19),
        (DECIMAL, "9" * 300, "9" * 301),
        (DECIMAL, "9" * 300 + ".5", "9" * 400 + ".5"),
        (DAY, "01.01.1678", "31.12.1677"),
        (DAY, "31.12.2261", "01.01.2262"),
        (DAY, "31.12.2261", "31.12.9999"),
        (DAY, "01.01.1678", "01.01.0001"),
    ],
)
def test_what_no_type_can_hold_is_refused_and_never_infinite(column, held, beyond):
    [value] = typed(column, held)
    assert pd.notna(value)
    assert value not in (float("inf"), -float("inf"))
    with pytest.raises(DataRefusedError, match=r"of 2 records, .*column x, .*: 1;") as refused:
        typed(column, held, beyond)
    assert beyond not in str(refused.value)


@given(st.lists(st.sampled_from(["", "0", "-1.5", "18446744073709551616", "9" * 25, "x"]), min_size=1))
def test_large_small_missing_and_misfitting_decimals_do_not_disturb_each_other(texts):
    if wrong := texts.count("x"):
        with pytest.raises(DataRefusedError, match=f"of {len(texts)} records, .*: {wrong};"):
            typed(DECIMAL, *texts)
    else:
        assert typed(DECIMAL, *texts).fillna(-9).tolist() == [float(text or "-9") for text in texts]


def test_every_column_that_does_not_fit_is_named_at_once():
    text = make_text(0)
    text.loc[:2, "weight"], text.loc[:1, "stage"] = "heavy", "IV"
    with pytest.raises(DataRefusedError, match=r"column weight, .*: 3; column stage, .*: 2; "):
        type_records(text, Clinic.columns())


def test_a_table_takes_the_declared_types():
    read = type_records(make_text(1), Clinic.columns()).frame
    assert [str(t) for t in read.dtypes] == [
        "string",
        *["datetime64[ns]"] * 2,
        "float64",
        "Int64",
        "category",
        "category",
    ]
