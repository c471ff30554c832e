"""What a doubly robust comparison must know of each patient: how likely the treatment was, and the risk in each arm.

All of it is cross-fitted: learnt from other patients (Chernozhukov et al. 2018, Econom J 21:C1), so that the models'
own optimism does not enter the comparison.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.explanation.effects.arms import Arms
from pipeline.models.calibration import sigmoid
from pipeline.models.folds import make_folds
from pipeline.models.linear import LogisticCandidate
from pipeline.phrases import phrase

PARTS, INNER = 5, 3
FEWEST = 10  # patients of the rarer kind; with fewer, all get the mean
LEARNER = LogisticCandidate(phrase("penalised logistic regression with splines"), splines=True)


@dataclass(frozen=True)
class Nuisance:
    """For each of n records: the probability of treatment, and the risk in the control and in the treated arm."""

    propensity: FloatArray
    control: FloatArray
    treated: FloatArray

    def take(self, members: BoolArray | IntArray) -> "Nuisance":
        """Those of the records at `members`, a mask (n,) or positions."""
        return Nuisance(self.propensity[members], self.control[members], self.treated[members])

    def benefit(self) -> FloatArray:
        """Predicted risk in the treated less that in the control arm, (n,)."""
        difference: FloatArray = self.treated - self.control
        return difference


def fit_nuisance(arms: Arms, *, randomised: bool, seed: int) -> Nuisance:
    """Cross-fitted by patient in five parts; penalties are tuned inside each.

    A treatment drawn by lot has the share of the treated for everybody. A risk is learnt in its arm alone from
    patients whose outcome is known, weighted for those lost from that arm.
    """
    found = Nuisance(*np.full((3, len(arms.treated)), np.nan))
    folds = _deal_patients(arms, seed)
    for k in np.unique(folds):
        training, held_out = arms.take(folds != k), folds == k
        X = arms.X[held_out]
        if not randomised:
            found.propensity[held_out] = _learn_propensity(training, X)
        found.control[held_out] = _learn_risk(training, ~training.treated, X)
        found.treated[held_out] = _learn_risk(training, training.treated, X)
    if randomised:
        found.propensity[:] = arms.treated.mean()
    return found


def no_nuisance(arms: Arms) -> Nuisance:
    """What the comparison without adjustment takes everybody for: alike."""
    nobody = np.zeros(len(arms.treated))
    return Nuisance(np.full(len(nobody), arms.treated.mean()), nobody, nobody)


def _deal_patients(arms: Arms, seed: int) -> IntArray:
    """The part of each record, (n,); arms and events are spread evenly, a patient's records stay together."""
    place = np.unique(arms.patient, return_inverse=True)[1]
    kind = np.zeros(place.max() + 1)
    np.maximum.at(kind, place, 2 * arms.treated + arms.observed.by_horizon())
    mixed = np.random.default_rng(seed).permutation(len(kind))
    part = np.empty(len(kind), dtype=np.int64)
    part[mixed[np.argsort(kind[mixed], kind="stable")]] = np.arange(len(kind)) % PARTS
    return part[place]


def _learn_propensity(training: Arms, X: pd.DataFrame) -> FloatArray:
    return _learn(training, training.treated.astype(float), np.ones(len(training.treated)), X)


def _learn_risk(training: Arms, members: BoolArray, X: pd.DataFrame) -> FloatArray:
    arm = training.take(members)
    weight = arm.observed.weights()
    known = arm.take(weight > 0)
    return _learn(known, known.observed.by_horizon(), weight[weight > 0], X)


def _learn(training: Arms, y: FloatArray, weight: FloatArray, X: pd.DataFrame) -> FloatArray:
    rarer = min(len(np.unique(training.patient[y == kind])) for kind in (0, 1))
    if rarer < FEWEST or not X.shape[1]:
        return np.full(len(X), np.average(y, weights=weight) if len(y) else 0.0)
    folds = make_folds(y, training.patient, INNER)
    return sigmoid(LEARNER.learn(training.X.reset_index(drop=True), y, weight, folds).model.log_odds(X))
