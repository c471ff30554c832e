"""Whether a patient is like those the model learnt from; where not, the risk is a guess.

Single values may lie beyond nearly all that were seen, or their combination be unusual though each value is not. A
combination is judged in normal scores of the numbers, which no skewed distribution stretches, with gaps and codes as
columns of the linear design, and the covariance of Ledoit and Wolf (2004, J Multivariate Anal 88:365): by the
Mahalanobis distance (1936), which finds many small oddities, and by the largest residual of a column given all
others, which finds one that breaks a strong correlation and would drown in the distance of many columns.

The limits come from development patients whom the others judge: about 1% of like patients lie outside, and besides
those with a code or a gap that nobody had.
"""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from sklearn.covariance import ledoit_wolf

from data_schemas.columns import Column
from pipeline.arrays import BoolArray, FloatArray
from pipeline.models.features import FEW_VALUES, CategoryBlock, LinearDesign
from pipeline.phrases import phrase

AT_MOST = 50_000  # records learnt from
FOLDS = 5
FLAGGED = 0.01  # of patients like those of development
RARE = 0.002  # so that the usual values of a number are its central 99.8%
GRID = np.linspace(-1, 1, 25) * NormalDist().inv_cdf(1 - RARE / 2)  # the normal scores at which quantiles are kept
LARGEST = GRID[-1]  # a code counts at most as the outermost usual number; else a rare one would be all of the distance
UNSEEN = 2.0  # limits; the distance of what has no measure, because no development patient had it
SMALL = 1e-6  # variance of what columns that repeat each other leave, which shrinkage may leave at none
COMBINATION = phrase("an unusual combination")


@dataclass(frozen=True)
class Numbers:
    """What is usual of a number: from `low` to `high`, the share of gaps, and `values` with their normal `scores`."""

    low: float
    high: float
    missing: float
    values: tuple[float, ...]
    scores: tuple[float, ...]

    @classmethod
    def learn(cls, values: "pd.Series[Any]") -> "Numbers":
        """The central 99.8%, or the range where ten or fewer values are distinct or nearly all are one."""
        present = values.dropna().to_numpy(float)
        if not len(present):
            return cls(0.0, 0.0, 1.0, (0.0,), (0.0,))
        quantiles = np.quantile(present, [NormalDist().cdf(score) for score in GRID])
        kept, place = np.unique(quantiles, return_inverse=True)
        scores = np.bincount(place, GRID) / np.bincount(place)
        low, high = kept[[0, -1]]
        if low == high or len(np.unique(present)) <= FEW_VALUES:
            low, high = present.min(), present.max()
        missing = 1 - len(present) / len(values)
        return cls(float(low), float(high), missing, tuple(kept.tolist()), tuple(scores.tolist()))

    def score(self, values: "pd.Series[Any]") -> "pd.Series[Any]":
        """Normal scores, between those of the lowest and highest usual value; missing stays missing."""
        return pd.Series(np.interp(values.to_numpy(float), self.values, self.scores), index=values.index)

    def unusual(self, values: "pd.Series[Any]") -> BoolArray:
        """Whether a value lies outside the usual ones, or is missing where that is rare; shape (n,)."""
        number = values.to_numpy(float)
        return np.where(np.isnan(number), self.missing < RARE, (number < self.low) | (number > self.high))

    def unseen(self, values: "pd.Series[Any]") -> BoolArray:
        """Whether a value is missing where none was, or is another where all were one; shape (n,)."""
        number = values.to_numpy(float)
        return np.where(np.isnan(number), self.missing == 0, (self.low == self.high) & (number != self.low))

    def excess(self, values: "pd.Series[Any]") -> FloatArray:
        """How far from the median as a share of how far the limit is: 0 for usual values, else over 1; shape (n,)."""
        median = float(np.interp(0.0, self.scores, self.values))
        number = np.nan_to_num(values.to_numpy(float), nan=median)
        beyond = np.maximum(self.low - number, number - self.high)
        room = np.abs(np.where(number > median, self.high, self.low) - median)
        room = np.where(room > 0, room, (self.high - self.low) or 1.0)
        return np.where(beyond > 0, 1 + beyond / room, 0.0)


