"""How far the observed outcomes pin down the risk at each patient's score: Venn-Abers prediction.

For a new score, isotonic regression is fitted to the development patients' out-of-fold scores and the new one, once
as if the new patient had no event and once as if they had: the two fitted risks are p0 and p1 (Vovk and Petej 2014,
Venn-Abers predictors, UAI; Vovk, Petej and Fedorova 2015, NeurIPS 28). Of the two, the one that belongs to what
happens is perfectly calibrated, for exchangeable patients and unit weights, whatever the score.

From p0 to p1 says how much one outcome more would move the risk: wide where few development patients had a score
like this, narrow where many had. It is no 95% interval: in simulations it holds the true risk for one patient in four
at 500 development patients, and for one in eight at 5,000, since it leaves out the sampling error of those with such
scores. The sampling interval, which follows from it, holds that error. Neither knows of what the predictors do not
measure, of patients unlike those of development, or of times that change.
"""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from pipeline.arrays import FloatArray

AT_MOST = 500  # bins; with more distinct scores than that, each holds several patients
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class VennAbers:
    """p0 and p1 as step functions of the score.

    `scores` (k,) are in rising order; `lower` and `upper` (2 k + 1,) hold p0 and p1 below the first score, at it,
    between it and the second, at the second, and so on. `information` is how many equally weighted patients
    tell as much as a total weight of one (Kish 1965, Survey Sampling, 8.2): 1 where nobody is censored.
    """

    scores: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    information: float

    @classmethod
    def learn(cls, scores: FloatArray, y: FloatArray, weight: FloatArray) -> "VennAbers":
        """Learn from out-of-fold `scores` of development patients, their outcomes `y` and censoring weights, all (n,).

        Any scale will do on which more is more risk. Patients of weight 0 do not count; a new patient has weight 1.
        Where over 500 scores are distinct, they fall into that many bins of equal size, each with its mid-range,
        mean outcome and total weight.
        """
        known = weight > 0
        centre, mean, total = _binned(scores[known], y[known], weight[known])
        cells = range(2 * len(centre) + 1)
        lower, upper = (tuple(_fitted(mean, total, cell, outcome) for cell in cells) for outcome in (0.0, 1.0))
        information = float(weight.sum() / (weight**2).sum()) if known.any() else 1.0
        return cls(tuple(centre.tolist()), lower, upper, information)

    def interval(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """p0 and p1 of new patients, (m,) each, for their scores (m,); p0 is less than p1, and both rise with it."""
        cell = np.searchsorted(self.scores, scores, side="left") + np.searchsorted(self.scores, scores, side="right")
        return np.array(self.lower)[cell], np.array(self.upper)[cell]

    def sampling_interval(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """About 95% limits, (m,) each, of the risk among patients with the new patients' scores (m,).

        Patients of one score share the isotonic fit of e events and o others, where p0 = e / (e + o + 1) and
        p1 = (e + 1) / (e + o + 1), so p0 and p1 tell e and o; the limits are Wilson's (1927, JASA 22:209).
        """
        lower, upper = self.interval(scores)
        events, others = (self.information * part / (upper - lower) for part in (lower, 1 - upper))
        n = events + others
        spread = np.divide(events * others, n, out=np.zeros_like(n), where=n > 0)
        half = Z * np.sqrt(spread + Z**2 / 4)
        return (events + Z**2 / 2 - half) / (n + Z**2), (events + Z**2 / 2 + half) / (n + Z**2)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and a number, for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "VennAbers":
        """What `to_dict` described."""
        return cls(tuple(content["scores"]), tuple(content["lower"]), tuple(content["upper"]), content["information"])


def widened(lower: FloatArray, upper: FloatArray, risk: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The interval stretched to hold the `risk` that is shown, which another calibration gave; shapes (m,)."""
    return np.minimum(lower, risk), np.maximum(upper, risk)


def _binned(scores: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score, mean outcome and total weight of each bin, in rising order; equal scores are never parted."""
    places = np.unique(scores)
    if len(places) > AT_MOST:
        places = np.unique(np.quantile(scores, np.arange(1, AT_MOST) / AT_MOST))
    _, bins = np.unique(np.searchsorted(places, scores, side="left"), return_inverse=True)
    total, events = (np.asarray(np.bincount(bins, each), dtype=np.float64) for each in (weight, weight * y))
    low, high = np.full(len(total), np.inf), np.full(len(total), -np.inf)
    np.minimum.at(low, bins, scores)
    np.maximum.at(high, bins, scores)
    return (low + high) / 2, events / total, total


def _fitted(mean: FloatArray, total: FloatArray, cell: int, outcome: float) -> float:
    """The isotonic fit at a new patient with `outcome`, who is in a bin where `cell` is odd, else between two."""
    place, tied = divmod(cell, 2)
    if tied:
        joined = (mean[place] * total[place] + outcome) / (total[place] + 1)
        mean, total = mean.copy(), total.copy()
        mean[place], total[place] = joined, total[place] + 1
    else:
        mean, total = np.insert(mean, place, outcome), np.insert(total, place, 1.0)
    return float(isotonic_regression(mean, weights=total).x[place])
