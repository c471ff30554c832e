"""Small counts in the tables of clusters are hidden, also from subtraction."""

import numpy as np

from pipeline.arrays import BoolArray, IntArray


def hide_small_counts(counts: IntArray, smallest: int) -> BoolArray:
    """Return which cells of a table, shape (clusters, cells), may not be shown.

    A count below `smallest`, zero included, is hidden. Row and column totals are known to a reader, so as
    long as a row or column hides one cell only, or cells that sum to less than `smallest`, its next smallest
    cell is hidden too.
    """
    hidden = counts < smallest
    changed = True
    while changed:
        views = [*zip(counts, hidden, strict=True), *zip(counts.T, hidden.T, strict=True)]
        changed = sum(_hide_another(line, mask, smallest) for line, mask in views) > 0
    return hidden


def _hide_another(counts: IntArray, hidden: BoolArray, smallest: int) -> bool:
    """Hide one more cell of a line in place where subtraction would give the hidden ones away."""
    safe = hidden.sum() > 1 and counts[hidden].sum() >= smallest
    if safe or not hidden.any() or hidden.all():
        return False
    shown = np.flatnonzero(~hidden)
    hidden[shown[np.argmin(counts[shown])]] = True
    return True
