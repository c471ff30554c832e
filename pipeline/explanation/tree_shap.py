"""Path-dependent TreeSHAP of a whole table at once (Lundberg et al. 2020), and its interaction values.

A leaf's part in a tree is a product game: with the predictors S known it pays its value, times the share of cover
on its way for each predictor that is not in S, and nothing where one in S sends the patient elsewhere. Shapley values
are linear in what a game pays to each S, so one matrix turns the leaves into tables with a row for every pattern of
predictors that agree with the way to the leaf. The tables of leaves that the same few splits decide are added up;
a patient's contributions are then looked up by the pattern of decisions. This is what xgboost's `pred_contribs`
computes patient by patient; both agree to 1e-5.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import combinations
from math import factorial

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost

from pipeline.arrays import FloatArray, IntArray
from pipeline.explanation.tree_paths import Columns, Group, Tree, cut, depth, encode, read_trees
from pipeline.models.trees import as_matrix

MOST_SPLITS = 10
"""A group's table has a row for each of 2 to this power patterns."""
DEEPEST = 8
"""Tables of deeper trees would be too large; xgboost explains those patient by patient."""
ROWS = 8192
"""Patients at a time, so that what is added up stays in the processor's cache."""
Pair = tuple[str, str]


def tree_contributions(booster: xgboost.Booster, X: pd.DataFrame) -> tuple[float, FloatArray]:
    """Base value and contributions (n, p), in log-odds, of one booster; for many patients."""
    base, trees = read_trees(booster)
    base += sum(_expectation(tree) for tree in trees)
    if max(map(depth, trees), default=0) > DEEPEST:
        return base, few_contributions(booster, X)[1]
    total = np.zeros((X.shape[1], len(X)))
    _add_up(trees, encode(booster, X), _values, lambda group: group.feature, total)
    return base, total.T


def few_contributions(booster: xgboost.Booster, X: pd.DataFrame) -> tuple[float, FloatArray]:
    """The same by xgboost, patient by patient: sooner for few patients, at least one, since it makes no tables."""
    told = booster.predict(as_matrix(X), pred_contribs=True).astype(float)
    return float(told[0, -1]), told[:, :-1]


def tree_interactions(booster: xgboost.Booster, X: pd.DataFrame, pairs: list[Pair]) -> FloatArray:
    """Interactions (n, pairs) in log-odds: both halves of the SHAP interaction values of Lundberg et al. (2020).

    Raises ValueError for trees of more than eight levels.
    """
    _, trees = read_trees(booster)
    if max(map(depth, trees), default=0) > DEEPEST:
        raise ValueError(f"expected trees of at most {DEEPEST} levels for interactions")
    wanted = np.full((X.shape[1] + 1, X.shape[1] + 1), -1)  # the last row and column are those of no predictor
    for k, pair in enumerate(pairs):
        one, two = (X.columns.get_loc(name) for name in pair)
        wanted[one, two] = wanted[two, one] = k

    def place(group: Group) -> IntArray:
        sides = np.array(list(combinations(range(group.feature.shape[1]), 2)), dtype=np.int64).reshape(-1, 2)
        found: IntArray = wanted[group.feature[:, sides[:, 0]], group.feature[:, sides[:, 1]]]
        return found

    total = np.zeros((len(pairs), len(X)))
    _add_up(trees, encode(booster, X), _interactions, place, total)
    return total.T


def split_pairs(booster: xgboost.Booster, names: list[str]) -> set[Pair]:
    """Pairs of predictors, in the order of `names`, that split on the way to one leaf; no others interact."""
    _, trees = read_trees(booster)
    together = {frozenset(tree.feature[node] for node, _ in path) for tree in trees for _, path in tree.paths()}
    return {(names[one], names[two]) for way in together for one, two in combinations(sorted(way), 2)}


def _add_up(
    trees: list[Tree],
    columns: Columns,
    to_tables: Callable[[int], FloatArray],
    to_place: Callable[[Group], IntArray],
    total: FloatArray,
) -> None:
    """Add to `total` (outputs, n) what each patient's patterns look up; `to_place` names the outputs, -1 for none."""
    count = total.shape[1]
    for tree in trees:
        tables = list(_tables(tree, to_tables, to_place))
        if not tables:
            continue
        for rows in (slice(at, min(at + ROWS, count)) for at in range(0, count, ROWS)):
            needed = {node for splits, _, _ in tables for node in splits}
            decided = {node: tree.sends_left(node, columns, rows).astype(np.int16) for node in needed}
            for splits, outputs, table in tables:
                pattern = _pattern([decided[node] for node in splits], rows.stop - rows.start)
                for output, looked_up in zip(outputs, table, strict=True):
                    total[output, rows] += looked_up[pattern]


