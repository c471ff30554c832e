"""Likelihood-ratio tests of logistic regression, also where rows have censoring weights or share a patient."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import chi2

from pipeline.arrays import FloatArray, IntArray

SIGNIFICANT = 0.05


def log_likelihood(score: FloatArray, y: FloatArray, weight: FloatArray) -> float:
    """The weighted log-likelihood of outcomes `y` at log-odds `score`; all are (n,)."""
    return float(weight @ (y * score - np.logaddexp(0.0, score)))


def mean_design_effect(
    design: FloatArray, risk: FloatArray, y: FloatArray, weight: FloatArray, patient: IntArray, tested: Sequence[int]
) -> float:
    """How much more the coefficients `tested` vary than by the likelihood, on average; 1 for rows that all count once.

    `design` is (d, n) and `risk` (n,) that of the fit. A statistic twice the gain in log-likelihood, divided by this,
    is referred to chi-square (Rao and Scott 1984, Ann Stat 12:46; Lumley and Scott 2014, Aust NZ J Stat 56:1).
    """
    codes, place = np.unique(patient, return_inverse=True)
    if len(codes) == len(patient) and (weight == 1).all():
        return 1.0
    by_patient = np.stack([np.bincount(place, row) for row in weight * (y - risk) * design])
    naive = np.linalg.inv((weight * risk * (1 - risk) * design) @ design.T)
    robust, at = naive @ (by_patient @ by_patient.T) @ naive, np.ix_(tested, tested)
    return float(np.trace(np.linalg.solve(naive[at], robust[at]))) / len(tested)


def refer(statistic: float, degrees: int) -> dict[str, Any]:
    """`statistic`, `degrees` and `p`, from chi-square; a statistic below 0 by rounding counts as 0."""
    at_least = max(statistic, 0.0)
    return {"statistic": at_least, "degrees": degrees, "p": float(chi2.sf(at_least, degrees))}


def say_p(p: float) -> str:
    """Such as `p = 0.031`, with a limit where it is below 0.001."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
