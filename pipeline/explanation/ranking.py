"""How sure the ranking of predictors is, and how many patients it takes to be as sure as the data allow."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

NOISE = 0.2
"""Sampling may have a fifth of the refits' standard deviation: intervals are then 2% wider than with all patients."""
CLEAR = 3.0
"""Neighbours that are so many standard errors apart keep their order in another sample."""


@dataclass(frozen=True)
class EnoughPatients:
    """How many patients to explain, and the predictor that needs so many."""

    patients: int
    predictor: str


def enough_patients(contributions: pd.DataFrame, refits: list[pd.DataFrame], top: int = 10) -> EnoughPatients:
    """How many patients the ranking of the `top` predictors needs, told from those who are explained already.

    `contributions` (n, p) and those of each of `refits` are of the same patients. A predictor's difference from the
    next in rank varies between refits, which more patients do not change, and between patients, with standard error
    s / sqrt(n). Enough patients make that error a fifth of the refits' standard deviation, or a third of the
    difference, whichever is less strict. The same holds for the importances themselves, with the refits alone.
    """
    size = contributions.abs()
    ranked = list(size.mean().sort_values(ascending=False, kind="stable").index)[: top + 1]
    importances = pd.DataFrame([refit.abs().mean() for refit in refits])
    needs: dict[str, float] = {}
    for name, following in zip(ranked[:top], [*ranked[1:], None][:top], strict=True):
        needs[name] = _patients(size[name], importances[name], 0.0)
        if following is not None:
            apart = size[name] - size[following]
            again = importances[name] - importances[following]
            needs[name] = max(needs[name], _patients(apart, again, float(apart.mean()) / CLEAR))
    most = max(needs, key=lambda name: needs[name])
    return EnoughPatients(int(np.ceil(needs[most])), str(most))


def rank_agreement(contributions: pd.DataFrame, refits: list[pd.DataFrame]) -> float:
    """Mean rank correlation (Spearman) of the importances with those of each refit; at least two predictors."""
    importance = contributions.abs().mean().rank().to_numpy()
    again = [refit.abs().mean().rank().to_numpy() for refit in refits]
    return float(np.mean([np.corrcoef(importance, one)[0, 1] for one in again]))


def _patients(values: "pd.Series[float]", refitted: "pd.Series[float]", allowed: float) -> float:
    """How many patients make the standard error of the mean of `values` as small as it need be."""
    deviation = float(values.std())
    error = max(NOISE * float(refitted.std()), allowed)
    if deviation == 0 or error == 0:
        return 1.0
    return (deviation / error) ** 2
