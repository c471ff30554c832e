"""Data without clusters that look like the patients: same margins, same correlations, nothing else.

k-means finds k clusters in any data. To know what it finds by chance, each predictor's values are kept exactly
as they are and put in a new order whose dependence is that of a Gaussian copula with the correlations of the
patients (Iman and Conover, Commun Stat Simul Comput 1982;11:311-334; the latent correlations are adjusted
until the drawn ones agree, as in Cario and Nelson's NORTA, 1997). The comparison of separation with such data
is that of the gap statistic (Tibshirani, Walther and Hastie, J R Stat Soc B 2001;63:411-423) with a stricter
reference. Groups that one predictor makes alone (sex, a two-peaked measurement) are in the reference too, so
they do not pass: they are categories of that predictor, not phenotypes.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.arrays import FloatArray, IntArray

ADJUSTMENTS = 6
"""Rounds of moving the latent correlations."""
ADJUSTMENT_ROWS = 10_000
"""At least so many rows are drawn in them, so that one draw's accidents do not stay in the correlations."""


class Reference:
    """Draws matrices of the shape of `X` whose columns come in `blocks`, one block a predictor."""

    def __init__(self, X: FloatArray, blocks: Sequence[slice], rng: np.random.Generator) -> None:
        scores = _score_blocks(X, blocks)
        self._rng = rng
        self._sorted = [X[np.argsort(s, kind="stable"), b] for s, b in zip(scores.T, blocks, strict=True)]
        self._root = _fit_root(np.sort(scores, axis=0), _correlate(scores), rng)

    def draw(self) -> FloatArray:
        """Return one matrix without clusters, of the shape of the patients' matrix."""
        noise = _draw_noise((len(self._sorted[0]), len(self._sorted)), self._rng)
        ranks = _rank(noise @ self._root)
        return np.hstack([block[rank] for block, rank in zip(self._sorted, ranks.T, strict=True)])


def _score_blocks(X: FloatArray, blocks: Sequence[slice]) -> FloatArray:
    """Return one number a predictor, shape (rows, predictors).

    A predictor of several columns (an unordered category) scores its projection on the first principal
    component, which orders its levels along the direction in which patients differ most.
    """
    direction = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][0]
    columns = [X[:, b][:, 0] if b.stop - b.start == 1 else X[:, b] @ direction[b] for b in blocks]
    return np.column_stack(columns)


def _correlate(scores: FloatArray) -> FloatArray:
    centred = scores - scores.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(size > 0, size, 1.0)
    correlation: FloatArray = scaled.T @ scaled
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _fit_root(ordered: FloatArray, target: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a square root of the latent correlations whose draws of `ordered` correlate like `target`."""
    ordered = np.repeat(ordered, -(-ADJUSTMENT_ROWS // len(ordered)), axis=0)
    latent, noise = target.copy(), _draw_noise(ordered.shape, rng)
    for _ in range(ADJUSTMENTS):
        ranks = _rank(noise @ _root(latent))
        drawn = _correlate(np.take_along_axis(ordered, ranks, axis=0))
        latent = np.clip(latent + target - drawn, -1.0, 1.0)
    return _root(latent)


def _root(correlation: FloatArray) -> FloatArray:
    """Return R with R'R the nearest correlation matrix, negative eigenvalues set to zero."""
    values, vectors = np.linalg.eigh(correlation)
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    scaled: FloatArray = root / np.sqrt((root**2).sum(axis=0))
    return scaled


def _draw_noise(shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Return standard normal columns, exactly uncorrelated where there are rows enough.

    Every draw then has the patients' correlations without sampling error, as margins and correlations are
    what the comparison holds fixed.
    """
    noise = rng.standard_normal(shape)
    rows, columns = shape
    if rows <= columns + 1:
        return noise
    basis: FloatArray = np.linalg.svd(noise - noise.mean(axis=0), full_matrices=False)[0]
    turn: FloatArray = np.linalg.qr(rng.standard_normal((columns, columns)))[0]
    white: FloatArray = basis @ turn * np.sqrt(rows)
    return white


def _rank(latent: FloatArray) -> IntArray:
    ranks = np.empty(latent.shape, dtype=np.int64)
    np.put_along_axis(ranks, latent.argsort(axis=0), np.arange(len(latent))[:, None], axis=0)
    return ranks
