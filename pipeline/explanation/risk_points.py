"""Contributions in log-odds as parts of the risk itself.

A factor's part is the average, over orders in which the factors may be added to the base, of how far it moves the risk
(Shapley 1953, Contributions to the Theory of Games 2:307). All parts and the base risk add up to the risk in every
single order and so in the average, a part has the sign of its log-odds, and none exceeds 100 points, which a mere
rescaling of log-odds would not promise.
"""

from functools import cache
from itertools import permutations
from math import factorial

import numpy as np

from pipeline.arrays import FloatArray, IntArray
from pipeline.models.calibration import sigmoid

STEPS_OF_ORDERS = 600_000  # additions tried: about a tenth of a second, and parts good to about 0.1 points
MOST_ORDERS, FEW = 20_000, 7  # of so few predictors every order is tried


def share_risk(base: float, contributions: FloatArray, orders: int | None = None) -> FloatArray:
    """Of each patient, the difference of the risks at `base` plus all contributions, and at `base`, parted (n, p).

    `contributions` (n, p) are in log-odds. The average is over `orders`, or `count_orders(p)` where none are given: all
    there are, or as many drawn once and for all, each beside its reverse.
    """
    tried = _orders(contributions.shape[1], orders or count_orders(contributions.shape[1]))
    return np.array([_share(base, one, tried) for one in contributions]).reshape(contributions.shape)


def count_orders(predictors: int) -> int:
    """In how many orders so many predictors are added: all of them where they are a few thousand."""
    if predictors <= FEW:
        return factorial(predictors)
    return 2 * max(min(MOST_ORDERS, STEPS_OF_ORDERS // predictors) // 2, 100)


def _share(base: float, contributions: FloatArray, orders: IntArray) -> FloatArray:
    start = np.full((len(orders), 1), base)
    reached = np.concatenate([start, base + np.cumsum(contributions[orders], axis=1)], axis=1)
    steps = np.diff(sigmoid(reached), axis=1)
    shared: FloatArray = np.bincount(orders.ravel(), steps.ravel(), len(contributions)) / len(orders)
    return shared


@cache
def _orders(predictors: int, count: int) -> IntArray:
    if predictors <= FEW and count >= factorial(predictors):
        return np.array(list(permutations(range(predictors))), dtype=np.int64)
    generator = np.random.default_rng(0)
    half = generator.permuted(np.tile(np.arange(predictors), (count // 2, 1)), axis=1)
    return np.concatenate([half, half[:, ::-1]])
