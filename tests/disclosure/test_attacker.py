"""An attacker who has every published table cannot bound a hidden count within less than the limit.

The attacker writes down each published number as an equation over the counts of the finest cross-classification, of
which all tables are sums, and asks a linear programme for the least and the most that each hidden count can be. Nothing
here comes from the module.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipeline.disclosure import hide_in_groups, hide_in_table, hide_small_counts

SMALLEST = 10
Counts = npt.NDArray[np.int64]
Axes = tuple[int, ...]
Cell = tuple[Axes, tuple[int, ...]]
"""The axes by which a table splits patients, and a level on each."""


def cells_of(shape: Sequence[int], axes: Axes) -> Iterator[Cell]:
    for levels in itertools.product(*(range(shape[axis]) for axis in axes)):
        yield axes, levels


def row_of(shape: Sequence[int], cell: Cell) -> npt.NDArray[np.float64]:
    """Which cells of the finest table a published cell counts, (cells,)."""
    inside = np.ones(shape)
    for axis, level in zip(*cell, strict=True):
        other = np.arange(shape[axis]) != level
        inside[(slice(None),) * axis + (other,)] = 0
    return inside.ravel()


def narrowest(finest: Counts, shown: Sequence[Cell], hidden: Sequence[Cell]) -> float:
    """The narrowest range of a hidden count; one without any bound is as wide as can be."""
    rows = np.array([row_of(finest.shape, cell) for cell in shown])
    known = rows @ finest.ravel()
    ranges = [np.inf]
    for cell in hidden:
        goal = row_of(finest.shape, cell)
        ends = [linprog(sign * goal, A_eq=rows, b_eq=known, bounds=(0, None)) for sign in (1, -1)]
        if all(end.status == 0 for end in ends):
            ranges.append(-ends[1].fun - ends[0].fun)
    return min(ranges)


def sums_of(shape: Sequence[int], tables: Sequence[Axes]) -> list[tuple[Cell, list[Cell]]]:
    """Every margin of a table that is itself a table, as the sum of its cells."""
    found = []
    for fine, coarse in itertools.permutations(tables, 2):
        if set(coarse) < set(fine):
            at = [fine.index(axis) for axis in coarse]
            found += [
                (whole, [c for c in cells_of(shape, fine) if tuple(c[1][i] for i in at) == whole[1]])
                for whole in cells_of(shape, coarse)
            ]
    return found


def with_shared_margins(tables: Sequence[Axes]) -> list[Axes]:
    """The tables, and the margins that any of them share: whoever sees two tables sees these."""
    every = set(tables)
    while more := {tuple(sorted(set(a) & set(b))) for a in every for b in every} - every:
        every |= more
    return sorted(every)


def count(finest: Counts, cell: Cell) -> int:
    return int(row_of(finest.shape, cell) @ finest.ravel())


SHAPES = [(2, 2), (3, 2), (1, 4), (4, 3), (2, 2, 2), (3, 2, 2), (2, 3, 2)]
values = st.one_of(st.just(0), st.integers(0, 12), st.integers(0, 400))


@st.composite
def finest_tables(draw: st.DrawFn) -> Counts:
    shape = draw(st.sampled_from(SHAPES))
    counts = np.array(draw(st.lists(values, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))).reshape(shape)
    if draw(st.booleans()):
        counts[..., 0] += 300  # a level that dominates all others
    return counts


@settings(max_examples=60, deadline=None)
@given(finest_tables(), st.randoms(use_true_random=False))
def test_no_hidden_count_is_bounded_by_all_tables_together(finest: Counts, random) -> None:
    """Any set of tables by any axes with the margins that they share, the total of everybody told."""
    ways = [axes for k in range(1, finest.ndim + 1) for axes in itertools.combinations(range(finest.ndim), k)]
    tables = with_shared_margins([(), *random.sample(ways, random.randint(1, len(ways)))])
    every = [cell for axes in tables for cell in cells_of(finest.shape, axes)]
    counts = {cell: count(finest, cell) for cell in every}
    if counts[(), ()] < SMALLEST:
        return
    hidden = hide_small_counts(counts, sums_of(finest.shape, tables), SMALLEST, told=[((), ())])
    shown = [cell for cell in every if cell not in hidden]
    assert all(counts[cell] >= SMALLEST for cell in shown)
    assert narrowest(finest, shown, sorted(hidden)) >= SMALLEST - 1e-5


@pytest.mark.parametrize("seed", range(12))
def test_table_one_and_the_clusters_do_not_help_each_other(seed: int) -> None:
    """One attacker has a column of Table 1 by part and the shares of its levels by cluster, of the same patients."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 5)), 2, 3)  # levels, parts, clusters
    finest = rng.multinomial(600, rng.dirichlet(np.full(np.prod(shape), 0.3))).reshape(shape)
    by_part, by_cluster = finest.sum(axis=2), finest.sum(axis=1)
    if min(by_part.sum(axis=0).min(), by_cluster.sum(axis=0).min()) < SMALLEST:
        pytest.skip("such a split is not shown at all")
    one = hide_in_table(np.column_stack([by_part.sum(axis=1), by_part]), SMALLEST, [(0, 1, 2)])
    two = hide_in_groups(by_cluster.T, SMALLEST).T
    named = [(((0,), (i,)), one[i, 0]) for i in range(shape[0])]
    named += [(((0, 1), (i, j)), one[i, 1 + j]) for i in range(shape[0]) for j in range(2)]
    named += [(((0, 2), (i, j)), two[i, j]) for i in range(shape[0]) for j in range(3)]
    margins = [((), ()), *cells_of(shape, (1,)), *cells_of(shape, (2,))]
    shown = margins + [cell for cell, secret in named if not secret]
    assert all(count(finest, cell) >= SMALLEST for cell in shown)
    assert narrowest(finest, shown, [cell for cell, secret in named if secret]) >= SMALLEST - 1e-5


def test_the_attacker_finds_what_is_not_protected() -> None:
    """So that the property can fail: with the small counts alone hidden, subtraction gives them."""
    finest = np.array([[100, 3], [80, 40]])
    shown: list[Cell] = [((0, 1), (0, 0)), *cells_of((2, 2), (0,)), *cells_of((2, 2), (1,))]
    assert narrowest(finest, shown, [((0, 1), (0, 1))]) < 1e-6
