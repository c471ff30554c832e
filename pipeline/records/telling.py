"""How much a column, or the gaps of several, tell of the outcome, by a rule so simple that it needs no tuning."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.arrays import BoolArray, IntArray
from pipeline.disclosure import NumberOf, share

BINS, FOLDS, FEW_VALUES = 20, 5, 50
EXPECTED_AT_LEAST = 50  # events, or others, in a group before none of them is no chance


def cross_fitted_auroc(bins: IntArray, event: BoolArray) -> float:
    """The AUROC of the event's rate in each bin, a rate taken from the other folds; shapes (n,).

    A record's fold is its place modulo 5, so the order must be random. Where nothing is told it is about .5, and
    less in small tables.
    """
    folds = np.arange(len(event)) % FOLDS
    cells = int(bins.max(initial=0)) + 1
    places = folds * cells + bins
    events = np.bincount(places[event], minlength=FOLDS * cells).reshape(FOLDS, cells)
    others = np.bincount(places[~event], minlength=FOLDS * cells).reshape(FOLDS, cells)
    taught, untaught = events.sum(axis=0) - events, others.sum(axis=0) - others
    share = event.mean()
    rates = (taught + share) / (taught + untaught + 1)
    return _auroc_of_counts(rates.ravel(), events.ravel(), others.ravel())


def gaps_auroc(gaps: BoolArray, event: BoolArray) -> float:
    """The AUROC of the event's risk given all of `gaps` (n, k), whether each of k columns is missing, in other folds.

    The risk is that of a logistic regression with scikit-learn's usual ridge penalty; folds are as above.
    """
    from sklearn.linear_model import LogisticRegression

    columns, folds = gaps.astype(np.float64), np.arange(len(event)) % FOLDS
    scores = np.empty(len(event))
    for fold in range(FOLDS):
        taught = folds != fold
        scores[~taught] = LogisticRegression().fit(columns[taught], event[taught]).decision_function(columns[~taught])
    return _auroc_of_counts(scores, event.astype(int), (~event).astype(int))


def bin_values(values: pd.Series) -> IntArray:
    """The bin of each value, shape (n,), from 0, which holds the missing ones.

    Numbers fall into 20 bins of equal size, or each into its own where there are few, categories into their codes.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(np.intp) + 1
    numbers = values.astype("float64").to_numpy()
    present = ~np.isnan(numbers)
    edges = np.unique(numbers[present])
    if len(edges) > FEW_VALUES:
        edges = np.unique(np.quantile(numbers[present], np.arange(1, BINS) / BINS))
    return np.where(present, np.searchsorted(edges, numbers, side="right") + 1, 0)


def _auroc_of_counts(scores: npt.NDArray[np.float64], events: npt.NDArray[Any], others: npt.NDArray[Any]) -> float:
    """The probability that an event's score is above another's, ties half, from counts per score."""
    by_score = np.argsort(scores, kind="stable")
    _, tie = np.unique(scores[by_score], return_inverse=True)
    e, o = np.bincount(tie, events[by_score]), np.bincount(tie, others[by_score])
    below = np.cumsum(o) - o
    return float((e * (below + o / 2)).sum() / (e.sum() * o.sum()))


def share_decided(bins: IntArray, event: BoolArray) -> NumberOf:
    """The share of records in bins in which nobody or everybody has the event, against all expectation.

    A group counts where at least 50 of the outcome that does not occur in it were expected. Shapes (n,).
    """
    rate = event.mean()
    sizes, events = np.bincount(bins), np.bincount(bins, event)
    none = (events == 0) & (sizes * rate >= EXPECTED_AT_LEAST)
    every = (events == sizes) & (sizes * (1 - rate) >= EXPECTED_AT_LEAST)
    return NumberOf(share, int(sizes[none | every].sum()), len(event))
