"""Attributions of any model, estimated by sampling, with their error; for candidates that are not explained exactly."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray, IntArray
from pipeline.explanation.attributions import Attributions


@dataclass(frozen=True)
class SampledAttributions:
    """`attributions` add up to the predictions; each contribution has its `standard_error` (n, p) of sampling."""

    attributions: Attributions
    standard_error: pd.DataFrame


def sampled_shap(
    predict: Callable[[pd.DataFrame], FloatArray],
    X: pd.DataFrame,
    background: pd.DataFrame,
    draws: int = 50,
    seed: int = 0,
) -> SampledAttributions:
    """Estimate interventional SHAP values by permutations (Strumbelj and Kononenko 2014, Knowl Inf Syst 41:647).

    `predict` gives log-odds (n,). In each of `draws`, at least two, predictors take the patient's values one by one in
    a random order, then in the reverse order (antithetic; Mitchell et al. 2022, JMLR 23:43), starting from a row of
    `background`, which has the columns of X; rows are drawn without replacement, and again once all have been. A draw
    is the same for all patients, so contributions add up exactly: `base` is the mean prediction of the rows drawn. The
    standard error is that of a mean of independent draws. It costs 2 * draws * (p + 1) predictions per patient.
    """
    if draws < 2:
        raise ValueError(f"expected at least 2 draws to tell their error, got {draws}")
    rng = np.random.default_rng(seed)
    rounds = -(-draws // len(background))
    rows = np.concatenate([rng.permutation(len(background)) for _ in range(rounds)])[:draws]
    mean, squares = np.zeros(X.shape), np.zeros(X.shape)  # Welford's running mean and sum of squares
    for count, row in enumerate(rows, start=1):
        order = rng.permutation(X.shape[1])
        start = background.iloc[[row]]
        one = (_walk(predict, X, start, order) + _walk(predict, X, start, order[::-1])) / 2
        step = one - mean
        mean += step / count
        squares += step * (one - mean)
    base = float(np.mean(predict(background.iloc[rows])))
    error = np.sqrt(squares / (draws - 1) / draws)
    contributions, errors = (pd.DataFrame(values, X.index, X.columns) for values in (mean, error))
    return SampledAttributions(Attributions(base, contributions), errors)


def _walk(
    predict: Callable[[pd.DataFrame], FloatArray], X: pd.DataFrame, start: pd.DataFrame, order: IntArray
) -> FloatArray:
    """How much each predictor moves the prediction (n, p) when it takes the patient's value, in this order."""
    now = start.iloc[np.zeros(len(X), dtype=np.intp)].set_axis(X.index)
    steps = [now]
    for place in order:
        steps.append(steps[-1].assign(**{str(X.columns[place]): X.iloc[:, place]}))
    told = predict(pd.concat(steps, ignore_index=True)).reshape(len(steps), len(X))
    moved = np.zeros(X.shape)
    moved[:, order] = np.diff(told, axis=0).T
    return moved
