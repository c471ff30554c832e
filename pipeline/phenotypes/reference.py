"""Data without clusters that look like the patients: same margins, same correlations, nothing else.

k-means finds k clusters in any data. To know what it finds by chance, each predictor's values are kept as they are
and put in a new order whose dependence is that of an elliptical copula with the correlations of the patients and
their distances from the middle (Iman and Conover, Commun Stat Simul Comput 1982;11:311-334; the latent correlations
are adjusted until the drawn ones agree, as in Cario and Nelson's NORTA, 1997). A normal copula would not do: where
some patients are extreme in everything, it has no such patients, and stands less far apart for that reason alone.
Then values are taken away where patients lack them: were the stand-ins for missing values drawn with the others, the
known ones would be less correlated than they are. The comparison of separation with such data is that of the gap
statistic (Tibshirani, Walther and Hastie, J R Stat Soc B 2001;63:411-423) with a stricter reference. Groups that one
predictor makes alone (sex, a two-peaked measurement) are in the reference too, so they do not pass: they are
categories of that predictor, not phenotypes.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import rankdata

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.phenotypes.clusterers import Rows

ADJUSTMENTS = 6
"""Rounds of moving the latent correlations."""
ADJUSTMENT_ROWS = 10_000
"""At least so many rows are drawn in them, so that one draw's accidents do not stay in the correlations."""


class Reference:
    """Draws matrices like that of `rows`: as many patients, the same columns, values missing where theirs are."""

    def __init__(self, rows: Rows, rng: np.random.Generator) -> None:
        known = rows.known | ~rows.known.any(axis=0)  # what nobody here has is drawn as it stands
        scores = np.where(known, _score_blocks(rows.X, rows.blocks), np.nan)
        self._rng, self._known = rng, rows.known
        self._values = [_spread(rows.X[:, b], s) for b, s in zip(rows.blocks, scores.T, strict=True)]
        self._fill = [_find_fill(rows.X[:, b], known) for b, known in zip(rows.blocks, rows.known.T, strict=True)]
        self._radii = _find_radii(scores)
        ordered = np.column_stack([_spread(s[:, None], s)[:, 0] for s in scores.T])
        self._root = _fit_root(ordered, _correlate_known(scores), self._radii, rng)

    def draw(self) -> Rows:
        """Return one table without clusters; who lacks which values is dealt out anew, a patient's gaps together."""
        noise = _stretch(_draw_noise(self._known.shape, self._rng), self._radii, self._rng)
        ranks, known = _rank(noise @ self._root), self._known[self._rng.permutation(len(self._known))]
        columns = zip(self._values, self._fill, ranks.T, known.T, strict=True)
        blocks = [np.where(seen[:, None], values[rank], fill) for values, fill, rank, seen in columns]
        return Rows(np.hstack(blocks), self._blocks(), known)

    def _blocks(self) -> tuple[slice, ...]:
        ends = np.cumsum([values.shape[1] for values in self._values])
        widths = [values.shape[1] for values in self._values]
        return tuple(slice(int(end) - width, int(end)) for end, width in zip(ends, widths, strict=True))


def _spread(values: FloatArray, scores: FloatArray) -> FloatArray:
    """The known values (rows, columns) of one predictor in the order of their scores, as many as there are rows."""
    known = np.flatnonzero(~np.isnan(scores))
    ordered = values[known[np.argsort(scores[known], kind="stable")]]
    return ordered[np.arange(len(values)) * len(ordered) // len(values)]


def _find_fill(values: FloatArray, known: BoolArray) -> FloatArray:
    """What stands where the predictor is missing, shape (columns,)."""
    filled: FloatArray = values[int(np.argmin(known))]
    return filled


def _correlate_known(scores: FloatArray) -> FloatArray:
    """Correlations (predictors, predictors), each of the patients for whom both are known; 0 where nothing varies."""
    found = pd.DataFrame(scores).corr().fillna(0.0).to_numpy(copy=True)
    np.fill_diagonal(found, 1.0)
    return found


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


def _find_radii(scores: FloatArray) -> FloatArray:
    """How far each row is from the middle, shape (rows,): Mahalanobis distances of the normal scores of `scores`.

    What is missing is taken to lie as far out as what is known.
    """
    known = ~np.isnan(scores)
    ranks = rankdata(scores, axis=0, nan_policy="omit")
    normal = np.where(known, ndtri((ranks - 0.5) / known.sum(axis=0)), 0.0)
    whole = _whiten(normal - normal.mean(axis=0))
    radii: FloatArray = np.sqrt((whole**2).sum(axis=1) * known.shape[1] / np.maximum(known.sum(axis=1), 1))
    return radii


def _whiten(centred: FloatArray) -> FloatArray:
    """Uncorrelated columns with a variance of one, as many as the rank."""
    basis, values, _ = np.linalg.svd(centred, full_matrices=False)
    kept = values > 1e-9 * max(values.max(initial=0.0), 1e-9)
    white: FloatArray = basis[:, kept] * np.sqrt(len(centred))
    return white


def _stretch(noise: FloatArray, radii: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Move rows of normal noise (rows, columns) to radii drawn from those given, in the directions that they have."""
    rows, columns = noise.shape
    if rows <= columns + 1:
        return noise
    drawn = np.resize(rng.permutation(radii), rows)
    moved = noise * (drawn / np.sqrt((noise**2).sum(axis=1)))[:, None]
    white = _whiten(moved - moved.mean(axis=0))
    # Whitening turns the columns; turned back they are the moved ones, but exactly uncorrelated.
    left, _, right = np.linalg.svd(white.T @ moved)
    stretched: FloatArray = white @ (left @ right)
    return stretched


def _fit_root(ordered: FloatArray, target: FloatArray, radii: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a square root of the latent correlations whose draws of `ordered` correlate like `target`."""
    ordered = np.repeat(ordered, -(-ADJUSTMENT_ROWS // len(ordered)), axis=0)
    latent, noise = target.copy(), _stretch(_draw_noise(ordered.shape, rng), radii, rng)
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
