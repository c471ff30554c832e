"""What the model would say with one modifiable factor changed, and when it may not be asked.

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

from data_schemas.columns import Change, Column, FactorClass, Kind
from pipeline.arrays import BoolArray, FloatArray
from pipeline.explanation.intervals import spread
from pipeline.models.development import Deployed
from pipeline.models.ensemble import RiskModel
from pipeline.models.features import model_frame

LEAST = 0.001  # a tenth of a percentage point, the last digit that is shown
SLACK = 1e-9


@dataclass(frozen=True)
class Basis:
    """What changes are judged by.

    `inputs` are the predictors in the order in which the model knows them. `derive` is `Cohort.derive`; `obeys` says
    of typed records and their changed versions which changes break no rule that the record obeyed, (n,). `refits` are
    the model learnt again; without any, differences have no interval.
    """

    deployed: Deployed
    inputs: dict[str, Column]
    derive: Callable[[pd.DataFrame], pd.DataFrame]
    obeys: Callable[[pd.DataFrame, pd.DataFrame], BoolArray]
    refits: tuple[RiskModel, ...] = ()

    def frame(self, records: pd.DataFrame) -> pd.DataFrame:
        """The predictors of typed `records`, (n, p)."""
        return model_frame(records, self.inputs)


@dataclass(frozen=True)
class Tried:
    """A change of n records.

    `refused` (n,) is a key of `REFUSED`, or empty where the change may be shown. `now` and `then` (n, p) are the
    predictors before and after, and `told` what `Deployed.predict` says after; records refused for the value alone are
    unchanged there. `followed` says of each column that was computed anew in which records (n,).
    """

    refused: "pd.Series[str]"
    now: pd.DataFrame
    then: pd.DataFrame
    told: pd.DataFrame
    followed: dict[str, BoolArray]


NOT_LISTED, MISSING, NO_ROOM, OUT_OF_BOUNDS = "not listed", "missing", "no room", "out of bounds"
WRONG_WAY, TOO_FAR, NOT_WHOLE, HARMFUL = "wrong way", "too far", "not whole", "harmful"
BEYOND_REFERENCE, COMPUTED, MOVES_OTHERS = "beyond reference", "computed", "moves others"
BREAKS_RULE, UNLIKE, UNLIKE_NOW, NOT_LOWER = "breaks a rule", "unlike", "unlike now", "not lower"
REFUSED = (
    NOT_LISTED, MISSING, NO_ROOM, OUT_OF_BOUNDS, WRONG_WAY, TOO_FAR, NOT_WHOLE, HARMFUL, BEYOND_REFERENCE, COMPUTED,
    MOVES_OTHERS, BREAKS_RULE, UNLIKE, UNLIKE_NOW, NOT_LOWER,
)  # fmt: skip


def list_modifiable(inputs: Mapping[str, Column]) -> dict[str, Column]:
    """The predictors that medicine can act on and that have a declared change."""
    return {name: column for name, column in inputs.items() if _listed(column)}


def try_change(records: pd.DataFrame, name: str, after: FloatArray, told: pd.DataFrame, basis: Basis) -> Tried:
    """Move `name` to `after` (n,) in the typed `records` (n,), of which the model has `told`, and ask again."""
    given, told = records.reset_index(drop=True), told.reset_index(drop=True)
    before = given[name].to_numpy(np.float64, na_value=np.nan)
    steps = zip(before, after, strict=True)
    refused = np.array([_refuse_step(basis.inputs[name], *step) for step in steps], dtype=object)
    changed, followed = change_records(given, name, np.where(refused == "", after, before), basis.derive)
    then = basis.frame(changed)
    said = basis.deployed.predict(then)
    reasons = [
        *_follower_reasons(name, followed, basis.inputs),
        (told["outside"].to_numpy(bool), UNLIKE_NOW),
        (said["outside"].to_numpy(bool), UNLIKE),
        (~basis.obeys(given, changed), BREAKS_RULE),
        (~(said["risk"] <= told["risk"] - LEAST).to_numpy(bool), NOT_LOWER),
    ]
    for rows, reason in reasons:
        refused = np.where((refused == "") & rows, reason, refused)
    return Tried(pd.Series(refused, dtype="str"), basis.frame(given), then, said, followed)


def difference_limits(basis: Basis, now: pd.DataFrame, then: pd.DataFrame) -> tuple[float, float] | None:
    """2.5% and 97.5% quantiles, over refits, of the median difference of the risks of `then` and `now` (n, p)."""
    if not basis.refits:
        return None
    medians = [np.median(refit.risk(then) - refit.risk(now)) for refit in basis.refits]
    low, high = spread(medians)
    return float(low), float(high)


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


def changed_values(values: FloatArray, change: Change) -> FloatArray:
    """The values after the declared step, held at the bound it would cross; never moved further, or the other way.

    A value that the step does not bring within the bounds stays where it is: nobody said that it can change.
    """
    low, high = change.bounds
    moved = np.maximum(values + change.step, low) if change.step < 0 else np.minimum(values + change.step, high)
    moves = moved < values if change.step < 0 else moved > values
    result: FloatArray = np.where(moves & (moved >= low) & (moved <= high), moved, values)
    return result


def change_records(
    records: pd.DataFrame, name: str, after: FloatArray, derive: Callable[[pd.DataFrame], pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, BoolArray]]:
    """The typed `records` (n,) with `name` at `after`, and in which of them each other column was computed anew.

    A column follows where `derive` makes another value of it after the change than before. Where `name` itself is
    computed from others, it is among those columns, and the record is no use. `records` stay.
    """
    moved = records.assign(**{name: pd.Series(after, records.index).astype(records[name].dtype)})
    before, then = derive(records), derive(moved)
    differs = {str(c): ~_same(before[c], then[c]) for c in records if c != name}
    differs[name] = ~_same(moved[name], then[name])
    followed = {c: rows for c, rows in differs.items() if rows.any()}
    new = {c: moved[c].where(~rows, then[c]) for c, rows in followed.items() if c != name}
    return moved.assign(**new), followed


def _refuse_step(column: Column, before: float, after: float) -> str:
    """A value that stays where it is has no room, even where it lies outside the bounds."""
    if math.isnan(before):
        return MISSING
    return NO_ROOM if after == before else refuse_value(column, before, after)


def _follower_reasons(
    name: str, followed: Mapping[str, BoolArray], inputs: Mapping[str, Column]
) -> list[tuple[BoolArray, str]]:
    """In which records a column is computed anew that may not move: the factor itself, or any but a marker."""
    own = [(followed[name], COMPUTED)] if name in followed else []
    others = {c: rows for c, rows in followed.items() if c != name and c in inputs}
    return own + [(rows, MOVES_OTHERS) for c, rows in others.items() if inputs[c].factor != FactorClass.MARKER]


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


def _same(one: "pd.Series[Any]", other: "pd.Series[Any]") -> BoolArray:
    both_missing = (one.isna() & other.isna()).to_numpy(bool)
    equal = (one.astype(object) == other.astype(object)) & one.notna() & other.notna()
    same: BoolArray = both_missing | equal.fillna(False).to_numpy(bool)
    return same
