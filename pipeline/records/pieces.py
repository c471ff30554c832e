"""Tables put by on disk in pieces, so that the same piece of all of them can be taken out together.

What a first pass over a table in one order has made is so brought into another order in the memory of one piece.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pandas as pd

from pipeline.arrays import IntArray

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Pieces:
    """Tables of the same columns, each a file (Arrow IPC, a record batch per piece) in `folder`, which is private."""

    folder: Path

    def put(self, number: int, frame: pd.DataFrame, cuts: Sequence[int] | IntArray) -> None:
        """Put by table `number`, in place of an earlier one; piece k are the rows from `cuts[k]` to `cuts[k + 1]`."""
        import pyarrow as pa

        self.folder.mkdir(mode=0o700, exist_ok=True)
        batch = _whole(frame)
        unfinished = self.folder / f"{uuid4().hex}.partial"  # two workers may have been given the same part
        with pa.OSFile(str(unfinished), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
            for start, end in pairwise(cuts):
                writer.write_batch(batch.slice(start, end - start))
        os.replace(unfinished, self._path(number))

    def tables(self) -> list[int]:
        """The numbers of all tables, ascending."""
        return sorted(int(path.stem) for path in self.folder.glob("*.arrow"))

    def get(self, number: int, piece: int) -> "pa.Table":
        """One piece of one table."""
        import pyarrow as pa

        with pa.OSFile(str(self._path(number))) as file, pa.ipc.open_file(file) as reader:
            return pa.Table.from_batches([reader.get_batch(piece)])

    def take(self, piece: int) -> pd.DataFrame:
        """One piece of all tables, one after the other; there is at least one."""
        import pyarrow as pa

        frame: pd.DataFrame = pa.concat_tables([self.get(number, piece) for number in self.tables()]).to_pandas()
        return frame

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.arrow"


def _whole(frame: pd.DataFrame) -> "pa.RecordBatch":
    """`frame` as one batch, whose slices, also empty ones, all have the labels of its categories."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=table.schema)
