# ruff: noqa: S608 - the statements are made of what stands in this file
import csv
import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from data_schemas.columns import Column, Kind, Role
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.quarantine import validate_records
from pipeline.records.sources import database
from pipeline.records.sources.delimited import read_delimited
from pipeline.sections import DatabaseSource, DelimitedSource
from tests.records.cohorts import SETTINGS
from tests.records.sources.conftest import Everything, execute

COLUMNS = Everything.columns()
ID = {"id": Column("Number", Role.IDENTIFIER, Kind.TEXT)}
# One record per line; what a CSV of the same table would hold.
RECORDS = [
    ("007", "01.02.2020", "2020-02-03", "0.1", "999999999999999", "true", "I", "false"),
    ("a, \"b\" 50% ':x'", "29.02.2024", "", "", "", "", "", "true"),
    ("Ünïcödé ☃", "31.12.1999", "2261-12-31", "-12.5", "-4", "false", "None", "true"),
    (" 0012 ", "28.02.2021", "1700-01-01", "0.0000001", "0", "true", "II", "false"),
]
TYPES = {
    "postgresql": ("text", "date", "timestamp", "numeric(12, 7)", "bigint", "boolean", "varchar(9)", "boolean"),
    "sqlite": ("text", "text", "text", "numeric", "integer", "text", "text", "text"),
    "duckdb": ("varchar", "date", "timestamp", "decimal(12, 7)", "bigint", "boolean", "varchar", "boolean"),
}
QUERY = "SELECT * FROM records ORDER BY number"


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read the rows of a query."""

    def read_query(address, query, columns=ID):
        monkeypatch.setenv("CLINIC_URL", address)
        (tmp_path / "query.sql").write_text(query)
        return database.read_database(source(tmp_path), columns)

    return read_query


def source(folder):
    return DatabaseSource(format="sql", path=str(folder / "query.sql"), url_from="CLINIC_URL")


def literal(text, name):
    if text == "":
        return "NULL"
    column = COLUMNS[name]
    iso = dt.datetime.strptime(text, column.date_format).date().isoformat() if column.kind == Kind.DATE else text
    return iso if column.numeric else "'" + iso.replace("'", "''") + "'"


def fill(address, types):
    declared = ", ".join(f'"{name}" {kind}' for name, kind in zip(COLUMNS, types, strict=True))
    values = [", ".join(literal(t, n) for t, n in zip(r, COLUMNS, strict=True)) for r in RECORDS]
    rows = [f"INSERT INTO records VALUES ({row})" for row in values]
    execute(address, f"CREATE TABLE records ({declared})", *rows)


def number_rows(address, n):
    """A table of one text column, `id`, with `n` records."""
    execute(address, "CREATE TABLE patients (id text)", *(f"INSERT INTO patients VALUES ('{i:05}')" for i in range(n)))


def test_a_table_gives_the_result_that_its_csv_gives(tmp_path, address, read):
    kind = address.partition(":")[0].partition("+")[0]
    fill(address, TYPES[kind])
    with (tmp_path / "a.csv").open("w", newline="") as handle:
        csv.writer(handle).writerows([tuple(COLUMNS), *RECORDS])
    text = read_delimited(DelimitedSource(format="csv", path=str(tmp_path / "a.csv")), list(COLUMNS))
    # SQLite has no type for days: they are texts there, written by the query in the declared format.
    day = "substr(seen, 9, 2) || '.' || substr(seen, 6, 2) || '.' || substr(seen, 1, 4) AS seen"
    names = ", ".join(day if kind == "sqlite" and name == "seen" else f'"{name}"' for name in COLUMNS)
    found = read(address, f"SELECT {names} FROM records ORDER BY number DESC", COLUMNS)
    one, two = (validate_records(raw, Everything, SETTINGS) for raw in (text, found))
    pd.testing.assert_frame_equal(one.valid, two.valid)
    assert len(two.valid) == len(RECORDS)
    assert one.summary == two.summary


@pytest.mark.parametrize(
    ("expression", "kind", "text"),
    [
        ("CAST(-7 AS smallint)", Kind.INTEGER, "-7"),
        ("CAST(1e-7 AS double precision)", Kind.DECIMAL, "0.0000001"),
        ("CAST(0.1 AS double precision)", Kind.DECIMAL, "0.1"),
        ("CAST('NaN' AS double precision)", Kind.DECIMAL, ""),
        ("CAST(0 AS decimal(20, 10))", Kind.DECIMAL, "0.0000000000"),
        ("CAST(12345678901234567890.12 AS decimal(30, 2))", Kind.DECIMAL, "12345678901234567890.12"),
        ("CAST('true' AS boolean)", Kind.CATEGORY, "true"),
        ("CAST('2020-02-29' AS date)", Kind.DATE, "2020/02/29"),
        ("CAST('2020-02-29 00:00:00' AS timestamp)", Kind.DATE, "2020/02/29"),
        ("CAST('2020-02-29 12:30:00' AS timestamp)", Kind.DATE, "2020-02-29T12:30:00"),
        ("CAST(NULL AS integer)", Kind.INTEGER, ""),
        ("CAST('00000000-0000-0000-0000-00000000000A' AS uuid)", Kind.TEXT, "00000000-0000-0000-0000-00000000000a"),
        ("CAST('0007 ' AS text)", Kind.TEXT, "0007 "),
        ("CAST('NULL' AS text)", Kind.TEXT, "NULL"),
    ],
)
@pytest.mark.parametrize("address", ["postgresql", "duckdb"], indirect=True)
def test_every_type_becomes_the_text_of_a_delimited_file(address, read, expression, kind, text):
    execute(address, "CREATE TABLE nothing (x integer)")  # a DuckDB file must exist to be read
    column = Column("X", Role.EXCLUDED, kind, date_format="%Y/%m/%d" if kind == Kind.DATE else None)
    found = read(address, f"SELECT {expression} AS x ORDER BY 1", {"x": column})
    assert found["x"].tolist() == [text]
    assert found["x"].dtype == "string"


def test_sqlite_gives_the_types_that_it_has(tmp_path, read):
    address = f"sqlite:///{tmp_path / 'a.db'}"
    execute(address, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1), (0.5), ('01'), (NULL)")
    assert read(address, "SELECT x AS id FROM t ORDER BY rowid")["id"].tolist() == ["1", "0.5", "01", ""]


def test_rows_come_in_the_order_of_the_query_whatever_the_size_of_a_chunk(address, read, monkeypatch):
    number_rows(address, 25)
    expected = [f"{i:05}" for i in range(25)]
    for size in (1, 7, 25, 26):
        monkeypatch.setattr(database, "CHUNK", size)
        assert read(address, "SELECT id FROM patients ORDER BY id")["id"].tolist() == expected
        assert read(address, "SELECT id FROM patients ORDER BY id DESC")["id"].tolist() == expected[::-1]


def count_chunks(monkeypatch, then=lambda: None):
    """Read 7 rows at a time; the list returned grows with each chunk, after which `then` is called."""
    sizes, as_text = [], database._as_text

    def counted(rows, *rest):
        sizes.append(len(rows))
        then()
        return as_text(rows, *rest)

    monkeypatch.setattr(database, "CHUNK", 7)
    monkeypatch.setattr(database, "_as_text", counted)
    return sizes


def test_rows_come_in_chunks(address, read, monkeypatch):
    number_rows(address, 25)
    sizes = count_chunks(monkeypatch)
    read(address, "SELECT id FROM patients ORDER BY id")
    assert sizes == [7, 7, 7, 4]


def test_postgresql_computes_rows_as_they_are_fetched(postgres, read, monkeypatch):
    number_rows(postgres, 25)
    sizes = count_chunks(monkeypatch)
    late = "CAST(random() / (CAST(id AS integer) - 16) AS text)"  # what is random is computed after sorting
    with pytest.raises(DataRefusedError, match="rule 'query'"):
        read(postgres, f"SELECT {late} AS id FROM patients p ORDER BY p.id")
    assert sizes == [7, 7]  # row 16 fails, in the third chunk


def test_postgresql_reads_through_a_cursor_on_the_server_in_one_read_only_snapshot(postgres, read):
    seen = read(
        postgres,
        "SELECT (SELECT count(*) FROM pg_cursors WHERE statement LIKE 'DECLARE%') || ' '"
        " || current_setting('transaction_read_only') || ' ' || current_setting('transaction_isolation') AS id"
        " ORDER BY 1",
    )
    assert seen["id"].tolist() == ["1 on repeatable read"]


WRITING = [
    "INSERT INTO patients VALUES ('new')",
    "UPDATE patients SET id = 'new'",
    "DELETE FROM patients",
    "DROP TABLE patients",
    "CREATE TABLE other AS SELECT id FROM patients ORDER BY id",
    "WITH x AS (DELETE FROM patients RETURNING *) SELECT id FROM x ORDER BY id",
    "WITH x AS (INSERT INTO patients VALUES ('new') RETURNING *) SELECT id FROM x ORDER BY id",
    "SELECT id INTO other FROM patients ORDER BY id",
    "SELECT id FROM patients ORDER BY id; DROP TABLE patients",
    "DELETE FROM patients; SELECT id FROM patients ORDER BY id",
    "EXPLAIN ANALYZE DELETE FROM patients",
    "COPY patients TO '/tmp/patients'",
    "COMMIT",
    "",
    "-- nothing",
]


@pytest.mark.parametrize("query", WRITING)
def test_a_text_that_is_no_single_reading_query_is_refused_before_it_is_sent(address, read, query, monkeypatch):
    number_rows(address, 3)
    monkeypatch.setattr(database, "_open_engine", lambda _: pytest.fail("the query was sent"))
    with pytest.raises(ConfigurationError, match=r"query.sql, rule 'query': .*SELECT ... ORDER BY"):
        read(address, query)


@pytest.mark.parametrize("query", WRITING[:4])
def test_the_transaction_itself_writes_nothing(address, read, query, monkeypatch):
    number_rows(address, 3)
    monkeypatch.setattr(database, "read_query", lambda _: query)
    with pytest.raises(DataRefusedError, match="rule 'query'"):
        read(address, "")
    assert len(execute(address, "SELECT id FROM patients")) == 3


@pytest.mark.parametrize(
    "body",
    [
        "INSERT INTO patients VALUES ('new')",
        "SET TRANSACTION READ WRITE; INSERT INTO patients VALUES ('new')",
        "SELECT set_config('transaction_read_only', 'off', false); DELETE FROM patients",
    ],
)
def test_a_function_that_writes_is_stopped_by_the_read_only_transaction(postgres, read, body):
    number_rows(postgres, 3)
    execute(
        postgres,
        f"CREATE FUNCTION write_it() RETURNS text LANGUAGE plpgsql AS $$BEGIN {body.replace('SELECT', 'PERFORM')}; "
        "RETURN 'done'; END$$",
    )
    with pytest.raises(DataRefusedError, match="rule 'query'"):
        read(postgres, "SELECT write_it() AS id ORDER BY 1")
    assert execute(postgres, "SELECT id FROM patients ORDER BY id") == [("00000",), ("00001",), ("00002",)]
    assert execute(postgres, "SELECT write_it()") == [("done",)]  # which it could have done


def test_reading_makes_no_file(tmp_path, read):
    for kind in ("sqlite", "duckdb"):
        with pytest.raises(DataRefusedError, match="rule 'database'"):
            read(f"{kind}:///{tmp_path / 'absent.db'}", "SELECT 'a' AS id ORDER BY 1")
    assert [path.name for path in tmp_path.iterdir()] == ["query.sql"]


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "a#b.db", "ü&x=1.db"])
def test_an_sqlite_file_may_have_any_name(tmp_path, read, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    number_rows("sqlite:///plain.db", 2)
    (tmp_path / "plain.db").rename(tmp_path / name)
    for folder in ("", f"{tmp_path}/"):
        assert len(read(f"sqlite:///{folder}{name}", "SELECT id FROM patients ORDER BY id")) == 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM patients",
        "SELECT id FROM (SELECT id FROM patients ORDER BY id) AS p",
        "WITH p AS (SELECT id FROM patients ORDER BY id) SELECT id FROM p",
        "(SELECT id FROM patients ORDER BY id)",
        "SELECT id FROM patients WHERE id IN (SELECT id FROM patients ORDER BY id LIMIT 2)",
        "SELECT max(id) OVER (ORDER BY id) AS id FROM patients",
    ],
)
def test_a_query_must_order_its_rows_at_the_end(address, read, query):
    number_rows(address, 3)
    with pytest.raises(ConfigurationError, match="rule 'query': has no ORDER BY"):
        read(address, query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM patients ORDER BY id;",
        "\n-- what is read\nSELECT id FROM patients ORDER BY id; -- done\n",
        "/* one; two */ SELECT id FROM patients WHERE id LIKE '%0%' OR id = ':x %s; --' ORDER BY id ; ",
        "WITH p AS (SELECT id FROM patients) SELECT id FROM p ORDER BY id",
        "SELECT id FROM patients UNION SELECT id FROM patients ORDER BY id",
    ],
)
def test_comments_semicolons_and_percent_signs_disturb_no_query(address, read, query):
    number_rows(address, 3)
    assert read(address, query)["id"].tolist() == ["00000", "00001", "00002"]


def test_a_query_file_that_is_no_text_is_a_matter_of_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINIC_URL", "sqlite:///a.db")
    (tmp_path / "query.sql").write_bytes(b"SELECT '\xff' AS id ORDER BY 1")
    with pytest.raises(ConfigurationError, match="rule 'query': is not one SQL query"):
        database.read_query(source(tmp_path))


def test_a_missing_query_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINIC_URL", "sqlite:///a.db")
    with pytest.raises(DataRefusedError, match=r"query.sql is missing, rule 'file'"):
        database.read_query(source(tmp_path))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "CLINIC_URL is not set"),
        ("SENTINEL", "holds no address"),
        ("postgresql+psycopg://SENTINEL:SENTINEL@host:port/x", "holds no address"),
        ("postgresql+psycopg://SENTINEL:SENTINEL@[::1/x", "holds no address"),
        ("nosuch://SENTINEL:SENTINEL@host/x", "holds no address"),
        ("postgresql+nosuch://SENTINEL:SENTINEL@host/x", "holds no address"),
        ("mysql+mysqldb://SENTINEL:SENTINEL@host/x", "needs the driver MySQLdb"),
    ],
)
def test_an_address_that_is_none_is_a_matter_of_configuration_and_not_shown(read, address, said):
    with pytest.raises(ConfigurationError, match=said) as refusal:
        read(address, "SELECT 'a' AS id ORDER BY 1")
    assert "SENTINEL" not in str(refusal.value)


def test_an_unset_variable_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("CLINIC_URL", raising=False)
    (tmp_path / "query.sql").write_text("SELECT 'a' AS id ORDER BY 1")
    with pytest.raises(ConfigurationError, match="CLINIC_URL is not set"):
        database.read_database(source(tmp_path), ID)


@pytest.mark.parametrize("fault", ["port", "password", "database", "option"])
def test_a_database_that_cannot_be_reached_is_said_so_without_its_address(postgres, read, fault):
    address = {
        "port": "postgresql+psycopg://SENTINEL:SENTINEL@127.0.0.1:1/x",
        "password": postgres.replace(":kept-secret@", ":SENTINEL@"),
        "database": postgres.rpartition("/")[0] + "/SENTINEL",
        "option": postgres + "?SENTINEL=1",
    }[fault]
    with pytest.raises(DataRefusedError, match=r"query\.sql, rule 'database': cannot be reached") as refusal:
        read(address, "SELECT 'a' AS id ORDER BY 1")
    assert not any(word in str(refusal.value) for word in ("SENTINEL", "kept-secret", "127.0.0.1", "owner"))
    assert refusal.value.__suppress_context__


def test_a_connection_that_breaks_midway_gives_no_rows(postgres, read, monkeypatch):
    number_rows(postgres, 25)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    end = lambda: execute(postgres, f"{others} AND pid <> pg_backend_pid()")  # noqa: E731
    sizes = count_chunks(monkeypatch, then=end)
    with pytest.raises(DataRefusedError, match=r"rule 'database': .*the connection broke; nothing was read"):
        read(postgres, "SELECT id FROM patients ORDER BY id")
    assert sizes == [7]


def test_columns_other_than_the_declared_are_refused(address, read):
    number_rows(address, 1)
    for names in ("id AS number", "id, id AS other", "id, id", "upper(id)"):
        with pytest.raises(DataRefusedError, match="rule 'header'") as refusal:
            read(address, f"SELECT {names} FROM patients ORDER BY 1")
        assert "00000" not in str(refusal.value)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("CAST('SENTINEL' AS bytea)", "bytes"),
        ("CAST('12:30' AS time)", "time"),
        ("ARRAY['SENTINEL']", "list"),
        ("CAST('1 day' AS interval)", "timedelta"),
    ],
)
@pytest.mark.parametrize("address", ["postgresql", "duckdb"], indirect=True)
def test_a_type_that_is_no_text_number_or_day_is_refused(address, read, expression, kind):
    execute(address, "CREATE TABLE nothing (x integer)")
    with pytest.raises(DataRefusedError, match=f"'column type': column id holds values of type {kind};") as refusal:
        read(address, f"SELECT {expression} AS id ORDER BY 1")
    assert "SENTINEL" not in str(refusal.value)


def test_an_empty_result_is_a_table_without_records(address, read):
    fill(address, TYPES[address.partition(":")[0].partition("+")[0]])
    found = read(address, "SELECT * FROM records WHERE number = 'nobody' ORDER BY number", COLUMNS)
    assert list(found.columns) == list(COLUMNS)
    with pytest.raises(DataRefusedError, match="rule 'no records'"):
        validate_records(found, Everything, SETTINGS)


@pytest.mark.parametrize(
    "expression",
    ["CAST(id AS integer)", "1 / (length(id) - 8)", "nosuch(id)", "SENTINEL", "CAST(id AS date)", "id ~ '('"],
)
def test_an_error_of_the_database_shows_no_value(postgres, read, expression):
    execute(postgres, "CREATE TABLE patients (id text)", "INSERT INTO patients VALUES ('SENTINEL')")
    with pytest.raises(DataRefusedError, match="rule 'query': the database refused the query") as refusal:
        read(postgres, f"SELECT {expression} AS id FROM patients ORDER BY 1")
    assert "SENTINEL" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_query_that_the_database_does_not_understand_is_not_called_unreachable(address, read):
    number_rows(address, 1)
    with pytest.raises(DataRefusedError, match="rule 'query'"):
        read(address, "SELECT id FROM nosuch ORDER BY id")


def test_a_number_is_written_exactly(postgres, read):
    columns = {"x": Column("X", Role.EXCLUDED, Kind.DECIMAL)}
    found = read(postgres, "SELECT CAST('123456789.000000001' AS numeric) AS x ORDER BY 1", columns)
    assert Decimal(found["x"][0]) == Decimal("123456789.000000001")
