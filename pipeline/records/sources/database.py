"""A database, through SQLAlchemy: one query that only reads, in one read-only transaction, streamed in chunks."""

import os
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from data_schemas.columns import Column
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.sources.cells import write_cell
from pipeline.records.sources.refusals import check_header, file_faults, refused
from pipeline.sections import DatabaseSource

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

CHUNK = 20_000  # rows that are held as objects, many times as large as text
# How each database is told that nothing may be written: what its driver is given, and the connection's options.
READ_ONLY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "postgresql": ({}, {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}),
    "duckdb": ({"read_only": True}, {}),
    "sqlite": ({}, {}),
}


def read_database(
    source: DatabaseSource, columns: dict[str, Column], optional: Collection[str] = frozenset()
) -> pd.DataFrame:
    """The rows of the query in `source.path`, as text columns, as a delimited file with the same values gives them.

    The query may lack `optional` columns. Raises ConfigurationError if the environment variable or the query is not
    usable, DataRefusedError if the database cannot be reached, refuses the query, drops the connection or gives other
    columns. No message holds the address, since it may hold a password.
    """
    return pd.concat(read_database_parts(source, columns, optional, CHUNK), ignore_index=True)


def read_database_parts(
    source: DatabaseSource, columns: dict[str, Column], optional: Collection[str], rows: int
) -> Iterator[pd.DataFrame]:
    """What `read_database` gives, `rows` rows at a time, in one transaction; a first part without rows if it has none.

    Raises as it does, at the latest after the last part.
    """
    import sqlalchemy as sa

    query = read_query(source)
    engine = _open_engine(source)
    try:
        with _connect(engine, source) as connection:
            yield from _read_rows(_read_only(connection), query, source, columns, optional, rows)
    except (sa.exc.SQLAlchemyError, RuntimeError) as error:
        if getattr(error, "connection_invalidated", False):
            raise _unreachable(source) from None
        raise refused(source.path, "query", "the database refused the query; try it in a client, read-only") from None
    finally:
        engine.dispose()


def read_query(source: DatabaseSource) -> str:
    """The query's text. Raises ConfigurationError unless it is one query that only reads and orders its rows."""
    import sqlglot
    from sqlglot import exp

    try:
        with file_faults(source.path):
            text = Path(source.path).read_text(encoding="utf-8")
        parsed = sqlglot.parse(text, dialect=_dialect(source))
    except (sqlglot.errors.SqlglotError, RecursionError, UnicodeDecodeError):
        raise ConfigurationError(
            f"{source.path}, rule 'query': is not one SQL query; expected SELECT ... ORDER BY"
        ) from None
    statements = [s for s in parsed if s is not None and not isinstance(s, exp.Semicolon)]
    query = statements[0] if len(statements) == 1 else None
    if not isinstance(query, exp.Query) or query.find(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.DDL):
        raise ConfigurationError(
            f"{source.path}, rule 'query': expected one query that only reads, SELECT ... ORDER BY"
        )
    if not query.args.get("order"):
        raise ConfigurationError(
            f"{source.path}, rule 'query': has no ORDER BY; without it a database gives the rows in any order"
        )
    return text


def _dialect(source: DatabaseSource) -> str:
    name: str = _address(source).get_backend_name()
    return {"postgresql": "postgres", "mssql": "tsql", "mariadb": "mysql"}.get(name, name)


def _address(source: DatabaseSource) -> Any:
    return read_address(source.url_from, source.path)


def read_address(url_from: str, needed_by: str) -> Any:
    """The SQLAlchemy address in the environment variable `url_from`; raises ConfigurationError where it holds none."""
    import sqlalchemy as sa

    text = os.environ.get(url_from)
    if not text:
        raise ConfigurationError(f"{needed_by} needs the database's address in the environment: {url_from} is not set")
    try:
        url = sa.make_url(text)
        url.get_dialect()
    except (sa.exc.SQLAlchemyError, ValueError):
        raise ConfigurationError(
            f"the environment variable {url_from} holds no address that SQLAlchemy knows; "
            "expected such as postgresql+psycopg://user:password@host/database"
        ) from None
    return url


def _open_engine(source: DatabaseSource) -> "Engine":
    import sqlalchemy as sa

    url = _address(source)
    given, _ = READ_ONLY.get(url.get_backend_name(), ({}, {}))
    if url.get_backend_name() == "sqlite":  # which would make a file where there is none
        url = url.set(database=f"file:{quote(url.database or '')}").update_query_dict({"mode": "ro", "uri": "true"})
    try:
        return sa.create_engine(url, connect_args=given)
    except ImportError as error:
        raise ConfigurationError(
            f"the database of {source.url_from} needs the driver {error.name}; install it"
        ) from None


def _connect(engine: "Engine", source: DatabaseSource) -> "Connection":
    import sqlalchemy as sa

    try:
        return engine.connect()
    except sa.exc.SQLAlchemyError:
        raise _unreachable(source) from None


def _unreachable(source: DatabaseSource) -> DataRefusedError:
    return refused(
        source.path, "database", "cannot be reached, or the connection broke; nothing was read, run it again later"
    )


def _read_only(connection: "Connection") -> "Connection":
    name = connection.dialect.name
    _, options = READ_ONLY.get(name, ({}, {}))
    if name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    return connection.execution_options(stream_results=True, yield_per=CHUNK, no_parameters=True, **options)


def _read_rows(
    connection: "Connection",
    query: str,
    source: DatabaseSource,
    columns: dict[str, Column],
    optional: Collection[str],
    rows: int,
) -> Iterator[pd.DataFrame]:
    with closing(connection.exec_driver_sql(query)) as found:
        header = list(found.keys())
        present = check_header(source.path, header, list(columns), optional)
        yield pd.DataFrame(columns=present, dtype="string")
        texts = (_as_text(part, header, source, columns)[present] for part in found.partitions(min(rows, CHUNK)))
        yield from _recut(texts, rows)


def _recut(frames: Iterator[pd.DataFrame], rows: int) -> Iterator[pd.DataFrame]:
    """The rows of `frames`, none of which has more than `rows`, in frames of `rows` each; the last may have fewer."""
    held: list[pd.DataFrame] = []
    for frame in frames:
        held.append(frame)
        if sum(map(len, held)) >= rows:
            joined = pd.concat(held, ignore_index=True)
            yield joined.iloc[:rows]
            held = [joined.iloc[rows:]]
    if sum(map(len, held)):
        yield pd.concat(held, ignore_index=True)


def _as_text(rows: Any, header: list[str], source: DatabaseSource, columns: dict[str, Column]) -> pd.DataFrame:
    made = {}
    for name, values in zip(header, zip(*rows, strict=True), strict=True):
        try:
            texts = [write_cell(value, columns[name]) for value in values]
        except TypeError as error:
            raise refused(
                source.path, "column type", f"column {name} holds values of type {error}; cast them in the query"
            ) from None
        made[name] = pd.array(texts, dtype="string")
    return pd.DataFrame(made)
