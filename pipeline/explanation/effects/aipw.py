"""The doubly robust comparison of two arms (AIPW), its interval, and the naive comparison beside it.

Right if either the probability of treatment or the risks are (Robins, Rotnitzky and Zhao 1994, JASA 89:846). Weights
are those of inverse probabilities of treatment times those of staying uncensored in the patient's own arm, normalised
to their sum, so that a mean stays near the outcomes. Nothing needs a model of the treatment's effect.
"""

from dataclasses import dataclass

import numpy as np

from data_schemas.effects import Estimand
from pipeline.arrays import FloatArray
from pipeline.estimates import Estimate, Z, nothing
from pipeline.explanation.effects.arms import SIDES, Arms
from pipeline.explanation.effects.censoring import censoring_influence
from pipeline.explanation.effects.estimates import bounded, standard_error
from pipeline.explanation.effects.nuisance import Nuisance, no_nuisance
from pipeline.models.calibration import sigmoid
from pipeline.phrases import phrase

NO_RATIO = phrase("the risk of an arm is estimated as 0, as 1 or beyond")


@dataclass(frozen=True)
class ArmMean:
    """The mean outcome if all patients asked about were in one arm, and each record's influence on it, (n,)."""

    value: float
    influence: FloatArray


def compare_arms(arms: Arms, nuisance: Nuisance, estimand: Estimand) -> dict[str, Estimate]:
    """`risk_treated`, `risk_control`, `difference` (treated less control) and `ratio` (treated over control).

    Intervals: from the influence function, rows of a patient together; of risks on the log-odds scale, of the ratio on
    the log scale.
    """
    treated, control = (_arm_mean(arms, nuisance, side, estimand) for side in SIDES)
    error = standard_error(treated.influence - control.influence, arms.patient)
    return {
        "risk_treated": _risk(treated, arms),
        "risk_control": _risk(control, arms),
        "difference": bounded(treated.value - control.value, error, most=1.0),
        "ratio": _ratio(treated, control, arms),
    }


def compare_naively(arms: Arms) -> dict[str, Estimate]:
    """The same four figures without adjustment; censoring weights are those of each arm all the same."""
    return compare_arms(arms, no_nuisance(arms), "ATE")


def balancing_weights(arms: Arms, propensity: FloatArray, estimand: Estimand) -> FloatArray:
    """What each record counts so that both arms resemble those asked about, (n,): 1 / P(own arm), or odds for ATT."""
    e = propensity
    if estimand == "ATT":
        weights: FloatArray = np.where(arms.treated, 1.0, e / (1 - e))
        return weights
    return 1 / np.where(arms.treated, e, 1 - e)


def _arm_mean(arms: Arms, nuisance: Nuisance, side: str, estimand: Estimand) -> ArmMean:
    members, n = arms.side(side), len(arms.treated)
    risk = nuisance.treated if side == "treated" else nuisance.control
    target = arms.treated.astype(float) if estimand == "ATT" else np.ones(n)
    weight = np.zeros(n)
    own = arms.take(members)
    weight[members] = own.observed.weights() * balancing_weights(own, nuisance.propensity[members], estimand)
    residual = arms.observed.by_horizon() - risk
    left = float(weight @ residual / weight.sum())
    modelled = float(target @ risk / target.sum())
    terms = n * weight * (residual - left) / weight.sum()
    influence = n * target * (risk - modelled) / target.sum() + terms
    influence[members] += censoring_influence(own.observed, terms[members])
    return ArmMean(modelled + left, influence)


def _risk(mean: ArmMean, arms: Arms) -> Estimate:
    p = mean.value
    if not 0 < p < 1:
        return nothing(NO_RATIO)
    score, reach = np.log(p / (1 - p)), Z * standard_error(mean.influence, arms.patient) / (p * (1 - p))
    lo, hi = sigmoid(np.array([score - reach, score + reach]))
    return Estimate(p, float(lo), float(hi))


def _ratio(treated: ArmMean, control: ArmMean, arms: Arms) -> Estimate:
    if min(treated.value, control.value) <= 0 or max(treated.value, control.value) >= 1:
        return nothing(NO_RATIO)
    influence = treated.influence / treated.value - control.influence / control.value
    ratio, reach = treated.value / control.value, Z * standard_error(influence, arms.patient)
    return Estimate(ratio, float(ratio * np.exp(-reach)), float(ratio * np.exp(reach)))
