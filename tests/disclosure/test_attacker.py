"""An attacker who has every published table cannot bound a hidden count within less than the limit.

The attacker writes down each published number as an equation over the counts of the finest cross-classification, of
which all tables are sums, or of a rounded number which counts it can be, and asks a linear programme for the least and
the most that each hidden count can be. Nothing here comes from the module but what it publishes.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from data_schemas.columns import Binary, Coded, Cohort, Role, Study, Text, category, identifier
from pipeline.disclosure import (
    Groups,
    count_levels,
    group_patients,
    hide_in_groups,
    hide_in_table,
    hide_small_counts,
    keep_secret,
    round_count,
)

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


def narrowest(finest: Counts, shown: Sequence[Cell], hidden: Sequence[Cell], step: int = 1) -> float:
    """The narrowest range of a hidden count; one without any bound is as wide as can be.

    A number rounded to `step` may be any count from half a step below to half a step above, of a few from 1 on, and
    whoever knows the rules knows that a shown cell counts `SMALLEST`.
    """
    rows = np.array([row_of(finest.shape, cell) for cell in shown])
    told = np.array([round_count(int(known), step) for known in rows @ finest.ravel()])
    least = np.where(told == step, np.minimum(told, 1), told - step // 2)
    least = np.maximum(least, [SMALLEST if axes else 0 for axes, _ in shown])
    most = np.where(told > 0, told + (step - 1) // 2, 0)
    limits = {"A_ub": np.vstack([rows, -rows]), "b_ub": np.concatenate([most, -least]), "bounds": (0, None)}
    ranges = [np.inf]
    for cell in hidden:
        ends = [linprog(sign * row_of(finest.shape, cell), **limits) for sign in (1, -1)]
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
@given(finest_tables(), st.randoms(use_true_random=False), st.sampled_from([1, 5, 10]))
def test_no_hidden_count_is_bounded_by_all_tables_together(finest: Counts, random, step: int) -> None:
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
    assert narrowest(finest, shown, sorted(hidden), step) >= SMALLEST - 1e-5


@pytest.mark.parametrize("step", [1, 5])
@pytest.mark.parametrize("seed", range(12))
def test_table_one_and_the_clusters_do_not_help_each_other(seed: int, step: int) -> None:
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
    assert narrowest(finest, shown, [cell for cell, secret in named if secret], step) >= SMALLEST - 1e-5


@pytest.mark.parametrize("step", [1, 5])
@pytest.mark.parametrize("seed", range(12))
def test_table_one_and_the_events_of_the_test_part_do_not_help_each_other(seed: int, step: int) -> None:
    """One attacker has a column of Table 1 by part and by outcome, and the events of each level in the test part.

    What Table 1 leaves open to ten different counts these do not close, nor do they close what it hides.
    """
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 5)), 2, 2)  # levels; development and test; with and without the event
    finest = rng.multinomial(500, rng.dirichlet(np.full(np.prod(shape), 0.5))).reshape(shape)
    if min(finest.sum(axis=(0, 2)).min(), finest.sum(axis=(0, 1)).min()) < SMALLEST:
        pytest.skip("such a split is not shown at all")
    found = count_levels(Split, "kind", spread(finest)["kind"], grouped(finest), SMALLEST)
    kept = keep_secret(Split, spread(finest), SMALLEST)
    axes: list[Axes] = [(0,), (0, 1), (0, 1), (0, 2), (0, 2)]
    ends = [(), (0,), (1,), (0,), (1,)]
    first: list[tuple[Cell, bool]] = [
        ((axes[j], (int(name), *ends[j])), bool(found.hidden[i, j]))
        for i, name in enumerate(found.names)
        for j in range(5)
    ]
    events: list[Cell] = [((0, 1, 2), (int(i), 1, end)) for i in found.names for end in (0, 1)]
    told = [cell for cell in events if ("Kind", str(cell[1][0])) not in kept.events | kept.levels]
    totals: list[Cell] = [((), ()), *cells_of(shape, (1,)), *cells_of(shape, (2,)), *cells_of(shape, (1, 2))]
    shown = totals + [cell for cell, secret in first if not secret]
    hidden = [cell for cell, secret in first if secret]
    assert narrowest(finest, shown + told, hidden, step) >= SMALLEST - 1e-5
    few = [cell for cell in cells_of(shape, (0, 1, 2)) if cell not in told and count(finest, cell) < SMALLEST]
    for cell in few:
        before = narrowest(finest, shown, [cell], step)
        assert narrowest(finest, shown + told, [cell], step) >= min(before, SMALLEST) - 1e-5


class Split(Cohort):
    """A category and a binary outcome."""

    patient_id: Text = identifier("Patient")
    kind: Coded = category("Kind", {str(i): str(i) for i in range(4)})
    died: Coded = category("Died", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    class Config:
        metadata = {  # noqa: RUF012
            "study": Study(
                title="Deaths", population="made up", intended_use="tests", outcome=Binary("died", "yes", "death"),
                source="made up", licence="none", thresholds=(), auroc_ceiling=0.95, auroc_ceiling_source="made up",
            )
        }  # fmt: skip


def spread(finest: Counts) -> pd.DataFrame:
    """One row for each patient of a table by kind, part and outcome."""
    places = np.repeat(np.indices(finest.shape).reshape(3, -1), finest.ravel(), axis=1)
    kinds = pd.Categorical.from_codes(places[0], [str(i) for i in range(4)])
    part, died = (np.array(names)[place] for names, place in (
        (["development", "test"], places[1]), (["yes", "no"], places[2])
    ))  # fmt: skip
    return pd.DataFrame({"kind": kinds, "part": part, "died": died})


def grouped(finest: Counts) -> Groups:
    return group_patients(spread(finest), Split, SMALLEST)


def test_the_attacker_finds_what_is_not_protected() -> None:
    """So that the property can fail: with the small counts alone hidden, subtraction gives them."""
    finest = np.array([[100, 3], [80, 40]])
    shown: list[Cell] = [((0, 1), (0, 0)), *cells_of((2, 2), (0,)), *cells_of((2, 2), (1,))]
    assert narrowest(finest, shown, [((0, 1), (0, 1))]) < 1e-6
