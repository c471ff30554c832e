"""What a reader knows of counts: which are sums of which others."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pipeline.arrays import BoolArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array


Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Sums:
    """One row per sum of `coefficients`, (sums, cells): 1 for the cell, -1 for those that it is the sum of.

    What a row of true counts comes to is known to readers: 0, or what the cells told elsewhere leave.
    """

    coefficients: "csr_array"

    def line(self, row: int) -> tuple[IntArray, bool]:
        """The cells of one sum, and whether it only adds: parts of a known total."""
        start, end = self.coefficients.indptr[row : row + 2]
        return self.coefficients.indices[start:end], len(set(self.coefficients.data[start:end])) <= 1

    def connected(self, cell: int, hidden: BoolArray) -> tuple[IntArray, IntArray]:
        """The hidden cells that hang together with a hidden `cell`, itself one, and the sums they are in."""
        terms = abs(self.coefficients)
        member = np.zeros(len(hidden), dtype=bool)
        member[cell] = True
        while True:
            lines = terms @ member > 0
            reached = hidden & ((terms.T @ lines) > 0) | member
            if (reached == member).all():
                return np.flatnonzero(member), np.flatnonzero(lines)
            member = reached


def write_sums(
    counts: Mapping[Cell, int], sums: Sequence[tuple[Cell, Collection[Cell]]], cells: Sequence[Cell]
) -> Sums:
    """The `sums` over `cells`, in this order; other cells of `counts` are known. Each sum is asserted to hold."""
    from scipy.sparse import csr_array

    place = {cell: i for i, cell in enumerate(cells)}
    rows, columns, signs = [], [], []
    for row, (whole, parts) in enumerate(sums):
        assert counts[whole] == sum(counts[part] for part in parts), "a whole is the sum of its parts"
        for cell, sign in ((whole, 1.0), *((part, -1.0) for part in parts)):
            if cell in place:
                rows.append(row)
                columns.append(place[cell])
                signs.append(sign)
    return Sums(csr_array((signs, (rows, columns)), shape=(len(sums), len(cells))))
