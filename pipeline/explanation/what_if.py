"""How the predicted risks of a cohort differ with a modifiable factor elsewhere: an association, no treatment effect.

What may be changed, by how much and for whom is decided in `changes`, as for a single patient.
"""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray
from pipeline.disclosure import may_tell
from pipeline.explanation.changes import (
    BREAKS_RULE,
    COMPUTED,
    LEAST,
    MOVES_OTHERS,
    NOT_LOWER,
    UNLIKE,
    UNLIKE_NOW,
    Basis,
    difference_limits,
    list_modifiable,
    stepped,
    try_change,
)

COLUMNS = [
    "predictor", "eligible", "outside_support", "not_possible", "change", "risk_difference", "risk_difference_lo",
    "risk_difference_hi", "lowered", "recomputed", "change_source",
]  # fmt: skip


def try_changes(records: pd.DataFrame, basis: Basis, smallest: int) -> pd.DataFrame:
    """One row per modifiable predictor; no rows where the schema declares none.

    `records` (n,) are typed. Columns: `predictor`; `eligible`, the patients whose value leaves room for the declared
    step; the share of these whose record is, or becomes, unlike those of development, `outside_support`, and whose
    change would move fixed columns or break a rule, `not_possible`. Of all others: `change`, the median step in the
    unit; `risk_difference`, the median change of predicted risk, with its 2.5% and 97.5% quantiles over refits; and the
    share whose predicted risk falls by 0.1 percentage points or more, `lowered`. `recomputed` names the predictors that
    follow, `change_source` who says that the change is plausible. With fewer than `smallest` patients behind it, a
    figure is not given; nor is a count or share that is of, or leaves out, some but fewer than that.
    """
    told = basis.deployed.predict(basis.frame(records))
    rows = [_summarise(name, records, told, basis, smallest) for name in list_modifiable(basis.inputs)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _summarise(name: str, records: pd.DataFrame, told: pd.DataFrame, basis: Basis, smallest: int) -> dict[str, Any]:
    column = basis.inputs[name]
    before = records[name].to_numpy(np.float64, na_value=np.nan)
    after = np.array([value if np.isnan(value) else stepped(column, value) for value in before])
    tried = try_change(records, name, after, told, basis)
    fate = tried.refused.to_numpy(str)
    eligible = np.isin(fate, ["", UNLIKE, UNLIKE_NOW, BREAKS_RULE, COMPUTED, MOVES_OTHERS, NOT_LOWER])
    named = {"predictor": name, "change_source": column.change.source if column.change else ""}
    if eligible.sum() < smallest:
        return named
    supported = np.isin(fate, ["", NOT_LOWER])
    found = named | {
        "eligible": int(eligible.sum()) if may_tell(int(eligible.sum()), len(eligible), smallest) else None,
        "outside_support": _share(np.isin(fate, [UNLIKE, UNLIKE_NOW])[eligible], smallest),
        "not_possible": _share(np.isin(fate, [BREAKS_RULE, COMPUTED, MOVES_OTHERS])[eligible], smallest),
        "recomputed": "; ".join(c for c in tried.followed if c in basis.inputs and c != name),
    }
    if supported.sum() < smallest:
        return found
    difference = (tried.told["risk"] - told["risk"].to_numpy())[supported].to_numpy()
    low, high = difference_limits(basis, tried.now[supported], tried.then[supported]) or (None, None)
    return found | {
        "change": float(np.median((after - before)[supported])),
        "risk_difference": float(np.median(difference)),
        "risk_difference_lo": low,
        "risk_difference_hi": high,
        "lowered": _share(difference <= -LEAST, smallest),
    }


def _share(holds: BoolArray, smallest: int) -> float | None:
    """The share for whom it holds; None where few are behind it on one side."""
    count = int(holds.sum())
    return count / len(holds) if may_tell(count, len(holds), smallest) else None
