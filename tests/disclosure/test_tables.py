"""Nobody can compute a hidden count from the counts and totals that are shown."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.disclosure import hide_in_groups, hide_in_table

WHOLE = (0, 1, 2)


def with_total(parts: list[list[int]]) -> npt.NDArray[np.int64]:
    """Counts with everyone in the first column."""
    array = np.array(parts, dtype=np.int64)
    return np.column_stack([array.sum(axis=1), array])


def show(counts: npt.NDArray[np.int64], hidden: npt.NDArray[np.bool_]) -> list[list[int | None]]:
    return np.where(hidden, None, counts).tolist()


def test_nothing_is_hidden_where_no_count_is_small() -> None:
    counts = with_total([[50, 40], [30, 20]])
    assert not hide_in_table(counts, 10, [WHOLE]).any()


def test_one_small_count_takes_a_rectangle_with_it() -> None:
    counts = with_total([[100, 3], [80, 40], [60, 30]])
    assert show(counts, hide_in_table(counts, 10, [WHOLE])) == [
        [103, None, None],
        [120, 80, 40],
        [90, None, None],  # the smallest of its column, and what closes the rectangle
    ]


def test_zero_is_hidden_like_any_small_count() -> None:
    counts = with_total([[100, 0], [80, 40]])
    assert hide_in_table(counts, 10, [WHOLE])[0, 2]


def test_a_bridge_between_two_rectangles_is_not_left_open() -> None:
    """Two hidden cells in each line are not enough: a lone link between two blocks can be subtracted."""
    left = [[4, 30, 90, 90], [30, 30, 4, 90], [90, 90, 30, 4], [90, 90, 4, 30]]
    counts = np.array([[sum(row), *row] for row in left], dtype=np.int64)
    hidden = hide_in_table(counts, 10, [(0, 1, 2, 3, 4)])
    assert spans(counts, hidden, [(0, 1, 2, 3, 4)]) >= 10


def spans(counts: npt.NDArray[np.int64], hidden: npt.NDArray[np.bool_], partitions: list[tuple[int, ...]]) -> float:
    """The narrowest range of any hidden count, by an integer programme written independently of the module."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    if not hidden.any():
        return float("inf")
    size, width = counts.size, counts.shape[1]
    rows = [np.where(np.arange(size) % width == g, 1.0, 0.0) for g in range(width)]
    for whole, *parts in partitions:
        for level in range(len(counts)):
            row = np.zeros(size)
            row[level * width + whole] = 1
            row[[level * width + p for p in parts]] = -1
            rows.append(row)
    flat, mask = counts.ravel().astype(float), hidden.ravel()
    lower, upper = np.where(mask, 0.0, flat), np.where(mask, np.inf, flat)
    constraint = LinearConstraint(np.array(rows), np.array(rows) @ flat, np.array(rows) @ flat)
    found = []
    for cell in np.flatnonzero(mask):
        goal = np.zeros(size)
        goal[cell] = 1
        ends = [
            milp(sign * goal, constraints=constraint, bounds=Bounds(lower, upper), integrality=np.ones(size)).x[cell]
            for sign in (1, -1)
        ]
        found.append(ends[1] - ends[0])
    return float(min(found))


cells = st.one_of(st.integers(0, 25), st.integers(0, 400))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=2, max_size=5))
def test_every_hidden_count_stays_open_to_ten_or_more(parts: list[list[int]]) -> None:
    counts = with_total(parts)
    if counts.sum(axis=0).min() < 10:
        return  # such a split is not shown at all
    hidden = hide_in_table(counts, 10, [WHOLE])
    assert hidden[counts < 10].all()
    assert spans(counts, hidden, [WHOLE]) >= 10 - 1e-6


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(cells, min_size=4, max_size=4), min_size=2, max_size=4))
def test_two_splits_of_the_same_patients_do_not_help_each_other(quarters: list[list[int]]) -> None:
    """Part and outcome are both sums of the same everyone."""
    q = np.array(quarters, dtype=np.int64)
    counts = np.column_stack([q.sum(1), q[:, 0] + q[:, 1], q[:, 2] + q[:, 3], q[:, 0] + q[:, 2], q[:, 1] + q[:, 3]])
    if counts.sum(axis=0).min() < 10:
        return
    partitions = [(0, 1, 2), (0, 3, 4)]
    hidden = hide_in_table(counts, 10, partitions)
    assert spans(counts, hidden, partitions) >= 10 - 1e-6


def tables(shown: list[list[int | None]], totals: list[int]) -> Iterator[tuple[int, ...]]:
    """All tables of two parts that a reader cannot rule out, by trying every one."""
    levels = len(shown)
    for first in itertools.product(range(totals[1] + 1), repeat=levels):
        for second in itertools.product(range(totals[2] + 1), repeat=levels):
            table = [(a + b, a, b) for a, b in zip(first, second, strict=True)]
            fits = all(
                s in (None, c) for row, line in zip(shown, table, strict=True) for s, c in zip(row, line, strict=True)
            )
            if fits and (sum(first), sum(second)) == (totals[1], totals[2]):
                yield tuple(itertools.chain(*table))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=2), min_size=2, max_size=3))
def test_trying_every_table_finds_no_hidden_count(parts: list[list[int]]) -> None:
    counts = with_total(parts)
    totals = counts.sum(axis=0)
    if totals.min() < 3 or totals.max() > 12:
        return
    hidden = hide_in_table(counts, 3, [WHOLE])
    possible = np.array(list(tables(show(counts, hidden), totals.tolist())))
    for cell in np.flatnonzero(hidden.ravel()):
        assert possible[:, cell].max() - possible[:, cell].min() >= 3


def test_hidden_cells_cannot_be_subtracted() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        counts = rng.integers(0, 40, size=(rng.integers(2, 5), rng.integers(1, 5)))
        hidden = hide_in_groups(counts, 10)
        assert hidden[counts < 10].all()
        for line, mask in [*zip(counts, hidden, strict=True), *zip(counts.T, hidden.T, strict=True)]:
            assert not mask.any() or mask.all() or (mask.sum() > 1 and line[mask].sum() >= 10)


def test_no_count_of_groups_is_hidden_without_need() -> None:
    assert not hide_in_groups(np.array([[10, 20], [30, 10]]), 10).any()
