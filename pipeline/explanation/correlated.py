"""Predictors that go together, whose contributions say little apart; shown as a group."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.explanation.intervals import spread

FEWEST = 10
"""Patients with both values; fewer say nothing of an association."""


def associations(X: pd.DataFrame) -> pd.DataFrame:
    """Strength of association of each two predictors, (p, p), between 0 and 1, of the patients who have both.

    Two numbers: the absolute rank correlation of Spearman. Two categories: Cramer's V, corrected for chance (Bergsma
    2013, J Korean Stat Soc 42:323). One of each: the correlation ratio of the ranks, corrected alike (Kelley 1935).
    0 where fewer than ten patients have both values, or a value does not vary.
    """
    names = list(X)
    strength = np.eye(len(names))
    for i, j in combinations(range(len(names)), 2):
        known = (X[names[i]].notna() & X[names[j]].notna()).to_numpy(bool)
        strength[i, j] = strength[j, i] = _associate(X[names[i]], X[names[j]], known)
    return pd.DataFrame(strength, index=names, columns=names)


def correlated_groups(X: pd.DataFrame, threshold: float = 0.7) -> list[list[str]]:
    """Groups of two or more predictors, each pair in a group associated by at least `threshold`.

    Complete linkage of one less `associations`: a chain of neighbours is no group. Predictors, and groups by their
    first, are in the order of the columns.
    """
    if X.shape[1] < 2:
        return []
    tree = linkage(squareform(1 - associations(X).to_numpy(), checks=False), "complete")
    group = fcluster(tree, 1 - threshold + 1e-12, "distance")
    members = [[str(name) for name, at in zip(X, group, strict=True) if at == k] for k in dict.fromkeys(group)]
    return [names for names in members if len(names) > 1]


def group_importance(contributions: pd.DataFrame, refits: list[pd.DataFrame], groups: list[list[str]]) -> pd.DataFrame:
    """One row per group: `predictors`, and `importance`, the mean absolute value of its contributions' sum.

    `importance_lo` and `importance_hi` are its 2.5% and 97.5% quantiles over `refits`, contributions of models learnt
    again. `apart` is the sum of the importances of its predictors, each by itself: never less, and far more where they
    pull against each other.
    """
    rows = []
    for names in groups:
        again = [_together(refit, names) for refit in refits]
        low, high = spread(again)
        row = {"predictors": names, "importance": _together(contributions, names)}
        row |= {"importance_lo": float(low), "importance_hi": float(high)}
        rows.append(row | {"apart": float(contributions[names].abs().mean().sum())})
    return pd.DataFrame(rows, columns=["predictors", "importance", "importance_lo", "importance_hi", "apart"])


def _together(contributions: pd.DataFrame, names: list[str]) -> float:
    return float(contributions[names].sum(axis=1).abs().mean())


def _associate(one: "pd.Series[float]", two: "pd.Series[float]", known: BoolArray) -> float:
    if known.sum() < FEWEST:
        return 0.0
    sides = [one[known], two[known]]
    numbers = [rankdata(side.to_numpy(float)) for side in sides if not _is_category(side)]
    codes = [np.unique(side.cat.codes, return_inverse=True)[1] for side in sides if _is_category(side)]
    if any(np.ptp(side) == 0 for side in (*numbers, *codes)):
        return 0.0
    if len(numbers) == 2:
        return float(abs(np.corrcoef(numbers[0], numbers[1])[0, 1]))
    return _cramer(codes[0], codes[1]) if len(codes) == 2 else _ratio(codes[0], numbers[0])


def _is_category(values: "pd.Series[float]") -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype)


def _cramer(one: IntArray, two: IntArray) -> float:
    """Cramer's V of two codes (n,), corrected for chance."""
    count = np.zeros((one.max() + 1, two.max() + 1))
    np.add.at(count, (one, two), 1)
    n = count.sum()
    expected = np.outer(count.sum(axis=1), count.sum(axis=0)) / n
    phi2 = ((count - expected) ** 2 / expected).sum() / n
    rows, columns = (k - (k - 1) ** 2 / (n - 1) for k in count.shape)
    chance = (count.shape[0] - 1) * (count.shape[1] - 1) / (n - 1)
    return float(np.sqrt(np.clip((phi2 - chance) / max(min(rows, columns) - 1, 1e-12), 0, 1)))


def _ratio(code: IntArray, rank: FloatArray) -> float:
    """Root of the share of the ranks' variance that is between codes (n,), corrected for chance."""
    n, k = len(code), int(code.max()) + 1
    if n <= k:
        return 0.0
    mean = np.bincount(code, rank) / np.bincount(code)
    within = ((rank - mean[code]) ** 2).sum() / (n - k)
    return float(np.sqrt(np.clip(1 - within / rank.var(ddof=1), 0, 1)))
