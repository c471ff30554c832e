"""What the model would say of one patient with one modifiable factor changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.explanation.changes import Basis, difference_limits, list_modifiable, stepped, try_change


@dataclass(frozen=True)
class WhatIf:
    """One factor tried elsewhere: `risk` and its limits with the value `after`, or why there is none in `refused`.

    `refused` is one of `changes.REFUSED`, or empty. `difference_lo` and `difference_hi` are the ends of the 95%
    interval of the difference in risk, over refits, None where there are none. `recomputed` names the predictors that
    followed.
    """

    predictor: str
    before: float | None
    after: float | None = None
    refused: str = ""
    risk: float | None = None
    lower: float | None = None
    upper: float | None = None
    difference_lo: float | None = None
    difference_hi: float | None = None
    recomputed: tuple[str, ...] = ()


def try_changes_of(
    record: pd.DataFrame, told: Mapping[str, Any], basis: Basis, asked: Mapping[str, float]
) -> tuple[WhatIf, ...]:
    """A what-if for each modifiable predictor of the one typed `record`, of which the model has `told`.

    It takes the value in `asked`, else the declared step.
    """
    return tuple(_try(record, name, told, basis, asked.get(name)) for name in list_modifiable(basis.inputs))


def _try(record: pd.DataFrame, name: str, told: Mapping[str, Any], basis: Basis, asked: float | None) -> WhatIf:
    value = record[name].iloc[0]
    before = None if pd.isna(value) else float(value)
    after = asked
    if asked is None:
        after = None if before is None else stepped(basis.inputs[name], before)
    tried = try_change(record, name, np.array([after], dtype=np.float64), pd.DataFrame([told]), basis)
    if refused := str(tried.refused.iloc[0]):
        return WhatIf(name, before, after if before is not None and after != before else None, refused)
    risk, lower, upper = (float(tried.told[key].iloc[0]) for key in ("risk", "lower", "upper"))
    recomputed = tuple(column for column in tried.followed if column in basis.inputs)
    low, high = difference_limits(basis, tried.now, tried.then) or (None, None)
    return WhatIf(name, before, after, "", risk, lower, upper, low, high, recomputed)
