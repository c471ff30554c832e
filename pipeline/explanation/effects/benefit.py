"""Whether the effect differs with the risk, and whether a predicted benefit is the one that patients have."""

from typing import Any

import numpy as np

from data_schemas.effects import Estimand
from pipeline.arrays import FloatArray, IntArray
from pipeline.estimates import Estimate, nothing
from pipeline.explanation.effects.aipw import balancing_weights, compare_arms
from pipeline.explanation.effects.arms import SIDES, Arms
from pipeline.explanation.effects.censoring import censoring_influence
from pipeline.explanation.effects.estimates import bounded, described, standard_error, to_dicts
from pipeline.explanation.effects.nuisance import Nuisance
from pipeline.phrases import phrase

GROUPS = 4
ALIKE = phrase("the predicted benefit is the same for everybody")
NO_GROUPS = phrase("in groups, the patients, the events or the known non-events of an arm are too few to publish")


def effect_by(by: FloatArray, arms: Arms, nuisance: Nuisance, estimand: Estimand, smallest: int) -> dict[str, Any]:
    """The comparison in quarters of `by` (n,), lowest first, which was predicted without the patient's own outcome.

    `groups` hold patients by arm, `mean` of `by`, the `predicted` difference and the figures of `compare_arms`. Where a
    quarter has fewer than `smallest` patients, events or known non-events in an arm, there are thirds or halves in
    their place, so that none can be told by subtraction; else there are no groups, and `reason` says why.
    """
    for count in range(GROUPS, 1, -1):
        places = _places(by, count)
        members = [places == k for k in range(count)]
        if all(arms.take(group).fewest() >= smallest for group in members):
            rows = [_describe_group(by[g], arms.take(g), nuisance.take(g), estimand) for g in members]
            return {"groups": rows, "reason": None}
    return {"groups": [], "reason": NO_GROUPS if np.ptp(by) else ALIKE}


def benefit_slope(arms: Arms, nuisance: Nuisance) -> Estimate:
    """Slope of the effect on the predicted benefit: 1 where predictions are right, 0 where they tell nothing.

    Least squares of each record's doubly robust score on its cross-fitted prediction, the best linear predictor of
    the effect (Chernozhukov et al. 2018, NBER 24678; van Klaveren et al. 2018, J Clin Epidemiol 94:59, for
    calibration of benefit); the interval holds for the predictions at hand, and rows of a patient count together.
    """
    predicted = nuisance.benefit()
    centred = predicted - predicted.mean()
    if centred.std() < 1e-6:
        return nothing(ALIKE)
    lever = len(centred) * centred / (centred @ centred)
    score = _scores(arms, nuisance)
    slope = float(lever @ score / len(centred))
    influence = lever * (score - score.mean() - slope * centred)
    for side in SIDES:
        members = arms.side(side)
        sign = 1.0 if side == "treated" else -1.0
        terms = sign * (lever * _weighted_residuals(arms, nuisance, side))[members]
        influence[members] += censoring_influence(arms.observed.take(members), terms)
    return bounded(slope, standard_error(influence, arms.patient))


def _scores(arms: Arms, nuisance: Nuisance) -> FloatArray:
    """The doubly robust score of each record's own difference, (n,)."""
    treated, control = (_weighted_residuals(arms, nuisance, side) for side in SIDES)
    scores: FloatArray = nuisance.benefit() + treated - control
    return scores


def _weighted_residuals(arms: Arms, nuisance: Nuisance, side: str) -> FloatArray:
    members, result = arms.side(side), np.zeros(len(arms.treated))
    own = arms.take(members)
    risk = (nuisance.treated if side == "treated" else nuisance.control)[members]
    weight = own.observed.weights() * balancing_weights(own, nuisance.propensity[members], "ATE")
    result[members] = weight * (own.observed.by_horizon() - risk)
    return result


def _places(by: FloatArray, count: int) -> IntArray:
    edges = np.unique(np.quantile(by, np.arange(1, count) / count))
    return np.searchsorted(edges, by, side="right")


def _describe_group(by: FloatArray, arms: Arms, nuisance: Nuisance, estimand: Estimand) -> dict[str, Any]:
    target = arms.treated if estimand == "ATT" else np.ones(len(by), dtype=bool)
    means = {"mean": described(by.mean()), "predicted": described(nuisance.benefit()[target].mean())}
    return {"patients": arms.count(), **to_dicts(means), **to_dicts(compare_arms(arms, nuisance, estimand))}
