"""What else a network sees than the finding: a few numbers that sum up its embedding."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV

from data_schemas.findings import FARTHEST
from pipeline.arrays import FloatArray

STRENGTHS = np.logspace(-2, 4, 13)  # of the ridge


@dataclass(frozen=True)
class Components:
    """A linear map to k components: `weights` (d + 1, k) of the embedding and the log-odds, and `intercept` (k,)."""

    weights: FloatArray
    intercept: FloatArray

    def apply(self, embedding: FloatArray, log_odds: FloatArray) -> FloatArray:
        """The components (m, k), in standard deviations, of an `embedding` (m, d) and `log_odds` (m,)."""
        told: FloatArray = np.column_stack([embedding, log_odds]) @ self.weights + self.intercept
        return np.clip(told, -FARTHEST, FARTHEST)


def find_components(embedding: FloatArray, log_odds: FloatArray, count: int) -> Components:
    """The first `count` principal components of what the log-odds leave unexplained, with standard deviation 1.

    Each sign is that by which the feature of greatest weight counts positively. A component that does not exist,
    because the embedding varies in fewer directions, is 0 throughout.
    """
    centred, told = embedding - embedding.mean(axis=0), log_odds - log_odds.mean()
    slope = told @ centred / max(float(told @ told), np.finfo(float).tiny)
    rest = centred - np.outer(told, slope)
    kept = min(count, *rest.shape)
    if kept == 0:
        return Components(np.zeros((embedding.shape[1] + 1, count)), np.zeros(count))
    found = PCA(kept, svd_solver="full").fit(rest)
    axes = (
        found.components_
        * np.sign(found.components_[np.arange(kept), np.abs(found.components_).argmax(axis=1)])[:, None]
    )
    spread = np.sqrt(found.explained_variance_)
    exists = spread > 1e-9 * max(float(np.abs(embedding).max()), 1.0)
    directions = np.zeros((embedding.shape[1], count))
    directions[:, :kept] = axes.T * np.divide(1.0, spread, out=np.zeros_like(spread), where=exists)
    weights = np.vstack([directions, -slope @ directions])
    return Components(weights, -np.append(embedding.mean(axis=0), log_odds.mean()) @ weights)


def translate_components(embedding: FloatArray, log_odds: FloatArray, scores: FloatArray) -> Components:
    """The linear map from another network's `embedding` (m, d) and `log_odds` that comes nearest to `scores` (m, k).

    Networks arrange what they see in different ways, so their embeddings cannot be compared directly. Ridge regression
    on standardised features, its strength by leaving one image out at a time.
    """
    if scores.shape[1] == 0:
        return Components(np.zeros((embedding.shape[1] + 1, 0)), np.zeros(0))
    given = np.column_stack([embedding, log_odds])
    spread = given.std(axis=0)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    fitted = RidgeCV(STRENGTHS).fit((given - given.mean(axis=0)) * scale, scores)
    weights = np.reshape(fitted.coef_, (scores.shape[1], -1)).T * scale[:, None]
    return Components(weights, fitted.intercept_ - given.mean(axis=0) @ weights)
