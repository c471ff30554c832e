"""Boosted trees as arrays, cut into groups of leaves that few enough splits decide."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost
from scipy.special import logit

from pipeline.arrays import BoolArray, FloatArray, IntArray

Path = tuple[tuple[int, int], ...]
Columns = list[npt.NDArray[np.float32] | IntArray]


@dataclass(frozen=True)
class Tree:
    """One entry per node; `left` and `right` are -1 at leaves, `share` is of the cover of the node above.

    `goes_right` has, for splits by category, the codes that go right; other splits send what is less left.
    """

    feature: list[int]
    threshold: npt.NDArray[np.float32]
    missing_left: list[int]
    left: list[int]
    right: list[int]
    share: FloatArray
    value: FloatArray
    goes_right: dict[int, list[int]]

    def splits(self, node: int = 0) -> list[int]:
        """The splits at and under a node."""
        if self.left[node] < 0:
            return []
        return [node, *self.splits(self.left[node]), *self.splits(self.right[node])]

    def paths(self, node: int = 0, above: Path = ()) -> Iterator[tuple[int, Path]]:
        """Each leaf under a node, and the splits that lead to it, each with the node it leads to."""
        if self.left[node] < 0:
            yield node, above
            return
        for below in (self.left[node], self.right[node]):
            yield from self.paths(below, (*above, (node, below)))

    def sends_left(self, node: int, columns: Columns, rows: slice) -> BoolArray:
        """Whether a split sends each patient of `rows` left."""
        column = columns[self.feature[node]][rows]
        if node in self.goes_right:
            left = np.ones(int(column.max(initial=0)) + 2, dtype=bool)  # its last place is that of code -1
            chosen = np.array(self.goes_right[node])
            left[chosen[chosen < len(left) - 1]] = False
            left[-1] = self.missing_left[node]
            by_code: BoolArray = left[column.astype(np.intp)]
            return by_code
        by_value: BoolArray = column < self.threshold[node]
        if self.missing_left[node]:
            by_value = ~(column >= self.threshold[node])
        return by_value


@dataclass(frozen=True)
class Group:
    """L leaves of a tree that `splits` decide, at most D of them each; every array is (L, D), or (L,) for `value`.

    A leaf's `place` says which of `splits` come on its way, `left` where they must send. Splits by one predictor
    share the `slot` of the first of them; `feature` and `share`, the product of their shares, belong to slots. What a
    leaf does not need has place 0, feature -1 and share 1.
    """

    splits: list[int]
    place: IntArray
    used: BoolArray
    left: BoolArray
    slot: IntArray
    feature: IntArray
    share: FloatArray
    value: FloatArray


def read_trees(booster: xgboost.Booster) -> tuple[float, list[Tree]]:
    """The log-odds that the trees start from, and the trees of a booster of one binary outcome."""
    content = json.loads(booster.save_raw("json"))["learner"]
    start = float(content["learner_model_param"]["base_score"].strip("[]"))
    return float(logit(start)), [_as_tree(tree) for tree in content["gradient_booster"]["model"]["trees"]]


def encode(booster: xgboost.Booster, X: pd.DataFrame) -> Columns:
    """Numbers as float32, categories as the booster's own codes, -1 where missing; as xgboost reads them."""
    assert booster.feature_names in (None, [str(name) for name in X])
    learnt = dict(booster.get_categories(export_to_arrow=True).to_arrow() or ())
    return [_encode(X[name], learnt.get(str(name))) for name in X]


def depth(tree: Tree) -> int:
    """The most splits on the way to a leaf."""
    return max(len(path) for _, path in tree.paths())


def cut(tree: Tree, most: int, node: int = 0, above: Path = ()) -> Iterator[Group]:
    """Groups of a tree's leaves, each decided by at most `most` splits or by those on the way to a single leaf."""
    splits = [at for at, _ in above] + tree.splits(node)
    if len(splits) <= most or tree.left[node] < 0:
        yield _group(tree, splits, list(tree.paths(node, above)))
        return
    for below in (tree.left[node], tree.right[node]):
        yield from cut(tree, most, below, (*above, (node, below)))


def _as_tree(content: dict[str, list[float]]) -> Tree:
    left, right = [[int(child) for child in content[f"{side}_children"]] for side in ("left", "right")]
    cover, share = np.array(content["sum_hessian"]), np.ones(len(left))
    for side in (np.array(left), np.array(right)):
        inner = np.flatnonzero(side >= 0)
        share[side[inner]] = cover[side[inner]] / cover[inner]
    sets = zip(content["categories_nodes"], content["categories_segments"], content["categories_sizes"], strict=True)
    return Tree(
        [int(feature) for feature in content["split_indices"]],
        np.array(content["split_conditions"], dtype=np.float32),
        [int(side) for side in content["default_left"]],
        left,
        right,
        share,
        np.array(content["split_conditions"]),
        {int(node): [int(c) for c in content["categories"][int(k) : int(k + m)]] for node, k, m in sets},
    )


def _encode(column: "pd.Series[float]", learnt: object) -> npt.NDArray[np.float32] | IntArray:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.to_numpy(np.float32)
    labels = column.cat.categories
    known = labels if learnt is None else pd.Index(learnt.to_pylist())  # type: ignore[attr-defined]
    place = known.get_indexer(labels)
    of_code = np.append(np.where(place < 0, len(known), place), -1)  # a label never seen is in no split's set
    return of_code[column.cat.codes]


def _group(tree: Tree, splits: list[int], paths: list[tuple[int, Path]]) -> Group:
    shape = len(paths), max(len(path) for _, path in paths)
    local = {node: k for k, node in enumerate(splits)}
    place, slot, feature = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64), np.full(shape, -1)
    used, left, share = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool), np.ones(shape)
    for row, (_, path) in enumerate(paths):
        first: dict[int, int] = {}
        for k, (node, below) in enumerate(path):
            at = first.setdefault(tree.feature[node], k)
            place[row, k], used[row, k], left[row, k], slot[row, k] = local[node], True, below == tree.left[node], at
            feature[row, at] = tree.feature[node]
            share[row, at] *= tree.share[below]
    value = tree.value[[leaf for leaf, _ in paths]]
    return Group(splits, place, used, left, slot, feature, share, value)
