"""Scores of a network made into log-odds that can be believed."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from pipeline.arrays import FloatArray, IntArray

COLDEST, HOTTEST = 0.2, 20.0
SPREAD = 0.5  # of the logarithm, before anything is known


def find_temperature(scores: FloatArray, offset: FloatArray, label: IntArray) -> tuple[float, float]:
    """The temperature (Guo et al. 2017) at which `scores` (m, classes) fit `label` (m,) best, and the log-loss then.

    `offset` (classes,) is added after tempering: at a high temperature all that is told is how frequent classes are.
    A temperature is log-normal around 1 before anything is known, so that a few images told without an error, which any
    low temperature would fit, do not make a network sure of itself.
    """

    def lose(log_temperature: float) -> float:
        told = log_softmax(scores / np.exp(log_temperature) + offset, axis=1)
        return float(-told[np.arange(len(label)), label].mean())

    def judge(log_temperature: float) -> float:
        return lose(log_temperature) + (log_temperature / SPREAD) ** 2 / (2 * len(label))

    best = minimize_scalar(judge, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded").x
    return float(np.exp(best)), lose(best)
