"""How much each member of the average says: weights learnt from what the members said of patients unseen."""

import numpy as np
from scipy.optimize import minimize

from pipeline.arrays import FloatArray
from pipeline.models.calibration import sigmoid

STRENGTH = 50.0  # patients' worth of belief in equal weights


def fit_weights(scores: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Shares (m,) of the members, at least 0, adding up to 1.

    Logistic regression of the outcome y (n,) on the members' out-of-fold log-odds `scores` (m, n), with coefficients
    held at 0 or above (Wolpert 1992, Neural Netw 5:241; Breiman 1996, Mach Learn 24:49) and drawn to equal ones by
    a ridge penalty worth fifty patients: small tables keep the plain average, large ones learn whom to trust. By
    L-BFGS-B. Members that all say nothing share alike.
    """
    members = len(scores)
    equal = np.full(members, 1 / members)

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        score = parameters[0] + parameters[1:] @ scores
        error = weight * (sigmoid(score) - y)
        off = parameters[1:] - equal
        value = float(np.sum(weight * (np.logaddexp(0.0, score) - y * score)) + STRENGTH / 2 * off @ off)
        return value, np.concatenate([[error.sum()], scores @ error + STRENGTH * off])

    bounds = [(None, None)] + [(0.0, None)] * members
    found = minimize(loss, np.concatenate([[0.0], equal]), jac=True, method="L-BFGS-B", bounds=bounds).x[1:]
    share: FloatArray = found / found.sum() if found.sum() > 0 else equal
    return share
