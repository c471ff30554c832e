"""Small counts are hidden so that nobody can compute them from what is shown.

A count below the smallest permitted group is hidden, zero included: that all twelve patients of a kind had
the event says something about each of them. What remains may still give it away, since totals are known.
So for each hidden count two linear programmes find the smallest and the largest value that agree with
everything shown (counts are not negative; each equation of the table holds). Where this range spans fewer
than the smallest permitted group, the smallest count still shown in one of its equations is hidden too, and
the search starts again. It ends: at worst the whole table is hidden. This is the audit of statistical
disclosure control (Hundepool et al. 2012, Statistical Disclosure Control, ch. 4) with a greedy choice.

Shares are published only of totals that are published, or a hidden count could be had by division.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.arrays import BoolArray, IntArray


@dataclass(frozen=True)
class Equations:
    """What a reader knows: `coefficients @ counts == totals`, of shapes (equations, cells) and (equations,)."""

    coefficients: npt.NDArray[np.float64]
    totals: npt.NDArray[np.float64]


def hide_small_counts(counts: IntArray, partitions: Sequence[Sequence[int]], smallest: int) -> BoolArray:
    """Return which counts of a table, shape (levels, groups), may not be shown.

    Each column's total is known. Each of `partitions` lists a column and then the columns that it is the sum
    of, such as `(0, 1, 2)` for everyone, development and test.
    """
    equations = _equations(counts, partitions)
    flat = counts.ravel()
    hidden = flat < smallest
    while hidden.any() and not hidden.all():
        exposed = _first_exposed(flat, hidden, equations, smallest)
        if exposed is None:
            break
        hidden[_next_to_hide(flat, hidden, equations, exposed)] = True
    return hidden.reshape(counts.shape)


def hide_in_series(counts: Sequence[int | None], total: int, smallest: int) -> list[int | None]:
    """Hide more of a series of which some counts are None and the sum is known to readers.

    Returned are the counts, with None for what is hidden: either none, or at least two that sum to `smallest`.
    A total less than what is shown counts something else, and tells a reader nothing about the hidden ones.
    """
    shown = [None if value is not None and value < smallest else value for value in counts]
    while None in shown and any(value is not None for value in shown):
        left = total - sum(value for value in shown if value is not None)
        if shown.count(None) > 1 and (left >= smallest or left < 0):
            break
        least = min(value for value in shown if value is not None)
        shown[shown.index(least)] = None
    return shown


def _equations(counts: IntArray, partitions: Sequence[Sequence[int]]) -> Equations:
    levels, groups = counts.shape
    place = np.arange(levels * groups).reshape(levels, groups)
    rows, totals = [], []
    for group in range(groups):
        rows.append({int(cell): 1.0 for cell in place[:, group]})
        totals.append(float(counts[:, group].sum()))
    for whole, *parts in partitions:
        for level in range(levels):
            rows.append({int(place[level, whole]): 1.0, **{int(place[level, part]): -1.0 for part in parts}})
            totals.append(0.0)
    coefficients = np.zeros((len(rows), levels * groups))
    for i, row in enumerate(rows):
        coefficients[i, list(row)] = list(row.values())
    return Equations(coefficients, np.array(totals))


def _first_exposed(counts: IntArray, hidden: BoolArray, equations: Equations, smallest: int) -> int | None:
    """The first hidden cell whose possible values span less than `smallest`."""
    left = equations.totals - equations.coefficients[:, ~hidden] @ counts[~hidden]
    coefficients = equations.coefficients[:, hidden]
    for place, cell in enumerate(np.flatnonzero(hidden)):
        if _span(coefficients, left, place) < smallest - 1e-6:
            return int(cell)
    return None


def _span(coefficients: npt.NDArray[np.float64], totals: npt.NDArray[np.float64], place: int) -> float:
    """How far the largest possible value at `place` is from the smallest; values are not negative."""
    from scipy.optimize import linprog

    goal = np.zeros(coefficients.shape[1])
    goal[place] = 1.0
    low = linprog(goal, A_eq=coefficients, b_eq=totals, method="highs")
    high = linprog(-goal, A_eq=coefficients, b_eq=totals, method="highs")
    assert low.x is not None, "the true counts satisfy the equations"
    assert high.x is not None, "columns add up to known totals, so counts are bounded"
    return float(high.x[place] - low.x[place])


def _next_to_hide(counts: IntArray, hidden: BoolArray, equations: Equations, exposed: int) -> int:
    """The smallest count still shown in the equation of `exposed` that hides least, or else any still shown."""
    terms = equations.coefficients != 0
    useful = terms[terms[:, exposed] & terms[:, ~hidden].any(axis=1)]
    least = np.argmin(useful @ np.where(hidden, counts, 0)) if len(useful) else None
    candidates = np.flatnonzero(~hidden if least is None else useful[least] & ~hidden)
    return int(candidates[np.argmin(counts[candidates])])
