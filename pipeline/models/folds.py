"""Parting training patients into folds, and the loss by which settings are chosen."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from pipeline.arrays import FloatArray, IntArray
from pipeline.errors import DataRefusedError

Folds = list[tuple[IntArray, IntArray]]


def make_folds(y: FloatArray, patient: IntArray, count: int) -> Folds:
    """`count` pairs of training and held-out positions; events are spread evenly, a patient's rows stay together.

    `y` (n,) is 0 or 1, `patient` (n,) a number per patient; rows come in a fixed order, so the folds are
    fixed too. Raises DataRefusedError where events or non-events are too few for every fold to have one.
    """
    rarer = min(len(np.unique(patient[y == outcome])) for outcome in (0, 1))
    if rarer < count:
        raise DataRefusedError(
            f"{rarer} patients with known outcome are in the rarer class, expected at least {count}, one per "
            "training fold; gather more patients or lower the folds in params.yaml"
        )
    if len(np.unique(patient)) == len(patient):
        return list(StratifiedKFold(count).split(np.zeros((len(y), 1)), y))
    return list(StratifiedGroupKFold(count).split(np.zeros((len(y), 1)), y, patient))


def log_loss(y: FloatArray, log_odds: FloatArray, weight: FloatArray) -> float:
    """Weighted mean logistic loss of `log_odds` (n,) for outcomes `y` (n,)."""
    return float(np.average(np.logaddexp(0.0, log_odds) - y * log_odds, weights=weight))
