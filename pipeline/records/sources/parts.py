"""A stream of Arrow tables, cut anew into parts of equal length."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def recut(tables: "Iterator[pa.Table]", rows: int) -> "Iterator[pa.Table]":
    """The rows of `tables`, which have one schema, in tables of `rows` each; the last may have fewer."""
    import pyarrow as pa

    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        while sum(map(len, held)) >= rows:
            joined = pa.concat_tables(held)
            yield joined.slice(0, rows)
            held = [joined.slice(rows)]
    if sum(map(len, held)):
        yield pa.concat_tables(held)
