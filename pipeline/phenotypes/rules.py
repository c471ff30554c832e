"""A short rule that finds a cluster, and how well it does with patients it was not made from.

One shallow decision tree parts a cluster from everybody else on predictors in their own units (Breiman, Friedman,
Olshen and Stone 1984). A patient without a value goes where the tree sends missing values, and the words say so.
Thresholds are rounded before anything is counted, so that the accuracy is that of the rule as published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import are_enough, estimate_share
from pipeline.estimates import Estimate, nothing
from pipeline.patients import draw_places
from pipeline.phenotypes.conditions import Condition, Cut, Predictor, anything, publishable, read_predictors, say
from pipeline.phrases import phrase

DEPTH = 3
LEAF_SHARE = 0.01
"""No leaf holds less than this share of the patients."""
PATHS = 3
MATTERS = 0.05
"""A path is worth saying that adds at least this share of the cluster's patients."""
SIMPLER = 0.02
"""A shallower tree is taken whose F1 is at most so much below the best of the three depths."""
FOLDS = 5
ROWS = 20_000
"""At most so many patients, drawn at random, find and test the rules."""
NO_RULE = phrase("no combination of up to three cuts finds a group of which this cluster is more than half")
TOO_FEW = phrase("too few patients of the cluster meet it, or too few do not, to publish")

Path = Mapping[int, Condition]
"""What a patient must meet, by the position of the predictor."""


@dataclass(frozen=True)
class Rule:
    """Paths in words, each a list of conditions that must all be met; meeting one path suffices.

    `sensitivity` is the share of the cluster that the rule finds, `precision` the share of the cluster among those
    it finds, both cross-validated. Without a rule `conditions` is empty and `reason` says why.
    """

    conditions: tuple[tuple[str, ...], ...]
    sensitivity: Estimate
    precision: Estimate
    reason: str | None


def find_rules(
    frame: pd.DataFrame,
    assignment: IntArray,
    labels: Mapping[str, str],
    units: Mapping[str, str | None],
    smallest: int,
    seed: int,
) -> dict[int, Rule]:
    """Return the rule of each cluster, 1 and up, present in `assignment` (rows,); 0 is no cluster.

    `frame` has one row a patient, in an order the caller has fixed, and columns as in `fit_space`. At most 20,000
    rows are used. Accuracy is cross-validated in five folds by row position. Leaves and the groups behind a figure
    hold at least `smallest` patients: a smaller count enters as `smallest`, so that the value errs low and its
    interval spans what the count may be, which its reason says. Raises as `Space.transform`.
    """
    rows = draw_places(np.arange(len(frame)), ROWS, seed)
    predictors, clusters = read_predictors(frame.iloc[rows], labels, units), assignment[rows]
    found = np.unique(assignment[assignment > 0])
    return {int(c): _find_rule(predictors, clusters == c, smallest, seed) for c in found}


def _find_rule(predictors: Sequence[Predictor], inside: BoolArray, smallest: int, seed: int) -> Rule:
    paths = _find_paths(predictors, inside, smallest, seed)
    if not paths:
        return Rule((), nothing(NO_RULE), nothing(NO_RULE), NO_RULE)
    fold, flagged = np.arange(len(inside)) % FOLDS, np.zeros(len(inside), dtype=bool)
    for unseen in (fold == f for f in range(FOLDS)):
        learnt = _find_paths([p.take(~unseen) for p in predictors], inside[~unseen], smallest, seed)
        flagged[unseen] = _meet_any(learnt, [p.take(unseen) for p in predictors])
    words = tuple(tuple(say(condition, predictors[i]) for i, condition in path.items()) for path in paths)
    return Rule(words, *_judge(flagged, inside, smallest), None)


def _find_paths(predictors: Sequence[Predictor], inside: BoolArray, smallest: int, seed: int) -> list[Path]:
    """Return the paths of the shallowest cut of the tree that does about as well as the best."""
    from sklearn.tree import DecisionTreeClassifier

    leaf = max(smallest, ceil(LEAF_SHARE * len(inside)))
    if not are_enough([int(inside.sum())], smallest) or inside.all():
        return []
    matrix, columns = _encode(predictors)
    model = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=leaf, random_state=seed).fit(matrix, inside)
    cuts = _read_cuts(model.tree_, columns, predictors)
    everybody = {i: anything(p) for i, p in enumerate(predictors)}
    rules = [
        _choose(_lead(model.tree_, cuts, everybody, 0, depth, {}), predictors, inside, leaf)
        for depth in range(1, DEPTH + 1)
    ]
    scores = [_f1(_meet_any(paths, predictors), inside) for paths in rules]
    simplest = next(paths for paths, score in zip(rules, scores, strict=True) if score >= max(scores) - SIMPLER)
    return _shorten(simplest, predictors, inside, leaf)


def _encode(predictors: Sequence[Predictor]) -> tuple[FloatArray, list[tuple[int, int | None]]]:
    """Return the tree's matrix, and for each column its predictor, and level if it is an indicator."""
    parts: list[FloatArray] = []
    columns: list[tuple[int, int | None]] = []
    for i, p in enumerate(predictors):
        if p.kind != "nominal" or len(p.levels) <= 2:
            parts.append(p.values)
            columns.append((i, None))
            continue
        for level in range(len(p.levels)):
            parts.append(np.where(np.isnan(p.values), np.nan, (p.values == level).astype(float)))
            columns.append((i, level))
    return np.column_stack(parts), columns


