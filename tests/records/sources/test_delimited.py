import csv
import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.sources import decoding
from pipeline.records.sources.delimited import read_delimited
from pipeline.sections import DelimitedSource
from tests.conftest import python

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8)


def write(path, rows, **options):
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as handle:
        csv.writer(handle, **options).writerows(rows)


def read(path, columns=("id", "x"), **source):
    return read_delimited(DelimitedSource(format="csv", path=str(path), **source), list(columns))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(TEXT, TEXT).filter(any), min_size=1))
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_text_reads_back_exactly(tmp_path, delimiter, rows):
    path = tmp_path / "any.csv"
    write(path, [("id", "x"), *rows], delimiter=delimiter)
    found = read(path, delimiter=delimiter)
    assert list(found.itertuples(index=False, name=None)) == rows


def test_columns_may_come_in_any_order_and_leave_in_that_of_the_schema(tmp_path):
    write(tmp_path / "a.csv", [("x", "id"), ("NA", "007"), ("None", "0012")])
    found = read(tmp_path / "a.csv")
    assert list(found.columns) == ["id", "x"]
    assert found.to_numpy().tolist() == [["007", "NA"], ["0012", "None"]]


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
    with pytest.raises(DataRefusedError, match=r"rule 'header'.*missing id, x.*check header and delimiter") as said:
        read(tmp_path / "a.csv")
    assert not any(value in str(said.value) for value in ("Smith", "1970", "Jones", "1980"))


def test_a_record_that_ran_into_the_header_is_not_shown(tmp_path):
    (tmp_path / "a.csv").write_text("id,x,y,z,Smith,1970,7731\n1,2,3,4,5,6,7\n")
    with pytest.raises(DataRefusedError, match="not declared: column number 5, 6, 7 of 7") as said:
        read(tmp_path / "a.csv", columns=("id", "x", "y", "z"))
    assert not any(value in str(said.value) for value in ("Smith", "1970", "7731"))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["id", "weight"], "missing y; mend"),
        (["id", "weight", "y", "z"], "not declared: column number 4 of 4; mend"),
        (["id", "wieght", "y"], "missing weight; not declared: column number 2 (like weight) of 3; mend"),
        (["id", "weight", " y"], "missing y; not declared: column number 3 of 3; mend"),
        (["id", "weight", "y", "y"], "repeated y; mend"),
        (["id", "weight", "weight"], "missing y; repeated weight; mend"),
        (["id", "weight", "y", ""], "not declared: column number 4 of 4; mend"),
    ],
)
def test_the_header_is_exactly_that_of_the_schema(tmp_path, header, said):
    write(tmp_path / "a.csv", [header, ["7731"] * len(header)])
    with pytest.raises(DataRefusedError) as refused:
        read(tmp_path / "a.csv", columns=("id", "weight", "y"))
    assert str(refused.value).endswith(f"'header': the columns are not the schema's: {said} the file or the schema")
    assert "7731" not in str(refused.value)


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


@pytest.mark.parametrize(
    "text",
    [
        '1,"a"b\n',
        '1,"a\n',
        '1,a"b\n',
        '1,"a" \n',
        '1, "a"\n',
        '"1",a\n"2,b\n',
        '1,"a""\n',
        '1,a\n2,"',
        '1,"a"",b\n',
    ],
)
@pytest.mark.parametrize("chunk", [1 << 22, 3])
def test_broken_quotes_are_refused(tmp_path, monkeypatch, text, chunk):
    monkeypatch.setattr(decoding, "CHUNK", chunk)
    (tmp_path / "a.csv").write_text("id,x\n" + text)
    with pytest.raises(DataRefusedError, match=r"rule 'quoting': quotes are broken"):
        read(tmp_path / "a.csv")


def test_a_quote_that_is_never_closed_does_not_fill_the_memory(tmp_path):
    (tmp_path / "a.csv").write_text('id,x\n1,"' + "a" * (1 << 25))
    with pytest.raises(DataRefusedError, match="rule 'quoting': quotes are broken"):
        read(tmp_path / "a.csv")


