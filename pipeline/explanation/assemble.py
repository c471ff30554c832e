"""What is said of the model as a whole beside its table of factors, in JSON's types."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.explanation.agnostic import sampled_shap
from pipeline.explanation.by_group import importance_by_group
from pipeline.explanation.correlated import correlated_groups, group_importance
from pipeline.explanation.explained import ORDERS, POINTS_OF, Explained, explain, largest_gap
from pipeline.explanation.factors import learnt_direction
from pipeline.explanation.interactions import pair_interactions, tabulate_pairs
from pipeline.explanation.ranking import EnoughPatients, rank_agreement
from pipeline.models.calibration import sigmoid
from pipeline.models.ensemble import RiskModel

PAIRS_OF = 1000  # patients behind the intervals of interactions
DRAWS, MOST_STEPS = 50, 50_000  # of the sampled attributions: draws, and rows predicted in each direction
FEWEST, MOST = 25, 200  # patients whose attributions are sampled


def describe_sample(
    explained: Explained, model: RiskModel, enough: EnoughPatients, patients: int, sampled: int | None = None
) -> dict[str, Any]:
    """How many of all `patients` are explained and how many the ranking needs, what the parts start from and add up to.

    `gap` is the largest distance, in log-odds, between the sum of a patient's parts and what `model` says; `agreement`
    the mean rank correlation of the importances with those of the refits; `sampled` the patients that taught these,
    where not all who taught the model did.
    """
    base = explained.attributions.base
    return {
        "explained": len(explained.X),
        "patients": patients,
        "needed": enough.patients,
        "needed_by": enough.predictor,
        "refits": len(explained.refits),
        "sampled": sampled,
        "agreement": rank_agreement(explained.attributions.contributions, explained.contributions_again())
        if explained.X.shape[1] > 1
        else None,
        "base": base,
        "base_risk": float(sigmoid(np.array([base]))[0]),
        "gap": largest_gap(explained, model),
        "points_of": min(POINTS_OF, len(explained.X)),
        "orders": ORDERS,
    }


def describe_interactions(model: RiskModel, refits: Sequence[RiskModel], X: pd.DataFrame) -> list[dict[str, Any]]:
    """The pairs that the model reads together most, strongest first, as `tabulate_pairs` has them."""
    some = X.iloc[:PAIRS_OF]
    found = pair_interactions(model, some)
    pairs = [(str(pair[0]), str(pair[1])) for pair in found.columns.to_list()]
    again = [pair_interactions(refit, some, pairs) for refit in refits]
    return _records(tabulate_pairs(found, again))


def describe_correlated(explained: Explained) -> list[dict[str, Any]]:
    """Groups of predictors that go together, as `group_importance` has them."""
    groups = correlated_groups(explained.X)
    return _records(group_importance(explained.attributions.contributions, explained.contributions_again(), groups))


def describe_groups(
    explained: Explained, groups: Mapping[str, "pd.Series[str]"], smallest: int
) -> dict[str, list[dict[str, Any]]]:
    """Importance in each kind of group, as `importance_by_group` has it; `groups` label the explained patients."""
    return {kind: _records(importance_by_group(explained, labels, smallest)) for kind, labels in groups.items()}


def learn_freely(
    free: RiskModel | None, explained: Explained, predictors: dict[str, Column], smallest: int
) -> pd.Series:
    """The direction of each predictor, (p,), that trees learn on which none is imposed; empty where there are none."""
    if free is None:
        return pd.Series("", index=list(predictors), dtype="str")
    alone = explain(explained.X, free, ())
    found = {name: learnt_direction(alone, name, column, smallest) for name, column in predictors.items()}
    return pd.Series(found, dtype="str")


def describe_others(
    models: Mapping[str, tuple[str, RiskModel]], explained: Explained, background: pd.DataFrame, seed: int
) -> list[dict[str, Any]]:
    """Importance in models that are not explained exactly, each a label and the model by name, by sampling.

    `error` is the mean standard error of a contribution, and `agreement` the rank correlation of the importances with
    those in the deployed model.
    """
    width = explained.X.shape[1] + 1
    X = explained.X.iloc[: int(np.clip(MOST_STEPS // (DRAWS * width), FEWEST, MOST))]
    return [_sample(name, label, model, X, background, explained, seed) for name, (label, model) in models.items()]


def _sample(
    name: str, label: str, model: RiskModel, X: pd.DataFrame, background: pd.DataFrame, explained: Explained, seed: int
) -> dict[str, Any]:
    told = sampled_shap(model.log_odds, X, background, DRAWS, seed)
    contributions = told.attributions.contributions
    importance, error = contributions.abs().mean(), told.standard_error.mean()
    rows = pd.DataFrame({"predictor": list(importance.index), "importance": importance, "error": error})
    agreement = rank_agreement(contributions, [explained.attributions.contributions]) if X.shape[1] > 1 else None
    ordered = rows.sort_values("importance", ascending=False, kind="stable")
    facts = {"model": name, "label": label, "patients": len(X), "draws": DRAWS, "agreement": agreement}
    return facts | {"factors": _records(ordered)}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
