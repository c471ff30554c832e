"""The table of risk factors: how much each matters, in which direction, and how sure that is.

Uncertainty is that of learning the model: members are refitted, with the tuned settings, to bootstrap
resamples of the development patients, and every refit explains the same patients.
"""

from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray
from pipeline.disclosure import hide_in_series
from pipeline.explanation.explained import Explained
from pipeline.explanation.groups import Group, group_values
from pipeline.explanation.intervals import spread
from pipeline.models.features import has_direction

FLAT = 0.02
NOISE = 0.1
CONTRAST_GROUPS, CURVE_GROUPS = 4, 8
TOP = 5


def tabulate_factors(explained: Explained, predictors: dict[str, Column], smallest: int) -> pd.DataFrame:
    """One row per predictor, most important first.

    `importance` is the mean absolute contribution in log-odds, `points` the mean absolute part of the risk itself;
    intervals of both and of the rank are the 2.5% and 97.5% quantiles over refits, and `top_share` is the share of
    refits that rank the predictor among the first five. `risk_low` and `risk_high` are mean predicted risks of the
    patients with the lowest and the highest values, empty where a group would hold fewer than `smallest` patients.
    """
    importance = explained.attributions.contributions.abs().mean()
    refitted = pd.DataFrame([refit.contributions.abs().mean() for refit in explained.refits])
    ranks = refitted.rank(axis=1, ascending=False, method="first")
    points, points_again = explained.in_points()
    rows = [
        {
            "predictor": name,
            "label": column.label,
            "unit": column.unit or "",
            "factor": str(column.factor),
            **_estimate("importance", importance[name], refitted[name]),
            **_estimate("points", points[name], points_again[name]),
            **_estimate("rank", importance.rank(ascending=False, method="first")[name], ranks[name]),
            "top_share": float((ranks[name] <= TOP).mean()),
            "expected": column.expected.direction.verb if column.expected else "",
            "learnt": learnt_direction(explained, name, column, smallest),
            "expected_source": column.expected.source if column.expected else "",
            **_contrast(explained.X[name], explained.risk, column, smallest),
        }
        for name, column in predictors.items()
    ]
    return pd.DataFrame(rows).sort_values("rank", kind="stable", ignore_index=True)


def learnt_direction(explained: Explained, name: str, column: Column, smallest: int) -> str:
    """`direction_of` the predictor, or `unordered` for a category without an order."""
    if not has_direction(column):
        return "unordered"
    groups = group_values(explained.X[name], column, smallest, CURVE_GROUPS)
    return direction_of(explained.attributions.contributions[name], groups)


def direction_of(contributions: pd.Series, groups: list[Group]) -> str:
    """`increases`, `decreases`, `not monotone` or `flat`: how the groups' mean contributions follow their values.

    Steps against the trend that add up to less than a tenth of all steps are taken for noise.
    """
    if contributions.abs().mean() < FLAT or len(groups) < 2:
        return "flat"
    steps = np.diff([contributions.to_numpy()[members].mean() for _, members in groups])
    up, down = steps[steps > 0].sum(), -steps[steps < 0].sum()
    if min(up, down) > NOISE * (up + down):
        return "not monotone"
    return "increases" if up > down else "decreases"


def trace_curves(explained: Explained, predictors: dict[str, Column], smallest: int) -> dict[str, Any]:
    """For each predictor, groups of at least `smallest` patients with their mean contribution and its interval.

    `n` is hidden where it, less all patients, would tell how few are in no group.
    The interval spans the 2.5% and 97.5% quantiles over refits, and the estimate where it lies outside them.
    """
    return {name: _curve(explained, name, column, smallest) for name, column in predictors.items()}


def _estimate(name: str, value: float, refitted: pd.Series) -> dict[str, float]:
    low, high = spread(refitted)
    return {name: float(value), f"{name}_lo": float(low), f"{name}_hi": float(high)}


def _contrast(values: pd.Series, risk: FloatArray, column: Column, smallest: int) -> dict[str, Any]:
    groups = group_values(values, column, smallest, CONTRAST_GROUPS)
    if len(groups) < 2 or not has_direction(column):
        return {"low": "", "high": "", "risk_low": None, "risk_high": None}
    (low, first), (high, last) = groups[0], groups[-1]
    return {
        "low": low,
        "high": high,
        "risk_low": float(risk[first].mean()),
        "risk_high": float(risk[last].mean()),
    }


def _curve(explained: Explained, name: str, column: Column, smallest: int) -> list[dict[str, Any]]:
    rows, groups = [], group_values(explained.X[name], column, smallest, CURVE_GROUPS)
    sizes = [int(members.sum()) for _, members in groups]
    nowhere = len(explained.X) - sum(sizes)
    shown = hide_in_series([*sizes, *([nowhere] if nowhere else [])], len(explained.X), smallest)
    for (label, members), n in zip(groups, shown, strict=False):
        refitted = [float(refit.contributions[name].to_numpy()[members].mean()) for refit in explained.refits]
        mean = float(explained.attributions.contributions[name].to_numpy()[members].mean())
        lo, hi = spread(refitted)
        row = {"group": label, "n": n, "contribution": mean}
        rows.append(row | {"lo": float(min(lo, mean)), "hi": float(max(hi, mean))})
    return rows
