import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.readers import read_text_table
from pipeline.settings import DelimitedSource

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8)


def write(path, rows, **options):
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as handle:
        csv.writer(handle, **options).writerows(rows)


def read(path, columns=("id", "x"), **source):
    return read_text_table(DelimitedSource(format="csv", path=str(path), **source), list(columns), "id")


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
    for name in ("utf-99", "", "hex", "undefined", "a\0b"):
        with pytest.raises(ConfigurationError, match=r"^encoding '.*' of .* is not known; use utf-8"):
            read(tmp_path / "a.csv", encoding=name)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataRefusedError, match="is missing"):
        read(tmp_path)


def test_a_header_that_is_no_header_is_not_shown(tmp_path):
    write(tmp_path / "a.csv", [("Smith", "1970"), ("Jones", "1980")])
    with pytest.raises(DataRefusedError, match="0 of the schema's 2 column names") as said:
        read(tmp_path / "a.csv")
    assert not any(value in str(said.value) for value in ("Smith", "1970", "Jones", "1980"))


@pytest.mark.parametrize(("known", "shown"), [(["id", "x"], False), (["id", "x", "y"], True)])
def test_a_first_line_is_a_header_if_more_than_half_the_columns_are_in_it(tmp_path, known, shown):
    write(tmp_path / "a.csv", [[*known, "Smith"]])
    with pytest.raises(DataRefusedError) as said:
        read(tmp_path / "a.csv", columns=("id", "x", "y", "z"))
    assert ("Smith" in str(said.value)) == shown
    assert (f"{len(known)} of the schema's 4 column names" in str(said.value)) != shown


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["id", "x"], "missing y; mend"),
        (["id", "x", "y", "z"], "not declared 'z'; mend"),
        (["id", "x", "Y"], "missing y; not declared 'Y'; mend"),
        (["id", "x", " y"], "missing y; not declared ' y'; mend"),
        (["id", "x", "y", "y"], "repeated 'y'; mend"),
        (["id", "x", "x"], "missing y; repeated 'x'; mend"),
        (["id", "x", "y", ""], "not declared ''; mend"),
    ],
)
def test_the_header_is_exactly_that_of_the_schema(tmp_path, header, said):
    write(tmp_path / "a.csv", [header, ["7731"] * len(header)])
    with pytest.raises(DataRefusedError) as refused:
        read(tmp_path / "a.csv", columns=("id", "x", "y"))
    assert str(refused.value).endswith(f"the columns are not those of the schema: {said} the file or the schema")
    assert "7731" not in str(refused.value)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_is_forgotten(tmp_path, seed):
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, 4, (40, 3)).astype(str)  # repeated patients, repeated rows
    tables = []
    for order in (np.arange(40), generator.permutation(40)):
        write(tmp_path / "a.csv", [("x", "id", "y"), *rows[order]])
        tables.append(read(tmp_path / "a.csv", columns=("id", "x", "y")))
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "ascii", "utf-8", "shift-jis"])
def test_bytes_of_another_encoding_are_refused(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes(b"id,x\n7731,\x80\xff\n")
    with pytest.raises(DataRefusedError, match=f"is not valid {encoding}; declare its encoding") as refused:
        read(tmp_path / "a.csv", encoding=encoding)
    assert "7731" not in str(refused.value)


@pytest.mark.parametrize("name", ["utf-8", "UTF_8", "utf8", "U8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path, name):
    write(tmp_path / "a.csv", [("id", "x"), ("1", "2")], encoding="utf-8-sig")
    assert list(read(tmp_path / "a.csv", encoding=name)) == ["id", "x"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_end_will_do_and_the_last_may_lack(tmp_path, end, last):
    (tmp_path / "a.csv").write_bytes(end.join(["id,x", "1,a", "2,b", *([""] if last else [])]).encode())
    assert read(tmp_path / "a.csv").to_numpy().tolist() == [["1", "a"], ["2", "b"]]


def test_what_the_system_will_not_read_is_refused_with_its_reason(tmp_path, monkeypatch):
    write(tmp_path / "a.csv", [("id", "x")])
    with pytest.raises(DataRefusedError, match="is missing"):
        read(tmp_path / "a.csv/b.csv")
    with pytest.raises(DataRefusedError, match="cannot be read: File name too long"):
        read(tmp_path / ("a" * 300))

    def forbidden(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(DataRefusedError, match="cannot be read: Permission denied"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("text", ['1,"a"b\n', '1,"a\n', f"1,{'a' * 200_000}\n"])
def test_broken_quotes_are_refused_by_line(tmp_path, text):
    (tmp_path / "a.csv").write_text("id,x\n" + text)
    with pytest.raises(DataRefusedError, match=r"quotes are broken near line 2"):
        read(tmp_path / "a.csv")


def test_blank_lines_are_no_records(tmp_path):
    (tmp_path / "a.csv").write_text("id,x\n1,a\n\n2,b\n")
    with pytest.raises(DataRefusedError, match="record 2 has 0 fields, expected 2"):
        read(tmp_path / "a.csv")


def test_an_empty_field_is_the_empty_text(tmp_path):
    (tmp_path / "a.csv").write_text('id,x\n1,\n2,""\n')
    found = read(tmp_path / "a.csv")
    assert found["x"].tolist() == ["", ""]
    assert isinstance(found["x"].dtype, pd.StringDtype)
