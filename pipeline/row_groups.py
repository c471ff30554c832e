"""The parts of a table on disk: row groups of a Parquet file, each named so that another process can read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigurationError, DataRefusedError

if TYPE_CHECKING:
    import pandas as pd


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


def _damaged(path: Path, what: str) -> DataRefusedError:
    return DataRefusedError(
        f"{path.name}, rule 'parquet file': {what} cannot be read, expected them as the stage before wrote them; "
        "check the disk, then `dvc repro` makes the file anew"
    )
