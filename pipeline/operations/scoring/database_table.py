"""Staged tables as tables of a database: there under their names once all rows are, or not at all."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError
from pipeline.records.sources.database import read_address

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

NAME = re.compile(r"(?:([A-Za-z_][A-Za-z0-9_]{0,39})\.)?([A-Za-z_][A-Za-z0-9_]{0,39})")
PARTIAL = "_partial"
ROWS = 10_000  # that are sent at a time


@dataclass(frozen=True)
class Target:
    """The table `name`, perhaps with a schema before it, in the database whose address `url_from` holds."""

    name: str
    url_from: str

    def parts(self) -> tuple[str | None, str]:
        """Schema and name. Raises ConfigurationError unless both are plain names."""
        found = NAME.fullmatch(self.name)
        if found is None:
            raise ConfigurationError(
                "--to-table: expected NAME or SCHEMA.NAME, each of at most 40 letters, digits and _, a letter first"
            )
        return found[1], found[2]


def refuse_existing(target: Target, names: Sequence[str]) -> None:
    """Raise ConfigurationError where one of the tables `names` exists, or the database cannot be reached."""
    with _connected(target) as connection:
        _refuse_existing(connection, target, names)


def write_tables(target: Target, staged: Mapping[str, Sequence[Path]]) -> None:
    """Write the staged Parquet files of each table, by name, into the database of `target`, in one transaction.

    Each table is filled under another name and then renamed, so that also a database whose transactions do not cover
    the making of tables never shows half of one. A column `record` counts the rows of the source from 1, since a
    table has no order. Raises ConfigurationError as `refuse_existing`, or where the database refuses.
    """
    with _connected(target) as connection:
        _refuse_existing(connection, target, list(staged))
        for name, paths in staged.items():
            _fill(connection, target.parts()[0], name, paths)
        for name in staged:
            _rename(connection, target.parts()[0], name)


@contextmanager
def _connected(target: Target) -> Iterator["Connection"]:
    """One transaction, undone where anything fails; no message holds the address or a value."""
    import sqlalchemy as sa

    engine = _open_engine(target)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "sqlite":  # whose driver begins no transaction for a table that is made
                connection.exec_driver_sql("BEGIN")
            yield connection
    except (sa.exc.SQLAlchemyError, RuntimeError) as error:
        raise ConfigurationError(
            f"the database of {target.url_from} cannot be written ({type(error).__name__}), so no table was made; "
            "check that it is reached and that its user may make and rename tables there"
        ) from None
    finally:
        engine.dispose()


def _open_engine(target: Target) -> "Engine":
    import sqlalchemy as sa

    try:
        return sa.create_engine(read_address(target.url_from, f"table {target.name}"))
    except ImportError as error:
        raise ConfigurationError(
            f"the database of {target.url_from} needs the driver {error.name}; install it"
        ) from None


def _refuse_existing(connection: "Connection", target: Target, names: Sequence[str]) -> None:
    import sqlalchemy as sa

    schema, _ = target.parts()
    found = [name for name in names if sa.inspect(connection).has_table(name, schema=schema)]
    if found:
        raise ConfigurationError(f"table {', '.join(found)} exists already; drop it or name another")


def _fill(connection: "Connection", schema: str | None, name: str, paths: Sequence[Path]) -> None:
    import pyarrow.parquet as pq
    import sqlalchemy as sa

    table = _declare(schema, name, pq.read_schema(paths[0]))
    table.drop(connection, checkfirst=True)
    table.create(connection)
    numbered, record = "record" in pq.read_schema(paths[0]).names, 0
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(ROWS):
            rows = batch.to_pylist()
            if not numbered:
                rows = [{"record": record + place, **row} for place, row in enumerate(rows, start=1)]
            record += len(rows)
            if rows:
                connection.execute(sa.insert(table), rows)


def _declare(schema: str | None, name: str, columns: Any) -> Any:
    """The table under its partial name, its columns typed as the staged file has them."""
    import pyarrow as pa
    import sqlalchemy as sa

    kinds = {pa.float64(): sa.Double, pa.bool_(): sa.Boolean, pa.int64(): sa.BigInteger}
    made = [sa.Column(field.name, kinds.get(field.type, sa.Text)) for field in columns]
    record = [] if "record" in columns.names else [sa.Column("record", sa.BigInteger)]
    return sa.Table(name + PARTIAL, sa.MetaData(), *record, *made, schema=schema)


def _rename(connection: "Connection", schema: str | None, name: str) -> None:
    import sqlalchemy as sa

    quote = connection.dialect.identifier_preparer
    old = sa.Table(name + PARTIAL, sa.MetaData(), schema=schema)
    connection.exec_driver_sql(f"ALTER TABLE {quote.format_table(old)} RENAME TO {quote.quote(name)}")
