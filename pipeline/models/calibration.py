"""Recalibration by slope and intercept, which keeps log-odds affine in the members."""

import numpy as np
from scipy.optimize import minimize

from pipeline.models.features import FloatArray


def fit_recalibration(log_odds: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Intercept and slope of the outcome on out-of-fold log-odds (Cox 1958, Biometrika 45:562).

    The slope is drawn to 1 and the intercept to 0 with the strength of one patient, which keeps them finite
    where the classes separate. Weighted maximum likelihood by BFGS.
    """

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        intercept, slope = parameters
        score = intercept + slope * log_odds
        error = weight * (1 / (1 + np.exp(-np.clip(score, -500, 500))) - y)
        value = float(np.sum(weight * (np.logaddexp(0.0, score) - y * score)) + (intercept**2 + (slope - 1) ** 2) / 2)
        return value, np.array([error.sum() + intercept, error @ log_odds + slope - 1])

    intercept, slope = minimize(loss, np.array([0.0, 1.0]), jac=True, method="BFGS").x
    return float(intercept), float(slope)