@settings(max_examples=300)
@given(st.text(st.sampled_from('a",\n\r '), max_size=14))
def test_quotes_are_judged_as_letter_by_letter(text):
    for size in (1, 2, 100):
        parts = [text[i : i + size].encode() for i in range(0, len(text), size)]
        check = decoding.QuoteCheck(DelimitedSource(format="csv", path="a.csv"))
        try:
            for part in parts:
                check.feed(part, last=False)
            check.feed(b"", last=True)
            sound = True
        except DataRefusedError:
            sound = False
        assert sound == _strictly_sound(text)


def _strictly_sound(text):
    state = "start"
    for letter in text:
        ends = letter in ",\n\r"
        match state, letter:
            case "start", '"':
                state = "quoted"
            case (("start" | "bare" | "closed"), _) if ends:
                state = "start"
            case ("bare", '"') | ("closed", _) if letter != '"' or state == "bare":
                return False
            case "closed", '"':
                state = "quoted"
            case "quoted", '"':
                state = "closed"
            case "start", _:
                state = "bare"
    return state != "quoted"


@pytest.mark.parametrize("text", ["id,x\n1,a\n\n2,b\n", "id,x\n1,a\n\n", 'id,x\n1,"\n\n"\n\n'])
def test_blank_lines_are_no_records(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataRefusedError, match="rule 'field count': 1 lines are blank; remove them"):
        read(tmp_path / "a.csv")


def test_a_record_of_empty_fields_is_no_blank_line(tmp_path):
    (tmp_path / "a.csv").write_text('id,x\n1,"\n\n"\n,\n')
    assert read(tmp_path / "a.csv").to_numpy().tolist() == [["1", "\n\n"], ["", ""]]


@pytest.mark.parametrize("text", ["id,x\n1,a\n2\n", "id,x\n1,a\n2,b,7731\n", "id,x\n1,a\n2,b,\n"])
def test_a_record_with_another_number_of_fields_is_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataRefusedError, match=r"rule 'field count': record 2 has [13] fields, expected 2") as said:
        read(tmp_path / "a.csv")
    assert "7731" not in str(said.value)


def test_a_gzip_bomb_is_refused_in_a_second_and_300_mb(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as handle:
        handle.write(b"id,x\n")
        for _ in range(1000):
            handle.write(b"1,1\n" * 250_000)
    program = (
        "import re, time, pyarrow.csv; from pipeline.records.sources.delimited import read_delimited\n"
        "from pipeline.sections import DelimitedSource; from pipeline.errors import DataRefusedError\n"
        "start = time.process_time()\n"
        f"try: read_delimited(DelimitedSource(format='csv', path={str(path)!r}), ['id', 'x'])\n"
        "except DataRefusedError as error: print(error)\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "print(time.process_time() - start, int(peak) / 1000)"
    )
    said, figures = python(Path.cwd(), "-c", program).stdout.splitlines()
    seconds, megabytes = map(float, figures.split())
    assert "rule 'compression': unpacks to more than 100 times its size" in said
    assert megabytes < 300
    assert seconds < 5  # of CPU, on any machine; .2 on the one it was measured on


@pytest.mark.parametrize("cut", [0.5, 0.99])
def test_a_gzip_file_that_is_not_whole_is_refused(tmp_path, cut):
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wt") as handle:
        handle.write("id,x\n" + "".join(f"{i},{i * 7919 % 1000}\n" for i in range(1000)))
    assert len(read(path)) == 1000
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(DataRefusedError, match="rule 'compression': is not a whole gzip file"):
        read(path)


def test_an_empty_field_is_the_empty_text(tmp_path):
    (tmp_path / "a.csv").write_text('id,x\n1,\n2,""\n')
    found = read(tmp_path / "a.csv")
    assert found["x"].tolist() == ["", ""]
    assert isinstance(found["x"].dtype, pd.StringDtype)
