"""How the predicted risks of a cohort differ with a modifiable factor elsewhere: an association, no treatment effect.

What may be changed, by how much and for whom is decided in `changes`, as for a single patient.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray
from pipeline.disclosure import may_tell, round_share
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


Shares = Callable[[BoolArray], float | None]
"""What may be told of the share for whom something holds."""


def try_changes(records: pd.DataFrame, basis: Basis, smallest: int, step: int = 1) -> pd.DataFrame:
    """One row per modifiable predictor; no rows where the schema declares none.

    `records` (n,) are typed. Columns: `predictor`; `eligible`, the patients whose value leaves room for the declared
    step; the share of these whose record is, or becomes, unlike those of development, `outside_support`, and whose
    change would move fixed columns or break a rule, `not_possible`. Of all others: `change`, the median step in the
    unit; `risk_difference`, the median change of predicted risk, with its 2.5% and 97.5% quantiles over refits; and the
    share whose predicted risk falls by 0.1 percentage points or more, `lowered`. `recomputed` names the predictors that
    follow, `change_source` who says that the change is plausible. With fewer than `smallest` patients behind it, a
    figure is not given; nor is a count or share that is of, or leaves out, some but fewer than that. Shares are of
    counts to the nearest multiple of `step`.
    """
    told = basis.deployed.predict(basis.frame(records))
    share_of = partial(_share, smallest=smallest, step=step)
    rows = [_summarise(name, records, told, basis, smallest, share_of) for name in list_modifiable(basis.inputs)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _summarise(
    name: str, records: pd.DataFrame, told: pd.DataFrame, basis: Basis, smallest: int, share_of: Shares
) -> dict[str, Any]:
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
        "outside_support": share_of(np.isin(fate, [UNLIKE, UNLIKE_NOW])[eligible]),
        "not_possible": share_of(np.isin(fate, [BREAKS_RULE, COMPUTED, MOVES_OTHERS])[eligible]),
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
        "lowered": share_of(difference <= -LEAST),
    }


def _share(holds: BoolArray, *, smallest: int, step: int) -> float | None:
    """The share for whom it holds; None where few are behind it on one side."""
    count = int(holds.sum())
    return round_share(count, len(holds), step) if may_tell(count, len(holds), smallest) else None
