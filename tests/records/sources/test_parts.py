import gzip

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import DataRefusedError
from pipeline.records.sources import database, delimited
from pipeline.records.sources.endings import source_of_file
from pipeline.records.sources.parts import recut
from pipeline.records.sources.read import read_parts, read_source
from pipeline.sections import DatabaseSource
from tests.records.sources.conftest import Everything, execute

COLUMNS = {name: column for name, column in Everything.columns().items() if name in ("number", "dose", "stage")}
TABLE = pd.DataFrame({"dose": [f"{i / 4}" for i in range(50)], "number": [f'a "{i}"\n, b' for i in range(50)]})


def parts(source, rows, columns=COLUMNS):
    return list(read_parts(source, columns, {"stage"}, rows))


def write(path, table=TABLE):
    match path.name.split(".", 1)[1]:
        case "parquet":
            pq.write_table(pa.Table.from_pandas(table.astype({"dose": float})), path, row_group_size=9)
        case "xlsx":
            table.to_excel(path, index=False)
        case "tsv":
            table.to_csv(path, index=False, sep="\t")
        case _:
            table.to_csv(path, index=False)
    return source_of_file({"path": str(path)} | ({"delimiter": "\t"} if path.suffix == ".tsv" else {}))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv", "a.parquet", "a.xlsx"])
@pytest.mark.parametrize("rows", [1, 7, 50, 51])
def test_parts_of_a_file_are_the_whole_in_its_order(tmp_path, monkeypatch, name, rows):
    monkeypatch.setattr(delimited, "BLOCK", 100)  # so that records, and quoted lines, lie across blocks
    source = write(tmp_path / name)
    whole, got = read_source(source, COLUMNS, {"stage"}), parts(source, rows)
    assert [len(part) for part in got] == [rows] * (50 // rows) + [50 % rows] * (50 % rows > 0)
    pd.testing.assert_frame_equal(pd.concat(got), whole)
    assert list(whole) == ["number", "dose"]
    assert len(whole) == 50


@pytest.mark.parametrize("chunk", [3, 7, 20_000])
def test_parts_of_a_query_are_the_whole_in_its_order(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(database, "CHUNK", chunk)
    address = f"sqlite:///{tmp_path / 'a.db'}"
    rows = [f"INSERT INTO t VALUES ('{i:03}', {i / 4})" for i in range(50)]  # noqa: S608 - our own numbers
    execute(address, "CREATE TABLE t (number text, dose numeric)", *rows)
    monkeypatch.setenv("CLINIC_URL", address)
    (tmp_path / "q.sql").write_text("SELECT * FROM t ORDER BY number DESC")
    source = DatabaseSource(format="sql", path=str(tmp_path / "q.sql"), url_from="CLINIC_URL")
    got = parts(source, 7)
    assert [len(part) for part in got] == [7] * 7 + [1]
    pd.testing.assert_frame_equal(pd.concat(got), read_source(source, COLUMNS, {"stage"}))


@pytest.mark.parametrize(
    "text",
    ["", "number,dose\n1,2\n\n3,4\n", "number,dose\n1,2\n3\n", "number,dose\n1,2\n3,4,7731\n1\n", "number,7731\n1,2\n",
     "number,dose\n1,2\n1,\0\n", 'number,dose\n1,2\n1,"2\n', 'number,dose\n1,2\n1,2"7731\n',
     "number,dose\n1,2\n1,\udcff\n",
     "number,dose\n1,2\n1," + 1000 * "7731"],
)  # fmt: skip
@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_what_is_refused_as_a_whole_is_refused_in_parts_by_the_same_sentence(tmp_path, monkeypatch, text, ending):
    monkeypatch.setattr(delimited, "BLOCK", 1000)
    path = tmp_path / f"a{ending}"
    content = text.encode(errors="surrogateescape")
    path.write_bytes(gzip.compress(content) if ending == ".csv.gz" else content)
    source, said = source_of_file({"path": str(path)}), []
    for read in (lambda: read_source(source, COLUMNS, {"stage"}), lambda: parts(source, 1)):
        with pytest.raises(DataRefusedError) as refusal:
            read()
        said.append(str(refusal.value))
    assert said[0] == said[1]
    assert "7731" not in said[0]


@pytest.mark.parametrize("text", ["number,dose\n", "number,dose"])
def test_a_source_without_records_has_one_part_that_is_empty(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    book = openpyxl.Workbook()
    book.active.append(["number", "dose"])
    book.save(tmp_path / "a.xlsx")
    write(tmp_path / "a.parquet", TABLE.head(0))
    for name in ("a.csv", "a.xlsx", "a.parquet"):
        [part] = parts(source_of_file({"path": str(tmp_path / name)}), 3)
        assert (list(part), len(part)) == (["number", "dose"], 0)


@pytest.mark.parametrize("spoil", [lambda b: b[:-9], lambda b: b[:40] + bytes(60) + b[100:], lambda b: b"7731"])
def test_a_parquet_file_that_is_damaged_is_refused_in_parts_as_well(tmp_path, spoil):
    source = write(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes(spoil((tmp_path / "a.parquet").read_bytes()))
    with pytest.raises(DataRefusedError, match=r"rule '(parquet file|encoding)'"):
        parts(source, 7)


@pytest.mark.parametrize(("lengths", "rows"), [([], 3), ([0, 0], 3), ([1, 1, 1, 1], 3), ([10], 3), ([2, 0, 7], 3)])
def test_tables_are_cut_anew_and_nothing_is_lost(lengths, rows):
    made, start = [], 0
    for length in lengths:
        made.append(pa.table({"x": pa.array(range(start, start + length), pa.int64())}))
        start += length
    got = [part["x"].to_pylist() for part in recut(iter(made), rows)]
    assert [value for part in got for value in part] == list(range(start))
    assert [len(part) for part in got[:-1]] == [rows] * (len(got) - 1)
    assert all(got)
