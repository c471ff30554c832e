"""What the model would say if a modifiable factor stood elsewhere: an association, not the effect of a treatment."""

from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Change, Column, FactorClass
from pipeline.arrays import FloatArray
from pipeline.models.ensemble import RiskModel

SUPPORT = (0.01, 0.99)


def try_changes(
    X: pd.DataFrame, model: RiskModel, refits: list[RiskModel], predictors: dict[str, Column], smallest: int
) -> pd.DataFrame:
    """One row per modifiable predictor; no rows where the schema declares none.

    Columns: `predictor`, `eligible` (patients whose value leaves room for a change within the declared bounds),
    `change` (median of the changes tried, in the unit), `risk_difference` (median change of predicted risk) with
    its 2.5% and 97.5% quantiles over refits, and `outside_support` (share of eligible patients moved outside
    the central 98% of the values seen). With fewer than `smallest` eligible patients only `predictor` is given.
    """
    modifiable = {n: c.change for n, c in predictors.items() if c.factor == FactorClass.MODIFIABLE and c.change}
    rows = [_try(X, name, change, model, refits, smallest) for name, change in modifiable.items()]
    names = ["predictor", "eligible", "change", "risk_difference", "risk_difference_lo", "risk_difference_hi"]
    return pd.DataFrame(rows, columns=[*names, "outside_support"])


def changed_values(values: FloatArray, change: Change) -> FloatArray:
    """The values after the declared step, held at the bound it would cross; never moved further, or the other way.

    A value that the step does not bring within the bounds stays where it is: nobody said that it can change.
    """
    low, high = change.bounds
    stepped = np.maximum(values + change.step, low) if change.step < 0 else np.minimum(values + change.step, high)
    moved = stepped < values if change.step < 0 else stepped > values
    result: FloatArray = np.where(moved & (stepped >= low) & (stepped <= high), stepped, values)
    return result


def _try(
    X: pd.DataFrame, name: str, change: Change, model: RiskModel, refits: list[RiskModel], smallest: int
) -> dict[str, Any]:
    before = X[name].to_numpy(float)
    after = changed_values(before, change)
    eligible = ~np.isnan(before) & (after != before)
    if eligible.sum() < smallest:
        return {"predictor": name}
    now = X[eligible]
    then = now.assign(**{name: after[eligible]})
    low, high = np.nanquantile(before, SUPPORT)
    refitted = [_median_difference(refit, now, then) for refit in refits]
    lo, hi = np.quantile(refitted, [0.025, 0.975])
    return {
        "predictor": name,
        "eligible": int(eligible.sum()),
        "change": float(np.median((after - before)[eligible])),
        "risk_difference": _median_difference(model, now, then),
        "risk_difference_lo": float(lo),
        "risk_difference_hi": float(hi),
        "outside_support": float(((after < low) | (after > high))[eligible].mean()),
    }


def _median_difference(model: RiskModel, now: pd.DataFrame, then: pd.DataFrame) -> float:
    return float(np.median(model.risk(then) - model.risk(now)))
