"""What puts a patient into a cluster, told by a model that learns the clusters from the predictors.

A small boosted model stands in for the clusters, whichever way they were made. Its contributions are exact
(TreeSHAP, Lundberg et al. 2020). A cluster's margin is compared with the mean of the other clusters' margins, so
that a contribution is to the log-odds of the cluster against another one, on average over the others; with two
clusters, to the log-odds of membership.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from scipy.stats import spearmanr

from data_schemas.columns import Column
from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import NumberOf, are_enough, share
from pipeline.models.features import has_direction
from pipeline.patients import draw_places

ROWS = 20_000
"""At most so many patients, drawn at random, teach the model and test it."""
UNSEEN_EVERY = 5
"""One patient in five, by position, tests the model and is explained."""
ROUNDS = 80
SHAPE = {"max_depth": 3, "eta": 0.2, "min_child_weight": 1.0, "reg_lambda": 1.0, "max_bin": 64}
MIXED_BELOW = 0.5
"""A rank correlation of value and contribution weaker than this gives no direction."""


def explain_membership(
    X: pd.DataFrame, assignment: IntArray, predictors: Mapping[str, Column], k: int, smallest: int, seed: int
) -> dict[str, Any]:
    """Return how well the model finds the clusters, and for each cluster its predictors, largest weight first.

    `X` (n, p) is a `model_frame` in an order the caller has fixed; `assignment` (n,) has numbers 1 to `k`, 0 for
    patients of no cluster, who are left out. `agreement` is the share of patients the model has not seen whom it puts
    where the clusters do; where fewer than `smallest` are put elsewhere it is what so many would make, and `at_least`
    is True. Of those patients, `weight` is the mean absolute contribution (log-odds), and `direction`
    says whether `higher` or `lower` values speak for the cluster, or `mixed`; None for unordered categories, for
    predictors that contribute nothing, and where fewer than `smallest` values are recorded. Empty where fewer than
    `smallest` patients would test the model. The same arguments give the same result.
    """
    rows = sample_rows(np.flatnonzero(assignment > 0), seed)
    unseen = np.arange(len(rows)) % UNSEEN_EVERY == UNSEEN_EVERY - 1
    if unseen.sum() < smallest:
        return {}
    used, cluster = X[list(predictors)].iloc[rows], assignment[rows]
    model = _fit(used[~unseen], cluster[~unseen], k, seed)
    shown, matrix = used[unseen], _as_matrix(used[unseen])
    contributions = _contrast(model.predict(matrix, pred_contribs=True, strict_shape=True).astype(float))
    found = model.predict(matrix).argmax(axis=1) + 1
    wrong, n = int((found != cluster[unseen]).sum()), int(unseen.sum())
    return {
        "agreement": NumberOf(share, n - max(wrong, smallest), n),
        "at_least": not are_enough([wrong], smallest),
        "clusters": {str(c + 1): _rank(contributions[:, c], shown, predictors, smallest) for c in range(k)},
    }


def sample_rows(rows: IntArray, seed: int) -> IntArray:
    """At most `ROWS` of `rows`, in their order; of no more than so many, all."""
    return draw_places(rows, ROWS, seed)


def _as_matrix(X: pd.DataFrame, cluster: IntArray | None = None) -> xgboost.DMatrix:
    label = None if cluster is None else cluster - 1
    return xgboost.DMatrix(X, label=label, enable_categorical=True, nthread=1)


def _fit(X: pd.DataFrame, cluster: IntArray, k: int, seed: int) -> xgboost.Booster:
    parameters = SHAPE | {
        "objective": "multi:softprob",
        "num_class": k,
        "tree_method": "hist",
        "nthread": 1,
        "seed": seed,
    }
    return xgboost.train(parameters, _as_matrix(X, cluster), ROUNDS)


def _contrast(contributions: FloatArray) -> FloatArray:
    """Turn contributions to margins, (n, k, p + 1), into those to a margin less the mean of the others, (n, k, p)."""
    k = contributions.shape[1]
    against: FloatArray = (contributions - contributions.mean(axis=1, keepdims=True)) * k / (k - 1)
    return against[:, :, :-1]


def _rank(
    contributions: FloatArray, X: pd.DataFrame, predictors: Mapping[str, Column], smallest: int
) -> list[dict[str, Any]]:
    rows = [
        {
            "predictor": name,
            "label": column.label,
            "weight": float(np.abs(part).mean()),
            "direction": _direction(X[name].to_numpy(float), part, smallest) if has_direction(column) else None,
        }
        for (name, column), part in zip(predictors.items(), contributions.T, strict=True)
    ]
    return sorted(rows, key=lambda row: -row["weight"])


def _direction(values: FloatArray, contributions: FloatArray, smallest: int) -> str | None:
    recorded: BoolArray = ~np.isnan(values)
    if recorded.sum() < max(smallest, 2):
        return None
    pair = values[recorded], contributions[recorded]
    if any(np.ptp(side) == 0 for side in pair):
        return None
    correlation = float(spearmanr(*pair).statistic)
    if abs(correlation) < MIXED_BELOW:
        return "mixed"
    return "higher" if correlation > 0 else "lower"
