"""Whether old and new patients can be told apart by all predictors together, and by which of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from pipeline.arrays import FloatArray, IntArray
from pipeline.estimates import Z
from pipeline.evaluation.comparison import delong
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.drift.distributions import Interval, Limits
from pipeline.evaluation.drift.reference import Group

FOLDS = 5
MOST = 5_000  # records of each side; more would hardly narrow the interval
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

    Lopez-Paz and Oquab (2017, ICLR: classifier two-sample tests), with DeLong's interval. A column's attribution is the
    AUROC that is lost when its values are shuffled among the held-out patients (Breiman 2001, Mach Learn 45:5); columns
    that tell the same share it.
    """
    generator = np.random.default_rng(seed)
    sides = [_draw(group.predictors, generator) for group in (before, after)]
    X, new = _encode(pd.concat(sides, ignore_index=True)), np.repeat([0.0, 1.0], [len(side) for side in sides])
    scores, shuffled = np.empty(len(X)), {name: np.empty(len(X)) for name in map(str, X)}
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, new):
        model = HistGradientBoostingClassifier(**TREES, categorical_features="from_dtype", random_state=seed)
        model.fit(X.iloc[train], new[train])
        scores[test] = model.decision_function(X.iloc[test])
        for name, stored in shuffled.items():
            stored[test] = model.decision_function(_shuffle(X.iloc[test], name, generator))
    value, lost = _area(scores, new), {name: _area(scores, new) - _area(each, new) for name, each in shuffled.items()}
    return Told(value, _interval(scores, new), lost)


def _draw(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    kept: IntArray = np.arange(len(frame))
    return frame.iloc[np.sort(generator.choice(kept, MOST, replace=False))] if len(frame) > MOST else frame


def _encode(both: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({str(name): _encode_column(both[name]) for name in both})


def _encode_column(values: pd.Series) -> Any:
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(float, na_value=np.nan)
    text = values.astype(object)
    common = text.value_counts().index[:LEVELS]
    return pd.Categorical(text.where(text.isin(common)), common)


def _shuffle(X: pd.DataFrame, name: str, generator: np.random.Generator) -> pd.DataFrame:
    return X.assign(**{name: X[name].array[generator.permutation(len(X))]})


def _area(scores: FloatArray, new: FloatArray) -> float:
    return float(auroc(scores, new, np.ones((1, len(new))))[0])


def _interval(scores: FloatArray, new: FloatArray) -> Interval:
    """DeLong's, from the comparison with a score that is the same for everybody."""
    found = delong(scores, np.zeros(len(new)), new)
    assert found.difference is not None, "there are patients of both sides"
    assert found.hi is not None, "there are two of each"
    area, error = 0.5 + found.difference, (found.hi - found.difference) / Z

    def interval(level: float) -> Limits:
        reach = NormalDist().inv_cdf(1 - level / 2) * error
        return max(0.0, area - reach), min(1.0, area + reach)

    return interval


def describe_attributions(told: Told, labels: Mapping[str, str]) -> dict[str, Any]:
    """The AUROC, and by column, that of most weight first, what is lost without it."""
    ranked = sorted(told.attributions.items(), key=lambda each: -each[1])
    return {"auroc": told.value, "attributions": [{"column": labels[name], "lost": lost} for name, lost in ranked]}
