"""What it costs, and saves, to estimate the weights for patients lost to follow-up."""

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.outcomes import Observed


def censoring_influence(observed: Observed, weighted: FloatArray) -> FloatArray:
    """What each patient's follow-up adds to a sum of `weighted` (n,) through the estimated weights 1/G, (n,).

    `weighted` holds a term for each patient of one arm, already times 1/G. The Kaplan-Meier estimate G of staying
    uncensored moves with each patient's censoring: the integral of q dM, where M is the patient's martingale of
    censoring and q(u) the sum of the terms of those followed beyond u, over the number that stays at u (van der Laan
    and Robins 2003, 3.2; Bang and Tsiatis 2000, Biometrika 87:329). Without covariates it leaves Greenwood's variance.
    Zero where there is no horizon.
    """
    if observed.time is None or observed.horizon is None:
        return np.zeros_like(weighted)
    time, ended = observed.time, observed.ended() == 1
    until = np.minimum(time, observed.horizon)
    gone, lost = np.unique(time[~ended & (time < observed.horizon)], return_counts=True)
    # Where an event and a censoring share a time the event comes first, as in the weights.
    before = _count_below(time, gone) + _count_below(time[ended], gone, upto=True) - _count_below(time[ended], gone)
    stay = len(time) - before - lost
    beyond = weighted.sum() - _sum_upto(until, weighted, gone)
    q = np.divide(beyond, stay, out=np.zeros(len(gone)), where=stay > 0)
    cumulated = np.concatenate([[0.0], np.cumsum(q * lost / (stay + lost))])
    compensator = np.where(
        ended, cumulated[np.searchsorted(gone, time, "left")], cumulated[np.searchsorted(gone, time, "right")]
    )
    own = np.zeros_like(weighted)
    left = ~ended & (time < observed.horizon)
    own[left] = q[np.searchsorted(gone, time[left])]
    return own - compensator


def _count_below(values: FloatArray, at: FloatArray, *, upto: bool = False) -> FloatArray:
    return np.searchsorted(np.sort(values), at, "right" if upto else "left").astype(float)


def _sum_upto(values: FloatArray, weights: FloatArray, at: FloatArray) -> FloatArray:
    order = np.argsort(values)
    cumulated = np.concatenate([[0.0], np.cumsum(weights[order])])
    return cumulated[np.searchsorted(values[order], at, "right")]