@dataclass(frozen=True)
class Codes:
    """What is usual of a category: how often each code was seen, as text, and the share of gaps."""

    shares: dict[str, float]
    missing: float

    @classmethod
    def learn(cls, values: "pd.Series[Any]") -> "Codes":
        """The shares of all patients that `values` (n,) are of."""
        counts = values.value_counts()
        shares = {str(code): int(count) / len(values) for code, count in counts.items() if count}
        return cls(shares, float(values.isna().mean()))

    def score(self, values: "pd.Series[Any]") -> "pd.Series[Any]":
        """The code as it is."""
        return values

    def unusual(self, values: "pd.Series[Any]") -> BoolArray:
        """Whether fewer than 0.2% had the code, or the gap; shape (n,)."""
        unusual: BoolArray = self._share(values) < RARE
        return unusual

    def unseen(self, values: "pd.Series[Any]") -> BoolArray:
        """Whether nobody had the code, or the gap; shape (n,)."""
        unseen: BoolArray = self._share(values) == 0
        return unseen

    def excess(self, values: "pd.Series[Any]") -> FloatArray:
        """None: a code is no quantity; shape (n,)."""
        return np.zeros(len(values))

    def _share(self, values: "pd.Series[Any]") -> FloatArray:
        place, codes = pd.factorize(values)
        shares = [self.shares.get(str(code), 0.0) for code in codes]
        return np.array([*shares, self.missing])[place]


