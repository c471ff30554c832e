"""Whether risks mean what they say."""

import numpy as np

from pipeline.outcomes import FloatArray

CLIP = 1e-12
STEPS = 60
HALVINGS = 30
TOLERANCE = 1e-9
LIMIT = 50.0


def log_odds(risk: FloatArray) -> FloatArray:
    """The log-odds of `risk`, kept finite."""
    p = np.clip(risk, CLIP, 1 - CLIP)
    result: FloatArray = np.log(p) - np.log1p(-p)
    return result


def brier(risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray) -> FloatArray:
    """Weighted mean squared error (Brier 1950; Graf et al. 1999 with censoring weights), shape (b,)."""
    score: FloatArray = weight @ (y - risk) ** 2 / counts.sum(axis=1)
    return score


def scaled_brier(risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray) -> FloatArray:
    """1 less the Brier score over that of the mean outcome for everybody; 1 is perfect, 0 no better; shape (b,)."""
    rate = observed_rate(y, weight, counts)
    reference = rate * (1 - rate)
    undefined = np.full(len(weight), np.nan)
    score = brier(risk, y, weight, counts)
    scaled: FloatArray = 1 - np.divide(score, reference, out=undefined, where=reference > 0)
    return scaled


def observed_rate(y: FloatArray, weight: FloatArray, counts: FloatArray) -> FloatArray:
    """Share with the event, shape (b,); with censoring weights, one less the Kaplan-Meier estimate at the horizon."""
    rate: FloatArray = weight @ y / counts.sum(axis=1)
    return rate


def oe_ratio(risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray) -> FloatArray:
    """Observed rate over mean predicted risk, shape (b,); above 1 the model predicts too little."""
    ratio: FloatArray = observed_rate(y, weight, counts) * counts.sum(axis=1) / (counts @ risk)
    return ratio


def calibration_intercept(risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Calibration in the large: the intercept beside log-odds as offset; 0 is ideal; shape (b,)."""
    offset = log_odds(risk)
    return _fit(np.ones((1, len(risk))), offset, y, weight)[:, 0]


def calibration_slope(risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Slope of logistic regression of the outcome on log-odds (Cox 1958, Biometrika 45:562); 1 is ideal; (b,)."""
    design = np.vstack([np.ones(len(risk)), log_odds(risk)])
    return _fit(design, np.zeros(len(risk)), y, weight)[:, 1]


def _fit(design: FloatArray, offset: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted logistic regression in every resample, (b, d) coefficients; NaN where there is no finite optimum.

    Newton's method with each step halved until the loss falls: plain Newton diverges on over-confident risks.
    """
    coefficients = np.zeros((len(weight), len(design)))
    loss = _loss(coefficients, design, offset, y, weight)
    open_ = np.arange(len(weight))
    for _ in range(STEPS):
        step = _newton_step(coefficients[open_], design, offset, y, weight[open_])
        coefficients[open_], loss[open_] = _descend(
            coefficients[open_], step, loss[open_], (design, offset, y, weight[open_])
        )
        open_ = open_[np.abs(step).max(axis=1) > TOLERANCE]
        if not len(open_):
            break
    coefficients[open_] = np.nan
    coefficients[np.abs(coefficients).max(axis=1) > LIMIT] = np.nan
    return coefficients


def _newton_step(
    coefficients: FloatArray, design: FloatArray, offset: FloatArray, y: FloatArray, weight: FloatArray
) -> FloatArray:
    p = 1 / (1 + np.exp(-np.clip(coefficients @ design + offset, -700, 700)))
    gradient = (weight * (y - p)) @ design.T
    outer = np.array([row * other for row in design for other in design])
    hessian = ((weight * p * (1 - p)) @ outer.T).reshape(len(weight), len(design), len(design))
    ridge = 1e-12 * (1 + np.trace(hessian, axis1=1, axis2=2))[:, None, None] * np.eye(len(design))
    step: FloatArray = np.linalg.solve(hessian + ridge, gradient[..., None])[..., 0]
    return step


def _descend(
    coefficients: FloatArray, step: FloatArray, loss: FloatArray, data: tuple[FloatArray, ...]
) -> tuple[FloatArray, FloatArray]:
    design, offset, y, weight = data
    size = np.ones(len(step))
    for _ in range(HALVINGS):
        tried = coefficients + size[:, None] * step
        new = _loss(tried, design, offset, y, weight)
        worse = new > loss + 1e-12 * np.abs(loss)
        if not worse.any():
            break
        size[worse] /= 2
    return tried, new


def _loss(
    coefficients: FloatArray, design: FloatArray, offset: FloatArray, y: FloatArray, weight: FloatArray
) -> FloatArray:
    score = coefficients @ design + offset
    loss: FloatArray = (weight * (np.logaddexp(0.0, score) - y * score)).sum(axis=1)
    return loss
