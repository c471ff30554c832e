"""How well risks order patients."""

import numpy as np

from pipeline.arrays import FloatArray


def auroc(risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted probability that a patient with the event has the higher risk, ties counting half; shape (b,).

    The Mann-Whitney form (Hanley and McNeil 1982, Radiology 143:29); with censoring weights, the cumulative/dynamic
    AUROC at the horizon (Uno et al. 2007, JASA 102:527). NaN where a resample lacks events or non-events.
    """
    order = np.argsort(risk, kind="stable")
    starts = np.flatnonzero(np.diff(risk[order], prepend=-np.inf))
    sorted_weight, sorted_y = weight[:, order], y[order]
    cases = np.add.reduceat(sorted_weight * sorted_y, starts, axis=1)
    controls = np.add.reduceat(sorted_weight * (1 - sorted_y), starts, axis=1)
    below = np.cumsum(controls, axis=1) - controls / 2
    pairs = cases.sum(axis=1) * controls.sum(axis=1)
    won = (cases * below).sum(axis=1)
    area: FloatArray = np.divide(won, pairs, out=np.full(len(weight), np.nan), where=pairs > 0)
    return area
