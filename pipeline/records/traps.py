"""What makes a model look better than it is: leaks and traps, looked for before any model is made.

A single predictor, its being missing, the gaps of all together, the order of the rows or the identifier may decide the
outcome; a predictor may have become known later; a patient's repeated records may disagree. Each is looked for by the
AUROC of a simple rule, fitted on four fifths of the records and tried on the last.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Column, Role
from data_schemas.later import sounds_later
from pipeline.arrays import BoolArray, IntArray
from pipeline.disclosure import NumberOf, TextOf, share
from pipeline.outcomes import observe
from pipeline.phrases import phrase
from pipeline.records.identity import PSEUDONYM
from pipeline.records.table_checks import event_codes
from pipeline.records.telling import bin_values, cross_fitted_auroc, gaps_auroc, share_decided
from pipeline.records.value_traps import constant, mostly_missing, suspected_missing_code
from pipeline.repeats import repeat_groups

AT_MOST = 50_000  # records looked at; an AUROC is then known to better than .01
SINGLE_CEILING, SINGLE_SUSPICION = 0.9, 0.8  # where a cohort declares no ceiling of its own
MISSINGNESS_CEILING = 0.65
ORDER_CEILING = 0.6
FEW_EVENTS = 20  # below, a high AUROC is chance as likely as not
RICH = 0.05  # predictors tell records apart if at most this share repeats
ALONE = phrase("alone it has an AUROC of {auroc}")
Trap = dict[str, Any]


def find_traps(valid: pd.DataFrame, identifiers: pd.Series, cohort: type[Cohort]) -> list[Trap]:
    """Every trap that is looked for: `trap`, `column`, `label`, `found`, and `says`, what was found, where it was.

    `valid` has typed columns, sorted by pseudonym, which is random: so the records looked at and their folds do not
    depend on the source's order. `identifiers` has theirs, indexed by the place in the source.
    """
    sample = valid.head(AT_MOST)
    known, event = _outcome(sample, cohort)
    seen, y = sample[known], event[known]
    enough = min(y.sum(), (~y).sum()) >= FEW_EVENTS
    predictors = cohort.with_role(Role.PREDICTOR)
    traps = [_known_later(name, column) for name, column in predictors.items()]
    traps += [_known_too_late(sample, name, column, cohort) for name, column in predictors.items() if column.known_on]
    for name, column in predictors.items():
        traps += [
            _trap("suspected missing code", name, says=suspected_missing_code(sample[name], column)),
            _trap("mostly missing", name, says=mostly_missing(sample[name])),
            _trap("constant", name, says=constant(sample[name])),
        ]
    if enough:
        for name in predictors:
            bins = bin_values(seen[name])
            traps += [*_decides(bins, y, name, cohort.study().single_ceiling), _group_decides(bins, y, name)]
        traps += [_missing_decides(seen[name], y, name) for name in predictors if seen[name].isna().any()]
        traps += _gaps_decide(seen, y, predictors)
        named = identifiers.head(AT_MOST)[known]
        traps += [_order_decides(named, y), _identifier_decides(named, y)]
    return [_told(trap, predictors.get(trap["column"])) for trap in [*traps, _disagreeing(sample, cohort)]]


def _outcome(frame: pd.DataFrame, cohort: type[Cohort]) -> tuple[BoolArray, BoolArray]:
    """Where the outcome at the horizon is known, and where it is the event."""
    observed = next(iter(observe(frame, cohort.study()).values()))
    return observed.known(), observed.by_horizon() == 1


def _told(trap: Trap, column: Column | None) -> Trap:
    """`trap` with its column's label, and not found where the schema gives a reason why it is none."""
    if column is None:
        return trap | {"label": ""}
    acknowledged = trap["trap"] in column.acknowledged
    return trap | {"label": column.label} | ({"found": False, "says": ""} if acknowledged else {})


def _trap(trap: str, column: str | None, *, says: str, found: bool | None = None) -> Trap:
    found = bool(says) if found is None else found
    return {"trap": trap, "column": column, "found": found, "says": says if found else ""}


def _decides(bins: IntArray, event: BoolArray, name: str, declared: float | None) -> list[Trap]:
    """A predictor that nearly decides the outcome alone, and one that tells more than one mostly does."""
    auroc = cross_fitted_auroc(bins, event)
    ceiling, says = declared or SINGLE_CEILING, ALONE.format(auroc=f"{auroc:.2f}")
    strong = declared is None and SINGLE_SUSPICION < auroc <= ceiling
    return [
        _trap("single predictor", name, found=auroc > ceiling, says=says),
        _trap("strong predictor", name, found=strong, says=says),
    ]


