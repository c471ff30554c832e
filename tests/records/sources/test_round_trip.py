"""The same records through every source, written by a library other than the reader where there is one."""

import csv
import datetime as dt
import gzip
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_schemas.columns import Kind
from pipeline.records.identity import pseudonymise
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.read import read_source
from pipeline.sections import DatabaseSource, DelimitedSource, ParquetSource, WorkbookSource
from tests.records.cohorts import SETTINGS
from tests.records.sources.conftest import Everything

COLUMNS = Everything.columns()
STAGES = {"I": "one", "II": "two", "None": "not staged"}
READABLE = st.characters(blacklist_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\n\",;'\t%:0_= ")
IDENTIFIERS = st.text(READABLE, min_size=1, max_size=8) | st.from_regex(r"0{1,3}[0-9]{1,4}", fullmatch=True)
DAYS = st.dates(dt.date(1900, 3, 1), dt.date(2261, 12, 31))  # before, Excel's calendar has a day that never was


def missing_or(strategy):
    return st.none() | strategy


RECORD = st.fixed_dictionaries(
    {
        "number": IDENTIFIERS,
        "seen": DAYS,
        "left": missing_or(DAYS),
        "dose": missing_or(st.floats(-1e12, 1e12) | st.floats(-1, 1, allow_subnormal=False)),
        "cells": missing_or(st.integers(-(10**15) + 1, 10**15 - 1)),  # Excel keeps no more digits
        "smokes": missing_or(st.booleans()),
        "stage": missing_or(st.sampled_from(list(STAGES))),
        "ill": st.booleans(),
    }
).map(lambda record: {name: record[name] for name in COLUMNS})
TABLES = st.lists(RECORD, min_size=2, max_size=12, unique_by=lambda record: record["number"]).map(
    lambda records: [{**records[0], "ill": True}, {**records[1], "ill": False}, *records[2:]]  # the outcome varies
)


def expect(records):
    """The typed table, made by hand."""
    yes_no, stages = pd.CategoricalDtype(["no", "yes"]), pd.CategoricalDtype(list(STAGES.values()))
    said = {True: "yes", False: "no"}
    table = pd.DataFrame(
        {
            "number": pd.array([r["number"] for r in records], dtype="string"),
            "seen": np.array([r["seen"] for r in records], dtype="datetime64[ns]"),
            "left": np.array([r["left"] for r in records], dtype="datetime64[ns]"),
            "dose": np.array([r["dose"] for r in records], dtype=float),
            "cells": pd.array([r["cells"] for r in records], dtype="Int64"),
            "smokes": pd.Categorical([said.get(r["smokes"]) for r in records], dtype=yes_no),
            "stage": pd.Categorical([STAGES.get(r["stage"]) for r in records], dtype=stages),
            "ill": pd.Categorical([said[r["ill"]] for r in records], dtype=yes_no),
        }
    )
    return pseudonymise(table, np.arange(len(table)), "number", SETTINGS.pseudonym_key)[0]


def as_text(value, name, decimal="."):
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case float():
            return format(Decimal(repr(value)), "f").replace(".", decimal)
        case dt.date():
            return value.strftime(COLUMNS[name].date_format)
    return str(value)


def write_text(path, records, encoding="utf-8", delimiter=",", decimal="."):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="", encoding=encoding) as handle:
        writer = csv.writer(handle, delimiter=delimiter)
        writer.writerow(COLUMNS)
        writer.writerows([[as_text(value, name, decimal) for name, value in r.items()] for r in records])
    return DelimitedSource(format="csv", path=str(path), encoding=encoding, delimiter=delimiter, decimal=decimal)


def through_csv(folder, records):
    return write_text(folder / "a.csv", records)


def through_tsv(folder, records):
    return write_text(folder / "a.tsv", records, delimiter="\t")


def through_gzip(folder, records):
    return write_text(folder / "a.csv.gz", records)


def through_decimal_commas(folder, records):
    try:
        return write_text(folder / "a.csv", records, encoding="latin-1", delimiter=";", decimal=",")
    except UnicodeEncodeError:
        return write_text(folder / "a.csv", records, encoding="utf-16", delimiter=";", decimal=",")


def through_parquet(folder, records):
    table = pd.DataFrame(records)
    whole, truth = {"cells": "Int64"}, {"smokes": "boolean", "ill": "bool"}
    days = dict.fromkeys(("seen", "left"), "datetime64[s]")
    typed = table.astype({"number": "string", "dose": "float64", "stage": "category"} | whole | truth | days)
    typed.to_parquet(folder / "a.parquet")
    return ParquetSource(format="parquet", path=str(folder / "a.parquet"))


def through_workbook(folder, records):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(COLUMNS))
    for row, record in enumerate(records, start=2):
        for place, value in enumerate(record.values(), start=1):
            cell = sheet.cell(row, place, value)
            if isinstance(value, str):
                cell.value, cell.data_type = value, "s"  # a text that begins with = is no formula
    book.save(folder / "a.xlsx")
    return WorkbookSource(format="xlsx", path=str(folder / "a.xlsx"))


def through_database(folder, records, address):
    """SQLite has no type for days: they are texts there, in the declared format."""
    sqlite = address.startswith("sqlite")
    kinds = {Kind.INTEGER: sa.BigInteger, Kind.DECIMAL: sa.Double, Kind.DATE: sa.Text if sqlite else sa.Date}
    types = {name: kinds.get(column.kind, sa.Text) for name, column in COLUMNS.items()}
    types |= {"smokes": sa.Boolean, "ill": sa.Boolean}
    table = sa.Table("records", sa.MetaData(), *(sa.Column(name, kind) for name, kind in types.items()))
    days = {name for name, column in COLUMNS.items() if sqlite and column.kind == Kind.DATE}
    rows = [{n: (as_text(v, n) or None) if n in days else v for n, v in r.items()} for r in records]
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS records")
        table.create(connection)
        connection.execute(table.insert(), rows)
    (folder / "query.sql").write_text("SELECT * FROM records ORDER BY number")
    return DatabaseSource(format="sql", path=str(folder / "query.sql"), url_from="ROUND_TRIP_URL")


def check(source, records):
    found = validate_records(
        read_source(source, COLUMNS), Everything, SETTINGS, decimal=getattr(source, "decimal", ".")
    )
    pd.testing.assert_frame_equal(found.valid, expect(records), check_exact=True)
    assert found.quarantine.empty


FILES = [through_csv, through_tsv, through_gzip, through_decimal_commas, through_parquet, through_workbook]
often = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("through", FILES, ids=lambda through: through.__name__)
@often
@given(TABLES)
def test_records_come_back_from_a_file_as_they_were(tmp_path, through, records):
    if through == through_workbook:  # openpyxl writes no more digits
        records = [{**r, "dose": None if r["dose"] is None else float(f"{r['dose']:.15g}")} for r in records]
    check(through(tmp_path, records), records)


@often
@given(TABLES)
def test_records_come_back_from_a_database_as_they_were(tmp_path, monkeypatch, address, records):
    monkeypatch.setenv("ROUND_TRIP_URL", address)
    check(through_database(tmp_path, records, address), records)
