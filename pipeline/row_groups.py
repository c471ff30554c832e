"""The parts of a table on disk: row groups of a Parquet file, each named so that another process can read it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from pipeline.arrays import IntArray
from pipeline.errors import ConfigurationError, DataRefusedError

if TYPE_CHECKING:
    import pandas as pd


class Part(Protocol):
    """Records of a table that stand together, the first of which is record `start` of `rows` more."""

    @property
    def start(self) -> int:
        """How many records stand before it."""

    @property
    def rows(self) -> int:
        """How many records it has."""

    def read(self, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """Its records, as the table has them; the index counts those of the table from 0."""


P = TypeVar("P", bound=Part)


def deal(parts: Iterable[P], places: IntArray) -> Iterator[tuple[P, IntArray]]:
    """Each of `parts` of a table that holds records at `places` (n,) of it, ascending, with those of them."""
    for part in parts:
        first, end = np.searchsorted(places, [part.start, part.start + part.rows])
        if first < end:
            yield part, places[first:end]


def read_places(
    parts: Iterable[Part], places: IntArray, columns: Sequence[str] | None = None
) -> Iterator["pd.DataFrame"]:
    """The records at `places` (n,), ascending, or `columns` of them, in a frame for each part; indexed by place."""
    return (part.read(columns).loc[some] for part, some in deal(parts, places))


@dataclass(frozen=True)
class RowGroup:
    """Row group `number` of the file at `path`, of `rows` records, the first of which is record `start` of the file."""

    path: Path
    number: int
    start: int
    rows: int

    def read(self, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """Its records, all columns or these; the index counts the records of the file from 0.

        Raises DataRefusedError where it is damaged.
        """
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                table = file.read_row_group(self.number, None if columns is None else list(columns))
            frame: pd.DataFrame = table.to_pandas()
        except (pa.ArrowException, OSError):
            raise _damaged(self.path, f"records {self.start + 1} to {self.start + self.rows}") from None
        return frame.set_axis(pd.RangeIndex(self.start, self.start + self.rows))


def list_row_groups(path: Path) -> list[RowGroup]:
    """The row groups of the Parquet file at `path`, in their order.

    Raises ConfigurationError where there is no such file, DataRefusedError where it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        raise ConfigurationError(f"{path} is missing; `dvc repro` runs the stage that makes it")
    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        raise _damaged(path, "its list of columns and records") from None
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    place = path.absolute()  # a worker may have been started elsewhere
    return [RowGroup(place, number, sum(sizes[:number]), rows) for number, rows in enumerate(sizes)]


def read_rows(path: Path, places: IntArray, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """The records at `places` (n,) of the Parquet file at `path`, ascending, in the memory of a row group and them.

    Raises as `list_row_groups` and `RowGroup.read`.
    """
    import pandas as pd

    groups = list_row_groups(path)
    read = list(read_places(groups, places, columns))
    return pd.concat(read or [groups[0].read(columns).head(0)], ignore_index=True)


def _damaged(path: Path, what: str) -> DataRefusedError:
    return DataRefusedError(
        f"{path.name}, rule 'parquet file': {what} cannot be read, expected them as the stage before wrote them; "
        "check the disk, then `dvc repro` makes the file anew"
    )
