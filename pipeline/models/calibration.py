"""Recalibration by slope and intercept, which keeps log-odds affine in the members."""

import numpy as np
from scipy.optimize import minimize

from pipeline.arrays import FloatArray


def sigmoid(log_odds: FloatArray) -> FloatArray:
    """The probability behind log-odds."""
    risk: FloatArray = 1 / (1 + np.exp(-np.clip(log_odds, -700, 700)))
    return risk


def fit_recalibration(log_odds: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Intercept and slope of the outcome on out-of-fold log-odds (Cox 1958, Biometrika 45:562).

    The slope is drawn to 1 and the intercept to 0 with the strength of one patient, which keeps them finite
    where the classes separate. Weighted maximum likelihood by BFGS. The slope is never negative: that would turn every
    learnt and every imposed direction around. Where it would be, which log-odds that predict nothing bring about, it
    is 0, and all patients get the mean risk.
    """

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        intercept, slope = parameters
        score = intercept + slope * log_odds
        error = weight * (sigmoid(score) - y)
        value = float(np.sum(weight * (np.logaddexp(0.0, score) - y * score)) + (intercept**2 + (slope - 1) ** 2) / 2)
        return value, np.array([error.sum() + intercept, error @ log_odds + slope - 1])

    intercept, slope = minimize(loss, np.array([0.0, 1.0]), jac=True, method="BFGS").x
    if slope < 0:  # the loss is convex, so the best slope of those allowed is 0
        return fit_recalibration(np.zeros_like(log_odds), y, weight)[0], 0.0
    return float(intercept), float(slope)
