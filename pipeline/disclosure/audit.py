"""Small counts are hidden so that nobody can compute them from all that is shown.

A count below the smallest permitted group is hidden, zero included: that all twelve patients of a kind had
the event says something about each of them. What remains may still give it away, since totals are known.
So for each hidden count two linear programmes find the smallest and the largest value that agree with
everything shown (counts are not negative; each sum of each table holds). Where this range spans fewer
than the smallest permitted group, the smallest count still shown in one of its sums is hidden too, and
the search starts again. It ends: at worst everything that hangs together is hidden. This is the audit of statistical
disclosure control (Hundepool et al. 2012, Statistical Disclosure Control, ch. 4) with a greedy choice.

Shares are published only of totals that are published, or a hidden count could be had by division.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure.sums import Cell, Sums, write_sums

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ROUNDING = 1e-6
UNBOUNDED = 100.0  # times all counts together: what bounds a count that nothing shown does


def hide_small_counts(
    counts: Mapping[Cell, int],
    sums: Sequence[tuple[Cell, Collection[Cell]]],
    smallest: int,
    told: Collection[Cell] = frozenset(),
    secret: Collection[Cell] = frozenset(),
) -> frozenset[Cell]:
    """Return the cells of all tables that share margins whose counts may not be shown.

    `counts` has every cell and every margin once, however many tables show it, and the margins that two tables share
    even if neither shows them, since either tells them. Each of `sums` is a cell and those that it is the sum of.
    Cells that are `told` elsewhere stay known, whatever they hold; those that are `secret` elsewhere are hidden.
    """
    cells = [cell for cell in counts if cell not in told]
    values = np.array([counts[cell] for cell in cells], dtype=np.int64)
    first = np.array([cell in secret or counts[cell] < smallest for cell in cells], dtype=bool)
    hidden = _hide(values, first, write_sums(counts, sums, cells), smallest)
    return frozenset(cell for cell, secret in zip(cells, hidden, strict=True) if secret)


def _hide(counts: IntArray, first: BoolArray, sums: Sums, smallest: int) -> BoolArray:
    """Which of `counts`, (n,), to hide, those of `first` among them.

    `low` and `high` are the ends of what each count is known to be able to be. Nothing helps parts of a small total.
    """
    lines = [sums.line(row) for row in range(sums.coefficients.shape[0])]
    hidden, hopeless = _close_lines(counts, first, lines, smallest), np.zeros(len(counts), dtype=bool)
    for cells, adds in lines:
        hopeless[cells] |= adds and counts[cells].sum() < smallest
    low, high = counts.astype(np.float64), counts.astype(np.float64)
    rng = np.random.default_rng(0)
    while True:
        narrow = hidden & ~hopeless & (high - low < smallest - ROUNDING)
        if not narrow.any():
            return hidden
        cell = int(np.flatnonzero(narrow)[0])
        together, rows = sums.connected(cell, hidden)
        one = together == cell
        for goal in (rng.choice([-1.0, 1.0], len(one)) * (narrow[together] | one), one.astype(np.float64)):
            _widen(goal, together, sums.coefficients[rows][:, together], counts, low, high)
            if high[cell] - low[cell] >= smallest - ROUNDING:
                break
        else:
            other = _next_to_hide(counts, hidden, sums, cell, rows)
            hopeless[cell] = other is None
            hidden = _close_lines(counts, hidden | (np.arange(len(counts)) == other), lines, smallest)


def _close_lines(
    counts: IntArray, hidden: BoolArray, lines: Sequence[tuple[IntArray, bool]], smallest: int
) -> BoolArray:
    """`hidden` and the next smallest counts of the sums that give hidden ones away by themselves.

    One hidden alone does; so do several parts of a known total that are fewer than `smallest` together.
    """
    found = hidden.copy()
    changed = True
    while changed:
        changed = False
        for cells, adds in lines:
            secret = found[cells]
            safe = secret.sum() > 1 and not (adds and counts[cells][secret].sum() < smallest)
            if secret.any() and not secret.all() and not safe:
                found[cells[~secret][counts[cells][~secret].argmin()]] = changed = True
    return found


def _widen(
    goal: FloatArray, together: IntArray, coefficients: "csr_array", counts: IntArray, low: FloatArray, high: FloatArray
) -> None:
    """Move `low` and `high` in place to what two solutions, least and most of `goal`, show to be possible.

    A solution is one for all cells that hang together, so that it settles many; and it stays one when more is hidden.
    """
    from scipy.optimize import linprog

    known, most = coefficients @ counts[together], UNBOUNDED * float(counts.sum() + 1)
    for sign in (1.0, -1.0):
        found = linprog(sign * goal, A_eq=cast(Any, coefficients), b_eq=known, bounds=(0, most), method="highs").x
        assert found is not None, "the true counts satisfy the sums"
        low[together] = np.minimum(low[together], found)
        high[together] = np.maximum(high[together], found)


def _next_to_hide(counts: IntArray, hidden: BoolArray, sums: Sums, cell: int, rows: IntArray) -> int | None:
    """The smallest count still shown in the sum of `cell` that hides least, or else in one that hangs with it."""
    terms = sums.coefficients[rows].toarray() != 0
    useful = terms[terms[:, cell] & terms[:, ~hidden].any(axis=1)]
    among = useful[np.argmin(useful @ np.where(hidden, counts, 0))] if len(useful) else terms.any(axis=0)
    candidates = np.flatnonzero(among & ~hidden)
    return int(candidates[np.argmin(counts[candidates])]) if len(candidates) else None
