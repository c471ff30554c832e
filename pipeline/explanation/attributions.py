"""Exact additive attributions of the deployed model.

Averaging and recalibration are affine in the members' log-odds, so the members' SHAP values, weighted and
scaled alike, are those of the deployed model: base value plus contributions equals the log-odds of the risk
shown. Linear members: coefficient times distance from the training mean, summed over a predictor's columns
(Lundberg and Lee 2017, independent features). Trees: path-dependent TreeSHAP (Lundberg et al. 2020). The two
differ in what they take an absent predictor to be; the sum is exact all the same.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray
from pipeline.explanation.tree_shap import few_contributions, tree_contributions
from pipeline.models.ensemble import RiskModel
from pipeline.models.folds import Fitted
from pipeline.models.linear import LinearModel
from pipeline.models.trees import TreesModel

FEW = 500
"""Patients; tables of contributions cost more than they save for fewer."""


@dataclass(frozen=True)
class Attributions:
    """`base` (log-odds) plus the sum of a patient's `contributions` (n, p) is the patient's log-odds."""

    base: float
    contributions: pd.DataFrame

    def log_odds(self) -> FloatArray:
        """Log-odds that the parts add up to, shape (n,)."""
        total: FloatArray = self.base + self.contributions.to_numpy().sum(axis=1)
        return total


def attribute(model: RiskModel, X: pd.DataFrame) -> Attributions:
    """Contributions of every predictor to every patient's log-odds, in the order of the columns of X."""
    base, total = 0.0, np.zeros(X.shape)
    for name, member in model.members.items():
        member_base, contributions = _attribute_member(member, X)
        base += model.weights[name] * member_base
        total += model.weights[name] * contributions
    frame = pd.DataFrame(model.slope * total, columns=X.columns, index=X.index)
    return Attributions(model.intercept + model.slope * base, frame)


def _attribute_member(member: Fitted, X: pd.DataFrame) -> tuple[float, FloatArray]:
    if isinstance(member, TreesModel):
        return _attribute_trees(member, X)
    assert isinstance(member, LinearModel), "only members that are explained exactly are deployed"
    return _attribute_linear(member, X)


def _attribute_linear(member: LinearModel, X: pd.DataFrame) -> tuple[float, FloatArray]:
    """The design is centred on the training patients, so the intercept is the mean log-odds there."""
    parts = member.design.transform(X) * member.coefficients
    owners = np.array(member.design.owners())
    return member.intercept, np.column_stack([parts[:, owners == name].sum(axis=1) for name in X])


def _attribute_trees(member: TreesModel, X: pd.DataFrame) -> tuple[float, FloatArray]:
    explain = few_contributions if 0 < len(X) < FEW else tree_contributions
    each = [explain(booster, X) for booster in member.boosters]
    return float(np.mean([base for base, _ in each])), np.mean([contributions for _, contributions in each], axis=0)
