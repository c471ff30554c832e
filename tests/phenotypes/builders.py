"""Patients with planted clusters, and patients without any, for the tests and the benchmark of phenotypes."""

from collections.abc import Callable

import numpy as np
import pandas as pd

NUMBERS, CODES = 8, 4
APART = 3.2  # standard deviations between the means of two clusters in a predictor that tells them apart


def planted(seed: int, rows: int = 600, missing: float = 0.2, apart: float = APART) -> tuple[pd.DataFrame, np.ndarray]:
    """3 to 6 clusters (k = 3 + seed % 4) of unequal sizes, mixed predictors, values missing at random; and the truth.

    Each number has one of two means in each cluster, each category a level that 85% of the cluster have, so that no
    predictor tells all clusters apart. Some numbers are skewed, one category is ordered.
    """
    rng, k = np.random.default_rng(seed), 3 + seed % 4
    truth = np.repeat(np.arange(k), np.bincount(rng.choice(k, rows, p=_shares(k)), minlength=k))
    high = _patterns(rng, k, NUMBERS)
    values = apart * high[truth] + rng.normal(size=(rows, NUMBERS))
    values[:, 0] = np.exp(values[:, 0] / 2)
    frame = pd.DataFrame(values, columns=[f"x{j}" for j in range(NUMBERS)])
    usual = _patterns(rng, k, CODES)
    for j in range(CODES):
        levels = list("abc")[: 2 + j % 2]
        kept = rng.random(rows) < 0.85
        code = np.where(kept, usual[truth, j], rng.integers(0, len(levels), rows))
        frame[f"c{j}"] = pd.Categorical.from_codes(code, levels, ordered=j == 1)
    order = rng.permutation(rows)
    frame = frame.mask(rng.random(frame.shape) < missing)
    return frame.iloc[order].reset_index(drop=True), truth[order]


def _shares(k: int) -> np.ndarray:
    raw = np.linspace(1.0, 0.6, k)
    return raw / raw.sum()


def _patterns(rng: np.random.Generator, k: int, columns: int) -> np.ndarray:
    """0 or 1 for each cluster and column, (k, columns); two clusters differ in two fifths of the columns or more."""
    while True:
        drawn = rng.integers(0, 2, (k, columns))
        apart = (drawn[:, None] != drawn[None]).sum(axis=2)
        if apart[np.triu_indices(k, 1)].min() >= 0.4 * columns:
            return drawn


def _normal(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.normal(size=(rows, 6)) + 1.5 * rng.normal(size=(rows, 1))


def _skewed(rng: np.random.Generator, rows: int) -> np.ndarray:
    return np.exp(0.6 * _normal(rng, rows))


def _heavy(rng: np.random.Generator, rows: int) -> np.ndarray:
    return _normal(rng, rows) / np.sqrt(rng.chisquare(4, (rows, 1)) / 4)


def _uniform(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.random((rows, 6)) + 0.5 * rng.random((rows, 1))


def _factors(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.normal(size=(rows, 2)) @ rng.normal(size=(2, 6)) + 0.7 * rng.normal(size=(rows, 6))


BLOBS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "one factor": _normal, "skewed": _skewed, "heavy tails": _heavy, "uniform": _uniform, "two factors": _factors,
}  # fmt: skip


def blob(seed: int, shape: str, rows: int = 400, missing: float = 0.1) -> pd.DataFrame:
    """One correlated cloud of a shape of `BLOBS`, two of its numbers cut into categories."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(BLOBS[shape](rng, rows), columns=list("abcdef"))
    frame["e"] = pd.Categorical.from_codes((frame["e"] > frame["e"].quantile(0.7)).astype(int), ["no", "yes"])
    cuts = np.searchsorted(frame["f"].quantile([0.3, 0.75]), frame["f"])
    frame["f"] = pd.Categorical.from_codes(cuts, ["low", "mid", "high"], ordered=True)
    return frame.mask(rng.random(frame.shape) < missing)