@dataclass(frozen=True)
class Support:
    """Where the development patients lie, and how far from them is too far.

    `usual` says what is usual of each predictor, `labels` how people name it. `precision` (m, m) is the inverse
    covariance of the columns of `design`, 0 for those left out. Beyond one of the three `limits`, on distance,
    residual and excess of a single value, a patient lies outside.
    """

    usual: dict[str, Numbers | Codes]
    labels: dict[str, str]
    design: LinearDesign
    precision: FloatArray
    limits: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def learn(cls, X: pd.DataFrame, predictors: dict[str, Column]) -> "Support":
        """Learn from the first 50,000 rows of X, `model_frame` output of the development patients.

        Rows come in an order that tells nothing, a patient's together, as in `valid.parquet`. Of the three
        cross-fitted distances, each in units of a high percentile of its own, the largest exceeds 1 in 1%.
        """
        some = X.head(AT_MOST)
        fold = np.arange(len(some)) * FOLDS // len(some)
        parts = [cls._locate(some[fold != k], predictors)._distances(some[fold == k]) for k in range(FOLDS)]
        distances = np.concatenate(parts, axis=1)
        units = np.quantile(distances, 1 - FLAGGED / len(distances), axis=1)
        units = np.maximum(units, [SMALL, SMALL, 1.0])
        limit = np.quantile((distances / units[:, None]).max(axis=0), 1 - FLAGGED)
        distance, residual, excess = np.maximum(units * limit, [SMALL, SMALL, 1.0]).tolist()
        found = cls._locate(some, predictors)
        return cls(found.usual, found.labels, found.design, found.precision, (distance, residual, excess))

    @classmethod
    def _locate(cls, X: pd.DataFrame, predictors: dict[str, Column]) -> "Support":
        """All but the limits."""
        usual = {name: (Numbers if column.numeric else Codes).learn(X[name]) for name, column in predictors.items()}
        scores = _score(X, usual)
        design = LinearDesign.learn(scores, splines=False)
        labels = {name: column.label for name, column in predictors.items()}
        return cls(usual, labels, design, _inverse_covariance(design, design.transform(scores)))

    def _distances(self, X: pd.DataFrame) -> FloatArray:
        """Mahalanobis distance, largest residual in standard deviations, largest excess of a single value; (3, n)."""
        matrix = self.design.transform(_score(X, self.usual))
        weighed, diagonal = matrix @ self.precision, np.diag(self.precision)
        squared = np.einsum("ij,ij->i", weighed, matrix)
        residuals = np.abs(weighed) / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        excess = [usual.excess(X[name]) for name, usual in self.usual.items()]
        return np.array([np.sqrt(np.maximum(squared, 0.0)), residuals.max(axis=1), np.max(excess, axis=0)])

    def judge(self, X: pd.DataFrame) -> pd.DataFrame:
        """`outside`, `distance` and `because` of new patients, with the index of X, which is `model_frame` output.

        `distance` is a share of the limit: over 1 is outside, and what nobody had is at least 2. `because` names the
        predictors with unusual values by their labels, and says whether the combination is unusual; it holds no
        value, and nothing for patients inside.
        """
        shares = self._distances(X) / np.array(self.limits)[:, None]
        unseen = np.any([usual.unseen(X[name]) for name, usual in self.usual.items()], axis=0)
        distance = np.maximum(shares.max(axis=0), np.where(unseen, UNSEEN, 0.0))
        outside = distance > 1
        because = np.full(len(X), "", dtype=object)
        because[outside] = self._reasons(X[outside], shares[:2, outside].max(axis=0) > 1)
        told = pd.array(because, dtype="string")
        return pd.DataFrame({"outside": outside, "distance": distance, "because": told}, index=X.index)

    def _reasons(self, X: pd.DataFrame, combined: BoolArray) -> list[str]:
        """Why each patient of X is outside, given whether their combination is unusual."""
        found = {self.labels[name]: usual.unusual(X[name]) for name, usual in self.usual.items()}
        found[COMBINATION] = combined
        return [", ".join(what for what, holds in found.items() if holds[row]) for row in range(len(X))]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        usual = {name: asdict(each) for name, each in self.usual.items()}
        matrix = {"design": self.design.to_dict(), "precision": self.precision.tolist()}
        return {"usual": usual, "labels": self.labels} | matrix | {"limits": list(self.limits)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Support":
        """What `to_dict` described."""
        usual = {name: _usual_from_dict(each) for name, each in content["usual"].items()}
        design, precision = LinearDesign.from_dict(content["design"]), np.array(content["precision"])
        distance, residual, excess = content["limits"]
        return cls(usual, content["labels"], design, precision, (distance, residual, excess))


def _usual_from_dict(content: dict[str, Any]) -> Numbers | Codes:
    if "shares" in content:
        return Codes(**content)
    return Numbers(**content | {key: tuple(content[key]) for key in ("values", "scores")})


def _score(X: pd.DataFrame, usual: dict[str, Numbers | Codes]) -> pd.DataFrame:
    return pd.DataFrame({name: each.score(X[name]) for name, each in usual.items()})


def _inverse_covariance(design: LinearDesign, matrix: FloatArray) -> FloatArray:
    """Of the standardised columns (n, m) that vary, less each category's most common level; 0 for the others.

    A column of two values, such as a code's, is drawn in until the rarer lies `LARGEST` out, and given the variance
    that this takes from it back as noise: drawn in first, for a rare code would make the estimate shrink by far more.
    """
    owners, used = np.array(design.owners()), matrix.std(axis=0) > 0.5
    for name, block in design.blocks.items():
        levels = np.flatnonzero(owners == name)
        if isinstance(block, CategoryBlock) and len(levels):
            used[levels[np.argmax(design.mean[levels])]] = False
    inverse = np.zeros((len(owners), len(owners)))
    if used.any():
        columns = matrix[:, used]
        low, high = columns.min(axis=0), columns.max(axis=0)
        two_valued = ((columns == low) | (columns == high)).all(axis=0)
        drawn = np.where(two_valued, np.minimum(1.0, LARGEST / np.maximum(-low, high)), 1.0)
        covariance = ledoit_wolf(columns * drawn)[0] + np.diag(1 - drawn**2 + SMALL)
        inverse[np.ix_(used, used)] = np.linalg.inv(covariance) * np.outer(drawn, drawn)
    return inverse
