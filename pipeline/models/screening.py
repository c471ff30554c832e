"""Which predictors a linear model sees where there are very many.

The cost of a regression grows with the square of its columns, and faster. Of many predictors only those are kept that
tell most of the outcome each by itself (sure independence screening; Fan and Lv 2008, J R Stat Soc B 70:849). They are
chosen where a model is fitted, from the patients who teach it alone.
"""

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray
from pipeline.models.features import Blocks, LinearDesign, learn_blocks

MOST_PREDICTORS = 150


def learn_design(X: pd.DataFrame, y: FloatArray, weight: FloatArray, *, splines: bool) -> LinearDesign:
    """The design of the training patients' predictors X (n, p), or of the strongest of them; y, weight (n,)."""
    if X.shape[1] <= MOST_PREDICTORS:
        return LinearDesign.learn(X, splines=splines)
    told = explained_shares(X, y, weight, learn_blocks(X, splines=splines))
    kept = set(sorted(told, key=lambda name: -told[name])[:MOST_PREDICTORS])
    return LinearDesign.learn(X[[name for name in X if name in kept]], splines=splines)


def explained_shares(X: pd.DataFrame, y: FloatArray, weight: FloatArray, blocks: Blocks) -> dict[str, float]:
    """The share of the outcome's weighted variance that each predictor explains alone, by least squares."""
    root = np.sqrt(weight)
    off = root * (y - np.average(y, weights=weight))
    total = float(off @ off)
    shares = {}
    for name, block in blocks.items():
        columns = block.expand(X[name])
        columns = root[:, None] * (columns - np.average(columns, axis=0, weights=weight))
        left = off - columns @ np.linalg.lstsq(columns, off, rcond=1e-10)[0]
        shares[name] = 1 - float(left @ left) / total
    return shares