def _group_decides(bins: IntArray, event: BoolArray, name: str) -> Trap:
    decided = share_decided(bins, event)
    says = phrase("{n} of the records are in groups where nobody or everybody has the event")
    return _trap("deciding group", name, found=decided > 0, says=TextOf(lambda n: says.format(n=f"{n:.1%}"), decided))


def _missing_decides(values: pd.Series, event: BoolArray, name: str) -> Trap:
    auroc = cross_fitted_auroc(values.isna().astype("int64").to_numpy(), event)
    says = phrase("whether it is missing has an AUROC of {auroc} alone").format(auroc=f"{auroc:.2f}")
    return _trap("missingness", name, found=auroc > MISSINGNESS_CEILING, says=says)


def _gaps_decide(seen: pd.DataFrame, event: BoolArray, predictors: Mapping[str, Column]) -> list[Trap]:
    """Whether which predictors are missing decides; without those of which the schema says why their gaps may."""
    names = [name for name, column in predictors.items() if "missingness" not in column.acknowledged]
    gaps = seen[names].isna().to_numpy(bool)
    gaps = gaps[:, gaps.any(axis=0)]
    if gaps.shape[1] < 2:
        return []
    auroc = gaps_auroc(gaps, event)
    says = phrase("which of {n} predictors are missing has an AUROC of {auroc} together")
    shown = says.format(n=gaps.shape[1], auroc=f"{auroc:.2f}")
    return [_trap("missingness together", None, found=auroc > MISSINGNESS_CEILING, says=shown)]


def _order_decides(identifiers: pd.Series, event: BoolArray) -> Trap:
    auroc = cross_fitted_auroc(bin_values(pd.Series(identifiers.index)), event)
    says = phrase("a record's place has an AUROC of {auroc}").format(auroc=f"{auroc:.2f}")
    return _trap("row order", None, found=_beyond_chance(auroc, event), says=says)


def _identifier_decides(identifiers: pd.Series, event: BoolArray) -> Trap:
    ranks = identifiers.rank(method="dense")
    digits = pd.to_numeric(identifiers.str.replace(r"[^0-9]", "", regex=True).str[-15:], errors="coerce")
    auroc = max(cross_fitted_auroc(bin_values(read), event) for read in (ranks, digits.astype("float64")))
    says = ALONE.format(auroc=f"{auroc:.2f}")
    return _trap("identifier", None, found=_beyond_chance(auroc, event), says=says)


def _beyond_chance(auroc: float, event: BoolArray) -> bool:
    """Whether the AUROC is worth a warning and four standard errors above chance (Hanley and McNeil 1982)."""
    events, others = event.sum(), (~event).sum()
    return bool(auroc > max(ORDER_CEILING, 0.5 + 4 * np.sqrt((events + others + 1) / (12 * events * others))))


def _known_later(name: str, column: Column) -> Trap:
    if column.known_later:
        declared = phrase("the schema says that it is known only later")
        return _trap("declared as known later", name, found=True, says=declared)
    found, says = sounds_later(name, column.label), phrase("exclude it, or acknowledge in the schema why not")
    return _trap("named as known later", name, found=found, says=says)


def _known_too_late(frame: pd.DataFrame, name: str, column: Column, cohort: type[Cohort]) -> Trap:
    index_date = cohort.index_date()
    assert index_date, "the schema's check sees to it"
    late = int((frame[column.known_on] > frame[index_date]).sum())
    says = phrase("in {n} of the records it became known after the moment of prediction")
    told = TextOf(lambda n: says.format(n=f"{n:.1%}"), NumberOf(share, late, len(frame)))
    return _trap("known after the index date", name, found=late > 0, says=told)


def _disagreeing(valid: pd.DataFrame, cohort: type[Cohort]) -> Trap:
    """Records equal in every predictor and image that differ in the outcome, where they are too many for chance."""
    name, _ = event_codes(cohort)
    groups = repeat_groups(valid, [*cohort.with_role(Role.PREDICTOR), *cohort.with_role(Role.IMAGE)])
    if len(groups) > RICH * len(valid):
        patients = valid[PSEUDONYM].loc[groups.index]
        groups = repeat_groups(pd.DataFrame({"group": groups, "who": patients}), ["group", "who"])
    outcomes = valid[name].astype("string").loc[groups.index].groupby(groups.to_numpy()).nunique()
    found = int((outcomes > 1).sum())
    says = TextOf(lambda n: phrase("{n} groups of equal records differ in it").format(n=n), found)
    return _trap("repeats that disagree", None, found=found > 0, says=says)
