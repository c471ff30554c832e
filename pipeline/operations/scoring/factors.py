"""The predictors that say most about each record's risk, and how much, from the exact parts of its log-odds."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.explanation.attributions import attribute
from pipeline.models.ensemble import RiskModel

DECIMALS = 4
"""Parts are exact to 1e-5, and how far depends on how many records are explained together."""
Kinds = dict[str, str]


def name_factors(count: int) -> Kinds:
    """The columns of `find_factors`, with the type of each."""
    names = {f"factor_{place}": "string" for place in range(1, count + 1)}
    return {column: kind for name in names for column, kind in ((name, "string"), (f"{name}_effect", "float64"))}


def find_factors(model: RiskModel, X: pd.DataFrame, count: int) -> pd.DataFrame:
    """The `count` predictors with the largest parts in the log-odds of each row of X, either way, largest first.

    `factor_1` names the predictor, `factor_1_effect` is its part in log-odds, to 4 decimals, against the base value of
    `attribute`. Of equal parts that of the predictor declared first comes first. There are no more than predictors.
    """
    parts = attribute(model, X).contributions.to_numpy().round(DECIMALS) + 0.0  # no minus before a zero
    order = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :count]
    effects = np.take_along_axis(parts, order, axis=1)
    names = np.array([str(name) for name in X], dtype=object)
    made: dict[str, Any] = {}
    for place in range(order.shape[1]):
        made[f"factor_{place + 1}"] = pd.array(names[order[:, place]], dtype="string")
        made[f"factor_{place + 1}_effect"] = effects[:, place]
    return pd.DataFrame(made, index=X.index)
