"""Where whole tables of predictors are kept: in memory, or where that would not do, in files without a name.

Each column lies in one piece, so that rows that follow each other are read where they lie. A file without a name takes
room on the disk until its process ends, however that ends, and nobody else can open it.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.arrays import BoolArray, IntArray

FEW = 250_000
"""Rows that are kept in memory anyway."""


@dataclass(frozen=True)
class Shelf:
    """Keeps tables in memory, or in `folder` where it is given."""

    folder: Path | None = None

    def gather(self, parts: Iterable[pd.DataFrame], rows: int) -> pd.DataFrame:
        """The `rows` rows of `parts` as one table of the same columns, its index counting them from 0.

        Parts are of numbers of one type, and of categories of the same levels. None is held once it has been copied.
        """
        made: dict[str, npt.NDArray[Any]] = {}
        levels: dict[str, Any] = {}
        start = 0
        for part in parts:
            if not made:
                levels = {str(name): column.dtype for name, column in part.select_dtypes("category").items()}
                made = self._allocate({str(name): _plain(column).dtype for name, column in part.items()}, rows)
            for name, values in made.items():
                values[start : start + len(part)] = _plain(part[name])
            start += len(part)
        assert start == rows, "the parts have as many rows as was said"
        columns = {name: _named(values, levels.get(name)) for name, values in made.items()}
        return pd.DataFrame(columns, index=pd.RangeIndex(rows), copy=False)

    def take(self, X: pd.DataFrame, index: BoolArray | IntArray) -> pd.DataFrame:
        """The rows of X at `index`, a mask or positions, with their labels of the index of X."""
        if self.folder is None or X.columns.empty:
            return X.iloc[index]
        place = np.flatnonzero(index) if index.dtype == bool else index
        if len(place) <= FEW:
            return X.iloc[place]
        parts = (X.iloc[place[start : start + FEW]] for start in range(0, len(place), FEW))
        return self.gather(parts, len(place)).set_axis(X.index[place])

    def _allocate(self, kinds: dict[str, npt.DTypeLike], rows: int) -> dict[str, npt.NDArray[Any]]:
        if self.folder is None:
            return {name: np.empty(rows, dtype=kind) for name, kind in kinds.items()}
        with tempfile.TemporaryFile(dir=self.folder) as file:
            sizes = {name: np.dtype(kind).itemsize * rows for name, kind in kinds.items()}
            file.truncate(sum(sizes.values()))
            starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
            return {
                name: np.memmap(file, dtype=kind, mode="r+", offset=starts[name], shape=(rows,))
                for name, kind in kinds.items()
            }


def _plain(column: "pd.Series[Any]") -> npt.NDArray[Any]:
    """The numbers of a column, or the places of its codes."""
    return column.cat.codes.to_numpy() if isinstance(column.dtype, pd.CategoricalDtype) else column.to_numpy()


def _named(values: npt.NDArray[Any], levels: pd.CategoricalDtype | None) -> "pd.Series[Any]":
    plain = values.view(np.ndarray)
    coded = plain if levels is None else pd.Categorical.from_codes(plain, dtype=levels)
    return pd.Series(coded, copy=False)
