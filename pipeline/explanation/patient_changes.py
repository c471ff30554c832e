"""What the model would say of one patient with one modifiable factor changed, and when it may not be asked.

A comparison of two predictions, not the effect of a treatment. One factor moves at a time, by at most the declared
step, in its direction and within its bounds. What the schema's `derive` computes from the factor follows it, where
that is a marker; everything else is fixed. The changed record as a whole must be like those of the patients who taught
the model (`Support.judge`: distance, residuals and single values together), and so must the record as it is.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column, FactorClass, Kind
from pipeline.explanation.what_if import changed_values
from pipeline.models.development import Deployed
from pipeline.models.features import model_frame

LEAST = 0.001  # a tenth of a percentage point, the last digit that is shown
SLACK = 1e-9


@dataclass(frozen=True)
class Basis:
    """What a patient is explained with.

    `inputs` are the predictors in the order in which the model knows them. `derive` is `Cohort.derive`; `obeys` says
    of a record and its changed version whether the change breaks no rule that the record obeyed.
    """

    deployed: Deployed
    inputs: dict[str, Column]
    derive: Callable[[pd.DataFrame], pd.DataFrame]
    obeys: Callable[[pd.DataFrame, pd.DataFrame], bool]


@dataclass(frozen=True)
class WhatIf:
    """One factor tried elsewhere: `risk` and its limits with the value `after`, or why there is none in `refused`.

    `refused` is a key of `REFUSED`, or empty. `recomputed` names the predictors that followed.
    """

    predictor: str
    before: float | None
    after: float | None = None
    refused: str = ""
    risk: float | None = None
    lower: float | None = None
    upper: float | None = None
    recomputed: tuple[str, ...] = ()


NOT_LISTED, MISSING, NO_ROOM, OUT_OF_BOUNDS = "not listed", "missing", "no room", "out of bounds"
WRONG_WAY, TOO_FAR, NOT_WHOLE, HARMFUL = "wrong way", "too far", "not whole", "harmful"
BEYOND_REFERENCE, COMPUTED, MOVES_OTHERS = "beyond reference", "computed", "moves others"
BREAKS_RULE, UNLIKE, UNLIKE_NOW, NOT_LOWER = "breaks a rule", "unlike", "unlike now", "not lower"
REFUSED = (
    NOT_LISTED, MISSING, NO_ROOM, OUT_OF_BOUNDS, WRONG_WAY, TOO_FAR, NOT_WHOLE, HARMFUL, BEYOND_REFERENCE, COMPUTED,
    MOVES_OTHERS, BREAKS_RULE, UNLIKE, UNLIKE_NOW, NOT_LOWER,
)  # fmt: skip


def try_changes_of(
    record: pd.DataFrame, told: Mapping[str, Any], basis: Basis, asked: Mapping[str, float]
) -> tuple[WhatIf, ...]:
    """A what-if for each modifiable predictor of the one typed `record`, of which the model has `told`.

    It takes the value in `asked`, else the declared step.
    """
    listed = [name for name, column in basis.inputs.items() if _listed(column)]
    return tuple(_try(record, name, told, basis, asked.get(name)) for name in listed)


def refuse_value(column: Column, before: float | None, after: float) -> str:
    """Why a factor described by `column` may not move from `before` to `after`; empty if it may."""
    if not _listed(column) or column.change is None:
        return NOT_LISTED
    if before is None:
        return MISSING
    low, high = column.change.bounds
    if not (math.isfinite(after) and low <= after <= high and _plausible(column, after)):
        return OUT_OF_BOUNDS
    moved, step = after - before, column.change.step
    if moved == 0:
        return NO_ROOM
    faults = {
        WRONG_WAY: moved * step < 0,
        TOO_FAR: abs(moved) > abs(step) + SLACK,
        NOT_WHOLE: column.kind == Kind.INTEGER and after != round(after),
        HARMFUL: column.expected is not None and column.expected.direction * moved > 0,
        BEYOND_REFERENCE: _beyond_reference(column, after, moved),
    }
    return next((fault for fault, holds in faults.items() if holds), "")


def stepped(column: Column, before: float) -> float:
    """The value after the declared step, held at the bound; whole where the factor is, and `before` without room."""
    assert column.change, "only what is listed is moved"
    after = float(changed_values(np.array([before]), column.change)[0])
    if column.kind != Kind.INTEGER or after == round(after):
        return after
    inward = before + math.trunc(after - before)
    return inward if column.change.bounds[0] <= inward <= column.change.bounds[1] else before


def change_record(
    record: pd.DataFrame, name: str, after: float, derive: Callable[[pd.DataFrame], pd.DataFrame]
) -> tuple[pd.DataFrame, list[str]]:
    """The one typed `record` with `name` at `after`, and the columns that were computed anew; `record` stays.

    A column follows where `derive` makes another value of it after the change than before. Where `name` itself is
    computed from others, it is among those columns, and the record is no use.
    """
    moved = record.assign(**{name: pd.Series([after], record.index).astype(record[name].dtype)})
    before, then = derive(record), derive(moved)
    follow = [str(c) for c in record if c != name and not _same(before[c], then[c])]
    computed = [] if _same(moved[name], then[name]) else [name]
    return moved.assign(**{c: then[c] for c in follow}), follow + computed


def _try(record: pd.DataFrame, name: str, told: Mapping[str, Any], basis: Basis, asked: float | None) -> WhatIf:
    column, value = basis.inputs[name], record[name].iloc[0]
    if pd.isna(value):
        return WhatIf(name, None, refused=MISSING)
    before = float(value)
    after = stepped(column, before) if asked is None else asked
    if refused := _refuse_step(column, before, after):
        return WhatIf(name, before, refused=refused)
    changed, follow = change_record(record, name, after, basis.derive)
    [then] = basis.deployed.predict(model_frame(changed, basis.inputs)).to_dict("records")
    if refused := _refuse_followers(name, follow, basis.inputs) or _refuse_result(record, changed, told, then, basis):
        return WhatIf(name, before, after, refused)
    recomputed = tuple(c for c in follow if c in basis.inputs)
    risk, lower, upper = (float(then[key]) for key in ("risk", "lower", "upper"))
    return WhatIf(name, before, after, "", risk, lower, upper, recomputed)


def _refuse_result(
    record: pd.DataFrame, changed: pd.DataFrame, told: Mapping[str, Any], then: Mapping[Any, Any], basis: Basis
) -> str:
    """Why what the model says `then` of the changed record is not shown; empty if it is."""
    if told["outside"]:
        return UNLIKE_NOW
    if then["outside"]:
        return UNLIKE
    if not then["risk"] <= told["risk"] - LEAST:
        return NOT_LOWER
    return "" if basis.obeys(record, changed) else BREAKS_RULE


def _refuse_step(column: Column, before: float, after: float) -> str:
    """A value that stays where it is has no room, even where it lies outside the bounds."""
    return NO_ROOM if after == before else refuse_value(column, before, after)


def _refuse_followers(name: str, follow: list[str], inputs: Mapping[str, Column]) -> str:
    if name in follow:
        return COMPUTED
    factors = {inputs[c].factor for c in follow if c in inputs}
    return MOVES_OTHERS if factors - {FactorClass.MARKER} else ""


def _listed(column: Column) -> bool:
    return column.factor == FactorClass.MODIFIABLE and column.change is not None and column.numeric


def _plausible(column: Column, value: float) -> bool:
    return column.plausible is None or column.plausible[0] <= value <= column.plausible[1]


def _beyond_reference(column: Column, after: float, moved: float) -> bool:
    """Whether the change ends beyond the end of the reference range towards which it went."""
    if column.reference is None:
        return False
    end = column.reference.low if moved < 0 else column.reference.high
    return end is not None and (end - after) * moved < 0


def _same(one: "pd.Series[Any]", other: "pd.Series[Any]") -> bool:
    a, b = one.iloc[0], other.iloc[0]
    return bool(pd.isna(b)) if pd.isna(a) else not pd.isna(b) and bool(a == b)
