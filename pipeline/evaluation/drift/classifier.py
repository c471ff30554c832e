"""Whether old and new patients can be told apart by all predictors together, and by which of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from pipeline.arrays import FloatArray, IntArray
from pipeline.estimates import Z
from pipeline.evaluation.comparison import delong
from pipeline.evaluation.drift.distributions import Interval, Limits
from pipeline.evaluation.drift.reference import Group

FOLDS = 5
MOST = 5_000  # records of each side; more would hardly narrow the interval
SHARED = sqrt(1 + FOLDS / (FOLDS - 1))
"""What the standard error of a cross-validated figure is multiplied by (Nadeau and Bengio 2003, Mach Learn 52:239).

Where nothing had changed, the AUROC was seen to spread 1.2 to 1.5 times as far as DeLong's variance says.
"""
CHANCE, ORDINARY = 0.5, 0.05
LEVELS = 200  # of a category; the boosting takes 255, and rarer ones tell nothing apart
TREES = {"max_iter": 40, "learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 20, "early_stopping": False}


@dataclass(frozen=True)
class Told:
    """How well a classifier tells old from new patients whom it has not seen, and by how much less without a column."""

    value: float
    interval: Interval
    attributions: dict[str, float]


def tell_apart(before: Group, after: Group, seed: int) -> Told:
    """The AUROC of boosted trees that are taught to tell new patients from old, in cross-validation.

    Lopez-Paz and Oquab (2017, ICLR: classifier two-sample tests), with DeLong's interval, wider since folds share what
    they learn from (`SHARED`). A column's attribution is the AUROC that is lost when its values are shuffled among the
    held-out patients (Breiman 2001, Mach Learn 45:5); columns that tell the same share it. Where the 95% interval holds
    chance, nothing is attributed.
    """
    generator = np.random.default_rng(seed)
    sides = [_draw(group.predictors, generator) for group in (before, after)]
    X, coded = _encode(pd.concat(sides, ignore_index=True))
    new = np.repeat([0.0, 1.0], [len(side) for side in sides])
    parts = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, new))
    with threadpool_limits(limits=1, user_api="openmp"):  # threads cost more than they save on so few records
        models = [_fit(X[train], new[train], coded, seed) for train, _ in parts]
        tested = list(zip(models, (test for _, test in parts), strict=True))
        value, interval = _measure(_score(X, tested), new)
        lo = interval(ORDINARY)[0]
        clear = list(enumerate(sides[0])) if lo is not None and lo > CHANCE else []
        without = {str(name): _score(_shuffle(X, place, generator), tested) for place, name in clear}
    return Told(value, interval, {name: value - _measure(scores, new)[0] for name, scores in without.items()})


def _fit(X: FloatArray, new: FloatArray, coded: list[bool], seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(**TREES, categorical_features=coded, random_state=seed).fit(X, new)


def _score(X: FloatArray, tested: Sequence[tuple[HistGradientBoostingClassifier, IntArray]]) -> FloatArray:
    """What says of each record (n,) the model that has not seen it."""
    scores = np.empty(len(X))
    for model, test in tested:
        scores[test] = model.decision_function(X[test])
    return scores


def _draw(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    kept: IntArray = np.arange(len(frame))
    return frame.iloc[np.sort(generator.choice(kept, MOST, replace=False))] if len(frame) > MOST else frame


def _encode(both: pd.DataFrame) -> tuple[FloatArray, list[bool]]:
    """Numbers (n, p), NaN where missing, and which columns are codes; levels beyond the commonest are missing."""
    coded = [not pd.api.types.is_numeric_dtype(both[name]) for name in both]
    columns = [_code(both[name]) if is_code else both[name] for name, is_code in zip(both, coded, strict=True)]
    return np.column_stack([values.to_numpy(float, na_value=np.nan) for values in columns]), coded


def _code(values: pd.Series) -> pd.Series:
    text = values.astype(object)
    return text.map({level: code for code, level in enumerate(text.value_counts().index[:LEVELS])})


def _shuffle(X: FloatArray, place: int, generator: np.random.Generator) -> FloatArray:
    shuffled = X.copy()
    shuffled[:, place] = generator.permutation(X[:, place])
    return shuffled


def _measure(scores: FloatArray, new: FloatArray) -> tuple[float, Interval]:
    """The AUROC with DeLong's interval: it is compared with a score that is the same for everybody."""
    found = delong(scores, np.zeros(len(new)), new)
    assert found.auroc_a is not None, "there are patients of both sides"
    assert found.hi is not None, "there are two of each"
    assert found.difference is not None, "there are patients of both sides"
    area, error = found.auroc_a, SHARED * (found.hi - found.difference) / Z

    def interval(level: float) -> Limits:
        reach = NormalDist().inv_cdf(1 - level / 2) * error
        return max(0.0, area - reach), min(1.0, area + reach)

    return area, interval


def describe_attributions(told: Told, labels: Mapping[str, str]) -> dict[str, Any]:
    """The AUROC, and by column, that of most weight first, what is lost without it."""
    ranked = sorted(told.attributions.items(), key=lambda each: -each[1])
    return {"auroc": told.value, "attributions": [{"column": labels[name], "lost": lost} for name, lost in ranked]}
