"""Parting training patients into folds, the loss by which settings are chosen, and what learning in folds gives."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from pipeline.arrays import FloatArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.patients import count_patients

Folds = list[tuple[IntArray, IntArray]]
FEW_FOLDS_FROM, FEW_FOLDS = 10_000, 3  # rows; fewer folds cost less and leave enough to learn from
ONE_FOLD_FROM, PARTS = 50_000, 10  # rows; a tenth of them then judges as well as all in turn
JUDGES_AT_MOST = 100_000  # rows; more would tell little more, and every tree grown is tried on them


class Fitted(Protocol):
    """What a candidate becomes by fitting."""

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""


@dataclass(frozen=True)
class Learnt:
    """What tuning chose, log-odds (n,) of held-out rows (NaN for rows that no fold held out), and the model."""

    settings: dict[str, Any]
    scores: FloatArray
    model: Fitted


def make_folds(y: FloatArray, patient: IntArray, count: int) -> Folds:
    """`count` pairs of training and held-out positions; events are spread evenly, a patient's rows stay together.

    `y` (n,) is 0 or 1, `patient` (n,) a number per patient; rows come in a fixed order, so the folds are
    fixed too. A table of 10,000 rows or more has three pairs at most, one of 50,000 or more a single one, which holds
    out a tenth, or about 100,000 rows where that is less. Raises DataRefusedError where events or non-events are too
    few for every fold to have one.
    """
    rarer = min(count_patients(patient, y == outcome) for outcome in (0, 1))
    if rarer < count:
        raise DataRefusedError(
            f"{rarer} patients with known outcome are in the rarer class, expected at least {count}, one per "
            "training fold; gather more patients or lower the folds in params.yaml"
        )
    large, parts = len(y) >= ONE_FOLD_FROM, _count_parts(len(y), count)
    if count_patients(patient) == len(patient):
        pairs = StratifiedKFold(parts).split(np.zeros((len(y), 1)), y)
        return [next(iter(pairs))] if large else list(pairs)
    fold = _deal_patients(y, patient, parts)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in ([parts // 2] if large else range(parts))]


def _count_parts(rows: int, count: int) -> int:
    if rows >= ONE_FOLD_FROM:
        return max(PARTS, -(-rows // JUDGES_AT_MOST))
    return min(count, FEW_FOLDS) if rows >= FEW_FOLDS_FROM else count


def _deal_patients(y: FloatArray, patient: IntArray, parts: int) -> IntArray:
    """The fold of each row (n,): patients without events, with both, with events alone, are dealt out in turn.

    Those with many events, then rows, come first, so that folds have about as many of them, too. scikit-learn's
    grouped folds take longer than a model on tens of thousands of patients.
    """
    place = np.unique(patient, return_inverse=True)[1]
    rows, events = np.bincount(place), np.bincount(place, y)
    kind = (events > 0).astype(int) + (events == rows)
    fold = np.empty(len(rows), dtype=np.int64)
    fold[np.lexsort((-rows, -events, kind))] = np.arange(len(rows)) % parts
    return fold[place]


def log_loss(y: FloatArray, log_odds: FloatArray, weight: FloatArray) -> float:
    """Weighted mean logistic loss of `log_odds` (n,) for outcomes `y` (n,), over the rows that have a finite one."""
    known = np.isfinite(log_odds)
    score, truth = log_odds[known], y[known]
    return float(np.average(np.logaddexp(0.0, score) - truth * score, weights=weight[known]))
