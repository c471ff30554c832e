"""The whole account of a treatment's effect, ready for `treatment_effect.json`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from data_schemas.effects import Effect, Estimand
from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import may_tell
from pipeline.errors import DataRefusedError
from pipeline.estimates import nothing
from pipeline.explanation.effects.aipw import balancing_weights, compare_arms, compare_naively
from pipeline.explanation.effects.arms import SIDES, TOO_FEW, Arms, select_arms
from pipeline.explanation.effects.benefit import benefit_slope, effect_by
from pipeline.explanation.effects.estimates import to_dicts
from pipeline.explanation.effects.nuisance import LEARNER, Nuisance, fit_nuisance
from pipeline.explanation.effects.overlap import (
    describe_balance,
    describe_overlap,
    may_count,
    refuse_without_overlap,
    stay_within,
)
from pipeline.explanation.effects.sensitivity import describe_sensitivity
from pipeline.outcomes import Observed
from pipeline.phrases import phrase

NO_ADJUSTMENT = phrase("no column is adjusted for, so that no risk is predicted")
ATE_ALONE = phrase("it is given for the mean effect in all patients alone")


def describe_effect(
    effect: Effect,
    columns: Mapping[str, Column],
    records: pd.DataFrame,
    observed: Observed,
    patient: IntArray,
    smallest: int,
    seed: int,
) -> dict[str, Any]:
    """The declared effect on the outcome `observed` (n,) of typed `records`, `patient` (n,) a number for each patient.

    `naive` compares the arms as they are, `adjusted` as declared, among those who stay after trimming; both hold the
    figures of `compare_arms`. `overlap` and `sensitivity` are None for a treatment drawn by lot. `by_risk` has quarters
    of the risk in the control arm, `by_benefit` quarters of the predicted difference, with `slope`. Every figure is an
    estimate with `value`, `lo`, `hi` and `reason`; counts are of patients, 0, at least `smallest`, or None. Where few
    are in neither arm, nobody is counted: the rest of all patients would tell how few.

    Raises DataRefusedError where an arm has fewer than `smallest` patients, events or known non-events, or the arms do
    not overlap.
    """
    arms, others = select_arms(effect, columns, records, observed, patient)
    _refuse_too_few(arms, smallest)
    randomised = effect.design == "randomised"
    nuisance = fit_nuisance(arms, randomised=randomised, seed=seed)
    stays = np.ones(len(arms.treated), dtype=bool) if randomised else stay_within(nuisance.propensity, effect.estimand)
    if not randomised:
        refuse_without_overlap(arms, stays, smallest)
    tells = may_tell(others, others + sum(arms.count().values()), smallest)
    counts = tells and may_count(arms, nuisance.propensity, effect.estimand, smallest)
    found = _Comparison(arms, nuisance, stays, effect.estimand, smallest, counts)
    patients = {
        "patients": arms.count() if tells else dict.fromkeys(SIDES),
        "in_neither_arm": others if tells else None,
    }
    overlap = None if randomised else describe_overlap(arms, nuisance.propensity, effect.estimand, smallest)
    if overlap and not tells:
        overlap |= {"bins": [], "left": None, "stay": None}
    described = found.describe(adjusts=bool(effect.adjust), randomised=randomised)
    return _declare(effect, observed) | patients | {"overlap": overlap} | described


def _declare(effect: Effect, observed: Observed) -> dict[str, Any]:
    """What was asked, and with which learner it is answered."""
    return {
        "treatment": effect.treatment,
        "treated": list(effect.treated),
        "control": list(effect.control),
        "design": effect.design,
        "estimand": effect.estimand,
        "adjust": dict(effect.adjust),
        "horizon": observed.horizon,
        "learner": LEARNER.label if effect.adjust else None,
    }


def _refuse_too_few(arms: Arms, smallest: int) -> None:
    if arms.fewest() < smallest:
        raise DataRefusedError(
            f"an arm has fewer than {smallest} patients, or patients with the event, or with a known outcome without "
            "it; gather more patients, or compare arms or a horizon that more of them reach"
        )


@dataclass(frozen=True)
class _Comparison:
    """All that is compared: those records of `arms` that `stays` (n,) says; `counts` says whether to count them."""

    arms: Arms
    nuisance: Nuisance
    stays: BoolArray
    estimand: Estimand
    smallest: int
    counts: bool

    def describe(self, *, adjusts: bool, randomised: bool) -> dict[str, Any]:
        """What is said of those who stay."""
        arms, nuisance = self.arms.take(self.stays), self.nuisance.take(self.stays)
        enough = arms.fewest() >= self.smallest
        adjusted = compare_arms(arms, nuisance, self.estimand) if adjusts and enough else None
        none = {name: nothing(TOO_FEW if adjusts else NO_ADJUSTMENT) for name in compare_naively(self.arms)}
        sensitivity = describe_sensitivity((adjusted or none)["ratio"])
        return {
            "naive": to_dicts(compare_naively(self.arms)),
            "adjusted": to_dicts(adjusted or none),
            "balance": describe_balance(
                arms, balancing_weights(arms, nuisance.propensity, self.estimand), self.smallest
            ),
            "sensitivity": None if randomised else to_dicts(sensitivity),
            "by_risk": self._by(arms, nuisance, nuisance.control, adjusts=adjusts),
            "by_benefit": self._by(arms, nuisance, nuisance.benefit(), adjusts=adjusts)
            | {"slope": self._slope(arms, nuisance, adjusts=adjusts)},
        }

    def _by(self, arms: Arms, nuisance: Nuisance, by: FloatArray, *, adjusts: bool) -> dict[str, Any]:
        if not adjusts:
            return {"groups": [], "reason": NO_ADJUSTMENT}
        found = effect_by(by, arms, nuisance, self.estimand, self.smallest)
        if self.counts:
            return found
        return found | {"groups": [row | {"patients": None} for row in found["groups"]]}

    def _slope(self, arms: Arms, nuisance: Nuisance, *, adjusts: bool) -> dict[str, Any]:
        if not adjusts or self.estimand == "ATT":
            return nothing(ATE_ALONE if adjusts else NO_ADJUSTMENT).to_dict()
        return benefit_slope(arms, nuisance).to_dict()
