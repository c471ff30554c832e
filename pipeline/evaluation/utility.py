"""What acting on the risk would be worth."""

import numpy as np

from pipeline.arrays import FloatArray


def net_benefit(
    risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray, thresholds: FloatArray
) -> FloatArray:
    """Net benefit of acting where risk is at least each threshold, shape (b, t).

    True positives less false positives at the odds of the threshold, per patient (Vickers and Elkin 2006, Med Decis
    Making 26:565; with censoring weights Vickers et al. 2008, BMC Med Inform 8:53). Acting on all is risk 1.
    """
    acted = (risk[:, None] >= thresholds).astype(float)
    total = counts.sum(axis=1, keepdims=True)
    right = (weight * y) @ acted / total
    wrong = (weight * (1 - y)) @ acted / total
    benefit: FloatArray = right - wrong * thresholds / (1 - thresholds)
    return benefit


def treat_all(y: FloatArray, weight: FloatArray, counts: FloatArray, thresholds: FloatArray) -> FloatArray:
    """Net benefit of acting on everybody, shape (b, t)."""
    return net_benefit(np.ones_like(y), y, weight, counts, thresholds)
