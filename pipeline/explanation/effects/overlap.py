"""Whether patients of one arm have their like in the other, and whether weighting makes the arms alike."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.effects import Estimand
from pipeline.arrays import BoolArray, FloatArray
from pipeline.disclosure import NumberOf, Rest, none_or_enough, share
from pipeline.errors import DataRefusedError
from pipeline.estimates import Estimate, nothing
from pipeline.explanation.effects.arms import SIDES, Arms
from pipeline.explanation.effects.estimates import described
from pipeline.phrases import phrase

LOWEST, HIGHEST = 0.1, 0.9
LEAST_SHARE = 0.5
BINS = 20
FEW = phrase("fewer patients than may be shown are behind it")


def stay_within(propensity: FloatArray, estimand: Estimand) -> BoolArray:
    """Which records stay in the comparison, (n,): probability of treatment from 0.1 to 0.9, by the rule of thumb.

    The rule is that of Crump et al. (2009, Biometrika 96:187). The effect in the treated needs controls like them, not
    the reverse, so that there only what is above 0.9 leaves. A cross-fitted probability was learnt from others, so that
    who leaves does not depend on the patient's own arm.
    """
    stays: BoolArray = propensity <= HIGHEST
    return stays if estimand == "ATT" else stays & (propensity >= LOWEST)


def refuse_without_overlap(arms: Arms, stays: BoolArray, smallest: int) -> None:
    """Raise DataRefusedError where fewer than half of the patients stay, or fewer than `smallest` in an arm."""
    among, all_ = arms.count(stays), arms.count()
    share = sum(among.values()) / sum(all_.values())
    if share < LEAST_SHARE or min(among.values()) < smallest:
        raise DataRefusedError(
            f"the arms do not overlap: {share:.0%} of the patients have a probability of treatment from {LOWEST:g} to "
            f"{HIGHEST:g}, expected at least {LEAST_SHARE:.0%} and at least {smallest} in each arm; compare patients "
            "who could have had either treatment"
        )


def describe_overlap(arms: Arms, propensity: FloatArray, estimand: Estimand, smallest: int) -> dict[str, Any]:
    """How the probability of treatment lies in each arm, and how many patients leave the comparison.

    `bins` hold `lo`, `hi` and the patients of each arm; a bin that would show 1 to `smallest` - 1 patients of an arm
    is joined to the next. `drawn` says of each arm whether the bins hold all of it. `left` says how many patients leave
    by arm, `stay` how many do not and `share` which share of all, to the nearest percent; all None where so few leave,
    at either end, that the number may not be shown.
    """
    stays = stay_within(propensity, estimand)
    before, among = arms.count(), arms.count(stays)
    shown = may_count(arms, propensity, estimand, smallest)
    kept = NumberOf(_to_percent, sum(among.values()), sum(before.values()))
    bins = _bins(arms, propensity, smallest)
    return {
        "bins": bins,
        "drawn": {name: sum(row[name] for row in bins) == n for name, n in before.items()},
        "rule": [None if estimand == "ATT" else LOWEST, HIGHEST],
        "share": (replace(described(kept), value=kept) if shown else nothing(FEW)).to_dict(),
        "left": arms.count(~stays) if shown else None,
        "stay": {name: Rest(n, n - among[name]) for name, n in before.items()} if shown else None,
    }


def _to_percent(count: int, total: int) -> float:
    return round(share(count, total), 2)


def may_count(arms: Arms, propensity: FloatArray, estimand: Estimand, smallest: int) -> bool:
    """Whether nobody or at least `smallest` patients of each arm leave at each end, so that counts tell of no few."""
    stays = stay_within(propensity, estimand)
    gone = [arms.count(~stays & end) for end in (propensity < LOWEST, propensity > HIGHEST)]
    return all(none_or_enough(end.values(), smallest) for end in gone)


def _bins(arms: Arms, propensity: FloatArray, smallest: int) -> list[dict[str, Any]]:
    """Bins from the lowest to the highest, each the fewest steps of 0.05 that may be shown; the last takes the rest."""
    found: list[dict[str, Any]] = []
    edges, lo = np.linspace(0, 1, BINS + 1).round(2), 0.0
    for hi in edges[1:]:
        told = arms.count(_between(propensity, lo, float(hi)))
        if max(told.values()) and none_or_enough(told.values(), smallest):
            found.append({"lo": lo, "hi": float(hi), **told})
            lo = float(hi)
    rest = arms.count(_between(propensity, lo, 1.0))
    while found and lo < 1 and not none_or_enough(rest.values(), smallest):
        lo = found.pop()["lo"]
        rest = arms.count(_between(propensity, lo, 1.0))
    if lo < 1 and max(rest.values()) and none_or_enough(rest.values(), smallest):
        found.append({"lo": lo, "hi": 1.0, **rest})
    return found


def _between(propensity: FloatArray, lo: float, hi: float) -> BoolArray:
    within: BoolArray = (propensity >= lo) & ((propensity < hi) | (hi == 1))
    return within


def describe_balance(arms: Arms, weights: FloatArray, smallest: int) -> list[dict[str, Any]]:
    """Standardised mean differences, treated less control, of each number and each level, `before` and `after`.

    `weights` (n,) are those of the comparison. Both differences are in standard deviations of the arms before
    weighting (Austin and Stuart 2015, Stat Med 34:3661), from recorded values. `level` is None for a number. A missing
    value counts as one more level, `missing`. Shares that fewer than `smallest` patients of an arm are behind, on
    either side, are hidden.
    """
    return [
        {"column": name, "level": level, **_difference(values, arms, weights, smallest)}
        for name in arms.X
        for level, values in _variables(arms.X[name])
    ]


def _variables(column: pd.Series) -> list[tuple[str | None, FloatArray]]:
    missing: FloatArray = np.asarray(column.isna(), dtype=np.float64)
    parts: list[tuple[str | None, FloatArray]] = []
    if pd.api.types.is_float_dtype(column.dtype):
        parts.append((None, column.to_numpy(np.float64)))
    else:
        given = np.where(column.isna(), np.nan, 1.0)
        parts += [(str(level), (column == level).to_numpy(float) * given) for level in column.cat.categories]
    if missing.any():
        parts.append(("missing", missing))
    return parts


def _difference(values: FloatArray, arms: Arms, weights: FloatArray, smallest: int) -> dict[str, dict[str, Any]]:
    given = ~np.isnan(values)
    if _may_show(values, arms, smallest):
        sides = [given & arms.side(name) for name in SIDES]
        spread = float(np.sqrt(np.mean([values[side].var() for side in sides])))
        pairs = {"before": np.ones_like(weights), "after": weights}
        found = {name: _standardised(values, sides, w, spread) for name, w in pairs.items()}
    else:
        found = {"before": nothing(FEW), "after": nothing(FEW)}
    return {name: estimate.to_dict() for name, estimate in found.items()}


def _standardised(values: FloatArray, sides: list[BoolArray], weights: FloatArray, spread: float) -> Estimate:
    treated, control = (float(np.average(values[side], weights=weights[side])) for side in sides)
    return described((treated - control) / spread) if spread > 0 else nothing(phrase("all values are alike"))


def _may_show(values: FloatArray, arms: Arms, smallest: int) -> bool:
    """Of a number, enough patients; of a level, enough with it and enough without it, or nobody, in both arms."""
    given = ~np.isnan(values)
    if not set(np.unique(values[given])) <= {0.0, 1.0}:
        return min(arms.count(given).values()) >= smallest
    told = [count for kind in (0, 1) for count in arms.count(values == kind).values()]
    return min(arms.count(given).values()) >= smallest and none_or_enough(told, smallest)
