"""Whether risks mean what they say."""

import numpy as np
import numpy.typing as npt

from pipeline.arrays import FloatArray
from pipeline.evaluation.logistic_fit import fit_logistic

CLIP = 1e-12
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


def log_loss(risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray) -> FloatArray:
    """Weighted mean of -log of the probability given to what happened, in nats (Good 1952), shape (b,); 0 is perfect.

    Risks of 0 and 1 count as `CLIP` from there, so that none costs more than 27.6.
    """
    score = log_odds(risk)
    loss: FloatArray = weight @ (np.logaddexp(0.0, score) - y * score) / counts.sum(axis=1)
    return loss


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


def log_ratio(ratio: FloatArray) -> FloatArray:
    """The logarithm of an observed to expected ratio, NaN of 0."""
    result: FloatArray = np.log(ratio, out=np.full_like(ratio, np.nan), where=ratio > 0)
    return result


def calibration_intercept(risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Calibration in the large: the intercept beside log-odds as offset; 0 is ideal; shape (b,).

    NaN where a resample lacks events or non-events.
    """
    solvable = (weight @ y > 0) & (weight @ (1 - y) > 0)
    intercept = np.full(len(weight), np.nan)
    intercept[solvable] = fit_logistic(np.ones((1, len(risk))), log_odds(risk), y, weight[solvable])[:, 0]
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
    slope[solvable] = fit_logistic(design, np.zeros(len(risk)), y, weight[solvable])[:, 1] / spread
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
