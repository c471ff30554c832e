"""How well risks order patients."""

import numpy as np

from pipeline.arrays import FloatArray


def auroc(risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted probability that a patient with the event has the higher risk, ties counting half; shape (b,).

    The Mann-Whitney form (Hanley and McNeil 1982, Radiology 143:29); with censoring weights, the cumulative/dynamic
    AUROC at the horizon (Uno et al. 2007, JASA 102:527). NaN where a resample lacks events or non-events.
    """
    case, control = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    control = control[np.argsort(risk[control], kind="stable")]
    cases, controls = weight[:, case], np.zeros((len(weight), len(control) + 1))
    np.cumsum(weight[:, control], axis=1, out=controls[:, 1:])
    lower, upper = (np.searchsorted(risk[control], risk[case], side=side) for side in ("left", "right"))
    below = controls[:, lower]
    below += controls[:, upper]
    won = np.einsum("bn,bn->b", cases, below) / 2
    pairs = cases.sum(axis=1) * controls[:, -1]
    area: FloatArray = np.divide(won, pairs, out=np.full(len(weight), np.nan), where=pairs > 0)
    return area