def _read_cuts(tree: Any, columns: Sequence[tuple[int, int | None]], predictors: Sequence[Predictor]) -> dict[int, Cut]:
    """Return the cut at each node that has one."""
    cuts = {}
    for node in np.flatnonzero(tree.children_left >= 0):
        at, level = columns[tree.feature[node]]
        threshold = publishable(float(tree.threshold[node]), predictors[at])
        cuts[int(node)] = Cut(at, threshold, level, bool(tree.missing_go_to_left[node]))
    return cuts


def _lead(tree: Any, cuts: Mapping[int, Cut], everybody: Path, node: int, depth: int, path: Path) -> list[Path]:
    """Return the paths from `node`, at most `depth` further cuts, to groups mostly of the cluster.

    Two branches that both lead there are one path, without their cut.
    """
    low, high = tree.children_left[node], tree.children_right[node]
    if depth == 0 or low < 0:
        return [path] if tree.value[node, 0, 1] > 0.5 else []
    cut = cuts[node]
    before = path.get(cut.at, everybody[cut.at])
    below, above = ({**path, cut.at: cut.narrow(before, high=side)} for side in (False, True))
    lower = _lead(tree, cuts, everybody, low, depth - 1, below)
    higher = _lead(tree, cuts, everybody, high, depth - 1, above)
    return [path] if lower == [below] and higher == [above] else lower + higher


def _choose(paths: Sequence[Path], predictors: Sequence[Predictor], inside: BoolArray, leaf: int) -> list[Path]:
    """Return the paths that matter, those that find most of the cluster first; none that everybody is on."""
    groups = [(path, _meet(path, predictors)) for path in paths if path]
    groups.sort(key=lambda group: -int((group[1] & inside).sum()))
    chosen: list[Path] = []
    found = np.zeros(len(inside), dtype=bool)
    for path, group in groups:
        adds = int((group & inside & ~found).sum()) >= MATTERS * inside.sum()
        if len(chosen) < PATHS and adds and _leads(group, inside, leaf):
            chosen.append(path)
            found |= group
    return chosen


def _leads(group: BoolArray, inside: BoolArray, leaf: int) -> bool:
    """Whether a group is large enough and mostly of the cluster."""
    return bool(group.sum() >= leaf and inside[group].mean() > 0.5)


def _shorten(paths: list[Path], predictors: Sequence[Predictor], inside: BoolArray, leaf: int) -> list[Path]:
    """Drop the conditions without which the rule does as well; another path often makes one needless."""
    score = _f1(_meet_any(paths, predictors), inside)
    for at in range(len(paths)):
        for i in tuple(paths[at]):
            less = {j: condition for j, condition in paths[at].items() if j != i}
            others = [*paths[:at], less, *paths[at + 1 :]]
            if not less or not _leads(_meet(less, predictors), inside, leaf):
                continue
            if _f1(_meet_any(others, predictors), inside) >= score:
                paths = others
    return paths


def _meet(path: Path, predictors: Sequence[Predictor]) -> BoolArray:
    met: BoolArray = np.logical_and.reduce([condition.met_by(predictors[i]) for i, condition in path.items()])
    return met


def _meet_any(paths: Sequence[Path], predictors: Sequence[Predictor]) -> BoolArray:
    nobody = np.zeros(len(predictors[0].values), dtype=bool)
    met: BoolArray = np.logical_or.reduce([nobody, *(_meet(path, predictors) for path in paths)])
    return met


def _f1(flagged: BoolArray, inside: BoolArray) -> float:
    return float(2 * (flagged & inside).sum() / (flagged.sum() + inside.sum()))


def _judge(flagged: BoolArray, inside: BoolArray, smallest: int) -> tuple[Estimate, Estimate]:
    """Return sensitivity and precision; a count below `smallest` enters as anything from 0 to `smallest`."""
    n, hits, false = (int(group.sum()) for group in (inside, flagged & inside, flagged & ~inside))
    fewest, most = (hits, hits) if are_enough([n - hits], smallest) else (n - smallest, n)
    least_false, most_false = (false, false) if are_enough([false], smallest) else (0, smallest)
    if not are_enough([fewest], smallest):
        return (nothing(TOO_FEW),) * 2
    reason = phrase("it is at least this: counts below {n} enter as {n}").format(n=smallest)
    sensitivity = _span((fewest, n), (most, n), reason)
    if not are_enough([len(inside) - n - false], smallest):
        others = phrase("fewer than {n} patients of other clusters do not meet it")
        return sensitivity, nothing(others.format(n=smallest))
    return sensitivity, _span((fewest, fewest + most_false), (most, most + least_false), reason)


def _span(worst: tuple[int, int], best: tuple[int, int], reason: str) -> Estimate:
    """Return the worse of two shares, with an interval that reaches up to that of the better."""
    low, high = estimate_share(*worst), estimate_share(*best)
    return Estimate(low.value, low.lo, high.hi, reason if worst != best else None)
