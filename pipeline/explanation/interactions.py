"""Which pairs of predictors the deployed model reads together: exact SHAP interaction values.

Averaging and recalibration are affine in log-odds, so members' interaction values, weighted and scaled alike, are
those of the deployed model. A linear member has none: it adds up its predictors.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray
from pipeline.explanation.intervals import spread
from pipeline.explanation.tree_shap import Pair, split_pairs, tree_interactions
from pipeline.models.ensemble import RiskModel
from pipeline.models.trees import TreesModel

SEARCHED = 2000
"""Patients, the first, among whom the strongest pairs are sought."""


def pair_interactions(
    model: RiskModel, X: pd.DataFrame, pairs: Sequence[Pair] | None = None, top: int = 10
) -> pd.DataFrame:
    """Interactions in log-odds, (n, pairs): what two predictors say together beyond what each says by itself.

    These are Shapley interaction indices, both halves of the SHAP interaction values of Lundberg et al. (2020,
    Nat Mach Intell 2:56); half of each is in either predictor's contribution. Columns are pairs, as given; without
    `pairs`, the `top` strongest by mean absolute value among the first 2,000 patients, strongest first. Raises
    ValueError for trees of more than eight levels.
    """
    if pairs is None:
        found = _interact(model, X.iloc[:SEARCHED], _candidates(model, X))
        strength = found.abs().mean().sort_values(ascending=False, kind="stable")
        pairs = [(str(one), str(two)) for one, two in strength.index[strength > 0][:top]]
    return _interact(model, X, list(pairs))


def tabulate_pairs(interactions: pd.DataFrame, refits: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One row per pair, strongest first: `first`, `second`, and `strength`, the mean absolute interaction.

    `strength_lo` and `strength_hi` are 2.5% and 97.5% quantiles over the interactions, of the same patients and pairs,
    of models learnt again.
    """
    strength = interactions.abs().mean()
    again = np.array([refit.abs().mean().to_numpy() for refit in refits])
    low, high = spread(again) if len(strength) else np.zeros((2, 0))
    firsts, seconds = (interactions.columns.get_level_values(side) for side in (0, 1))
    columns = {"strength": strength.to_numpy(), "strength_lo": low, "strength_hi": high}
    table = pd.DataFrame({"first": firsts, "second": seconds} | columns)
    return table.sort_values("strength", ascending=False, kind="stable", ignore_index=True)


def _candidates(model: RiskModel, X: pd.DataFrame) -> list[Pair]:
    """Pairs that some tree of a member with weight uses together, in a fixed order."""
    names = [str(name) for name in X]
    boosters = [
        booster
        for name, member in model.members.items()
        if isinstance(member, TreesModel) and model.weights[name] != 0
        for booster in member.boosters
    ]
    found: set[Pair] = set().union(*(split_pairs(booster, names) for booster in boosters))
    return sorted(found, key=lambda pair: (names.index(pair[0]), names.index(pair[1])))


def _interact(model: RiskModel, X: pd.DataFrame, pairs: list[Pair]) -> pd.DataFrame:
    total: FloatArray = np.zeros((len(X), len(pairs)))
    for name, member in model.members.items():
        if isinstance(member, TreesModel) and pairs:
            each = [tree_interactions(booster, X, pairs) for booster in member.boosters]
            total += model.slope * model.weights[name] * np.mean(each, axis=0)
    return pd.DataFrame(total, index=X.index, columns=pd.MultiIndex.from_tuples(pairs, names=["first", "second"]))
