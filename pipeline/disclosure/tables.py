"""Tables of counts whose margins other tables show too.

Which totals of levels are shown follows from these totals alone, so that all tables of the same patients agree on it,
whatever else they are split by; what each table hides of its own protects them.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.arrays import BoolArray, IntArray
from pipeline.disclosure.audit import hide_small_counts
from pipeline.disclosure.series import hide_in_series


def hide_in_table(counts: IntArray, smallest: int, partitions: Sequence[Sequence[int]] = ()) -> BoolArray:
    """Return which counts of a table, shape (levels, groups), may not be shown.

    Each column's total is known. Each of `partitions` lists a column and then the columns that it is the sum
    of, such as `(0, 1, 2)` for everyone, development and test.
    """
    shown = _show_wholes(counts, smallest, partitions)
    wholes = np.isin(np.arange(counts.shape[1]), _wholes(partitions))
    return _search(counts, smallest, partitions, told=shown & wholes, secret=~shown & wholes)


def hide_in_groups(counts: IntArray, smallest: int) -> BoolArray:
    """Return which counts of a table, shape (groups, levels), may not be shown: everybody is in one group.

    The size of each group is known. Of each level's total, a reader may know what `hide_in_table` shows of everybody,
    and what it shows of somewhat other patients: all that are not small.
    """
    everyone = np.column_stack([counts.sum(axis=0), counts.T])
    partitions = [tuple(range(len(counts) + 1))]
    hidden = hide_in_table(everyone, smallest, partitions)
    told = np.zeros_like(hidden)
    told[:, 0] = everyone[:, 0] >= smallest
    return np.asarray(_search(everyone, smallest, partitions, told=told, secret=hidden)[:, 1:].T)


def hide_within(counts: IntArray, smallest: int, partitions: Sequence[Sequence[int]], hidden: BoolArray) -> BoolArray:
    """Return which counts may not be shown of further columns that divide those of a table shown elsewhere.

    Arguments are those of `hide_in_table` for all columns together; the first are those of that table, which shows all
    but `hidden`, shape (levels, first columns).
    """
    first = hidden.shape[1]
    told, secret = np.zeros(counts.shape, dtype=bool), np.zeros(counts.shape, dtype=bool)
    told[:, :first], secret[:, :first] = ~hidden, hidden
    return _search(counts, smallest, partitions, told=told, secret=secret)[:, first:]


def _search(
    counts: IntArray, smallest: int, partitions: Sequence[Sequence[int]], *, told: BoolArray, secret: BoolArray
) -> BoolArray:
    """Which of `counts`, (levels, groups), to hide, where readers know of some and others are hidden in any case."""
    levels, groups = counts.shape
    cells = {(i, j): int(counts[i, j]) for i in range(levels) for j in range(groups)}
    totals = {(-1, j): int(counts[:, j].sum()) for j in range(groups)}
    sums = [((-1, j), [(i, j) for i in range(levels)]) for j in range(groups)]
    sums += [((i, whole), [(i, part) for part in parts]) for whole, *parts in partitions for i in range(levels)]
    known = [cell for cell in cells if told[cell]]
    found = hide_small_counts(cells | totals, sums, smallest, {*totals, *known}, {c for c in cells if secret[c]})
    return np.array([[(i, j) in found for j in range(groups)] for i in range(levels)], dtype=bool).reshape(counts.shape)


def _wholes(partitions: Sequence[Sequence[int]]) -> list[int]:
    """The columns that others sum to and that are no part themselves."""
    parts = {part for _, *rest in partitions for part in rest}
    return sorted({whole for whole, *_ in partitions} - parts)


def _show_wholes(counts: IntArray, smallest: int, partitions: Sequence[Sequence[int]]) -> BoolArray:
    """Which counts of these columns to show, (levels, groups)."""
    shown = np.zeros(counts.shape, dtype=bool)
    for j in _wholes(partitions):
        kept = hide_in_series(counts[:, j].tolist(), int(counts[:, j].sum()), smallest)
        shown[:, j] = [count is not None for count in kept]
    return shown
