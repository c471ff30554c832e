import csv

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.readers import read_text_table
from pipeline.settings import Source

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8)


def write(path, rows, **options):
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as handle:
        csv.writer(handle, **options).writerows(rows)


def read(path, columns=("id", "x"), **source):
    return read_text_table(Source(path=str(path), **source), list(columns), "id")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1))
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_text_reads_back_exactly(tmp_path, delimiter, rows):
    path = tmp_path / "any.csv"
    write(path, [("id", "x"), *rows], delimiter=delimiter)
    found = read(path, delimiter=delimiter)
    assert list(found.itertuples(index=False, name=None)) == sorted(rows)


def test_columns_may_come_in_any_order_and_leave_in_that_of_the_schema(tmp_path):
    write(tmp_path / "a.csv", [("x", "id"), ("NA", "007"), ("None", "0012")])
    found = read(tmp_path / "a.csv")
    assert list(found.columns) == ["id", "x"]
    assert found.to_numpy().tolist() == [["0012", "None"], ["007", "NA"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_the_declared_encoding_is_the_one_used(tmp_path, encoding):
    write(tmp_path / "a.csv", [("id", "x"), ("1", "Müller")], encoding=encoding)
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    assert read(tmp_path / "a.csv", encoding=declared)["x"].tolist() == ["Müller"]


def test_an_unknown_encoding_is_a_matter_of_configuration(tmp_path):
    write(tmp_path / "a.csv", [("id", "x")])
    with pytest.raises(ConfigurationError, match=r"encoding 'utf-99'.*not known"):
        read(tmp_path / "a.csv", encoding="utf-99")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataRefusedError, match="is missing"):
        read(tmp_path)


def test_a_header_that_is_no_header_is_not_shown(tmp_path):
    write(tmp_path / "a.csv", [("Smith", "1970"), ("Jones", "1980")])
    with pytest.raises(DataRefusedError, match="0 of the schema's 2 column names") as said:
        read(tmp_path / "a.csv")
    assert "Smith" not in str(said.value)
    assert isinstance(said.value, Exception)


def test_blank_lines_are_no_records(tmp_path):
    (tmp_path / "a.csv").write_text("id,x\n1,a\n\n2,b\n")
    with pytest.raises(DataRefusedError, match="record 2 has 0 fields, expected 2"):
        read(tmp_path / "a.csv")


def test_an_empty_field_is_the_empty_text(tmp_path):
    (tmp_path / "a.csv").write_text('id,x\n1,\n2,""\n')
    found = read(tmp_path / "a.csv")
    assert found["x"].tolist() == ["", ""]
    assert isinstance(found["x"].dtype, pd.StringDtype)


@pytest.mark.parametrize("alias", ["UTF-8", "utf8", "U8", "utf_8"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path, alias):
    write(tmp_path / "a.csv", [("id", "x"), ("1", "a")], encoding="utf-8-sig")
    assert read(tmp_path / "a.csv", encoding=alias)["id"].tolist() == ["1"]


def test_a_path_through_a_file_is_missing(tmp_path):
    (tmp_path / "a.csv").write_text("id,x\n")
    with pytest.raises(DataRefusedError, match="is missing"):
        read(tmp_path / "a.csv" / "b.csv")