def _pattern(decided: list[npt.NDArray[np.int16]], count: int) -> npt.NDArray[np.intp]:
    pattern = np.zeros(count, dtype=np.int16)
    for k, left in enumerate(decided):
        pattern += left << k
    return pattern.astype(np.intp)


def _tables(
    tree: Tree, to_tables: Callable[[int], FloatArray], to_place: Callable[[Group], IntArray]
) -> Iterator[tuple[list[int], list[int], FloatArray]]:
    """For each group of leaves: its splits, its outputs, and what a pattern of decisions gives each, (outputs, 2^s)."""
    for group in cut(tree, MOST_SPLITS):
        place = to_place(group)
        outputs = np.unique(place[place >= 0])
        if len(outputs):
            chosen = (place[..., None] == outputs).astype(float).reshape(-1, len(outputs))
            given = _by_pattern(group, to_tables(group.share.shape[1]))
            yield group.splits, outputs.tolist(), np.ascontiguousarray((given @ chosen).T)


def _by_pattern(group: Group, matrix: FloatArray) -> FloatArray:
    """What each leaf gives each of its outputs for every pattern of decisions, (2^s, L x outputs)."""
    leaves, slots = group.share.shape
    paid = group.value[:, None]
    for k in range(slots):
        paid = np.concatenate([paid * group.share[:, k, None], paid], axis=1)
    by_agreement = (paid @ matrix).reshape(leaves, 2**slots, -1)
    decided = np.arange(2 ** len(group.splits)) >> group.place[..., None] & 1 == 1
    against = (decided != group.left[..., None]) & group.used[..., None]
    agree = np.full((leaves, decided.shape[2]), 2**slots - 1)
    for k in range(slots):
        agree &= ~(against[:, k] << group.slot[:, k, None])
    given = by_agreement[np.arange(leaves)[:, None], agree]
    return given.transpose(1, 0, 2).reshape(decided.shape[2], -1)


@lru_cache
def _values(players: int) -> FloatArray:
    """From what a product game pays (2^m,) to its Shapley values for each pattern of agreement, (2^m, 2^m x m)."""
    known = _members(players)
    size = known.sum(axis=1)
    inside = [0.0, *(factorial(s - 1) * factorial(players - s) / factorial(players) for s in range(1, players + 1))]
    outside = [*(factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)), 0.0]
    return _spread(np.where(known, np.array(inside)[size, None], -np.array(outside)[size, None]))


@lru_cache
def _interactions(players: int) -> FloatArray:
    """The same for the Shapley interaction index of each pair (Grabisch and Roubens 1999)."""
    known = _members(players)
    pairs = list(combinations(range(players), 2))
    both = np.array([known[:, i].astype(int) + known[:, j] for i, j in pairs]).reshape(len(pairs), -1).T
    others = known.sum(axis=1)[:, None] - both
    weight = [factorial(t) * factorial(players - t - 2) / factorial(players - 1) for t in range(players - 1)]
    known_others = np.clip(others, 0, max(players - 2, 0))
    sign = np.where(both == 1, -1.0, 1.0)
    return _spread(sign * np.array(weight or [0.0])[known_others])


def _members(players: int) -> npt.NDArray[np.bool_]:
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def _spread(weights: FloatArray) -> FloatArray:
    """Weights (2^m, outputs) of what is paid to S, kept where all of S agree."""
    sets = np.arange(len(weights))
    agrees = (sets[:, None] & ~sets) == 0
    spread: FloatArray = np.where(agrees[..., None], weights[:, None], 0.0).reshape(len(weights), -1)
    return spread


def _expectation(tree: Tree) -> float:
    """What the tree says on average, by cover."""
    shares = ((tree.value[leaf], [tree.share[below] for _, below in path]) for leaf, path in tree.paths())
    return float(sum(value * np.prod(share) for value, share in shares))
