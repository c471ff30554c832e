"""Whether risks mean what they say."""

import numpy as np
import numpy.typing as npt

from pipeline.arrays import FloatArray

CLIP = 1e-12
STEPS = 60
HALVINGS = 30
TOLERANCE = 1e-9
LONGEST_STEP = 10.0
LEAST_SPREAD = 1e-6


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
    """Observed rate over mean predicted risk, shape (b,); above 1 the model predicts too little; NaN if all are 0."""
    expected = counts @ risk
    ratio: FloatArray = np.divide(weight @ y, expected, out=np.full(len(weight), np.nan), where=expected > 0)
    return ratio


def calibration_intercept(risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Calibration in the large: the intercept beside log-odds as offset; 0 is ideal; shape (b,).

    NaN where a resample lacks events or non-events.
    """
    solvable = (weight @ y > 0) & (weight @ (1 - y) > 0)
    intercept = np.full(len(weight), np.nan)
    intercept[solvable] = _fit(np.ones((1, len(risk))), log_odds(risk), y, weight[solvable])[:, 0]
    return intercept


def calibration_slope(risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Slope of logistic regression of the outcome on log-odds (Cox 1958, Biometrika 45:562); 1 is ideal; (b,).

    NaN where the log-odds of those with and without the event do not overlap, one of them missing included: then no
    finite slope fits best (Albert and Anderson 1984, Biometrika 71:1). NaN too where all risks are alike.
    """
    score, slope = log_odds(risk), np.full(len(weight), np.nan)
    spread = score.std()
    if spread < LEAST_SPREAD:
        return slope
    solvable = _overlap(score, y, weight)
    # In standard deviations from the mean, so that intercept and slope do not depend on each other much.
    design = np.vstack([np.ones(len(risk)), (score - score.mean()) / spread])
    slope[solvable] = _fit(design, np.zeros(len(risk)), y, weight[solvable])[:, 1] / spread
    return slope


def _overlap(score: FloatArray, y: FloatArray, weight: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether in each resample neither outcome has all its scores at or above all those of the other, (b,)."""
    lowest, highest = np.empty((2, len(weight))), np.empty((2, len(weight)))
    for outcome in (0, 1):
        drawn = (weight > 0) & (y == outcome)
        lowest[outcome] = np.where(drawn, score, np.inf).min(axis=1)
        highest[outcome] = np.where(drawn, score, -np.inf).max(axis=1)
    overlap: npt.NDArray[np.bool_] = (lowest[0] < highest[1]) & (lowest[1] < highest[0])
    return overlap


def _fit(design: FloatArray, offset: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted logistic regression in every resample, (b, d) coefficients; NaN where it finds no optimum.

    Newton's method with each step bounded, then halved until the loss falls: plain Newton diverges on over-confident
    risks.
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
    return np.clip(step, -LONGEST_STEP, LONGEST_STEP)


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
