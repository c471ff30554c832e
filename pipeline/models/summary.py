"""What may be published of a model: how it was made, none of its thresholds or coefficients."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column, Direction
from pipeline.disclosure import NumberOf, Rest, share
from pipeline.models.candidates import DIRECTED, FREE, Candidate
from pipeline.models.development import Development
from pipeline.models.ensemble import ENSEMBLE
from pipeline.models.features import count_parameters
from pipeline.models.outcomes import Examples
from pipeline.models.trees import TreesModel, constrained_directions
from pipeline.outcomes import Observed
from pipeline.patients import count_patients
from pipeline.phrases import phrase


def summarise_model(
    development: Development,
    X: pd.DataFrame,
    taught: Examples,
    candidates: Mapping[str, Candidate],
    predictors: dict[str, Column],
    tested: Examples | None = None,
) -> dict[str, Any]:
    """Members with weight and tuned settings, recalibration, constrained directions, and the development data.

    X are predictors of some who were taught, enough to count the model's parameters. Who was `taught` is published as
    what those `tested` leave of all, who are published too.
    `directions` names the trees with imposed directions and the same without, None unless both have competed.
    """
    model, observed = development.deployed.model, taught.observed
    trees = any(isinstance(member, TreesModel) for member in model.members.values())
    directions = constrained_directions(predictors) if trees else {}
    return {
        "members": [
            {
                "name": name,
                "label": candidates[name].label,
                "weight": model.weights[name],
                "says": candidates[name].describe(development.settings[name]),
                "pooled": development.settings[name].get("pooled"),
            }
            for name in model.members
        ],
        "deployed": ENSEMBLE,
        "labels": {ENSEMBLE: phrase("Log-odds average, recalibrated")}
        | {name: c.label for name, c in candidates.items()},
        "recalibration": {"intercept": model.intercept, "slope": model.slope},
        "event_rate": _event_rate(observed, tested),
        "targets": [development.deployed.target, *development.deployed.others],
        "development": {
            "patients": _beside(count_patients(taught.patient), count_patients(tested.patient) if tested else 0),
            "events": _events(observed, tested),
            "mean_follow_up": _mean_follow_up(observed),
        },
        "parameters": count_parameters(X, splines="spline_logistic" in model.members),
        "predictors": list(predictors),
        "directions": {"imposed": DIRECTED, "free": FREE} if {DIRECTED, FREE} <= set(development.models) else None,
        "constrained": {name: Direction(direction).verb for name, direction in directions.items()},
    }


def _beside(taught: int, tested: int) -> Rest:
    return Rest(taught + tested, tested)


def _events(observed: Observed, tested: Examples | None) -> Rest:
    return _beside(int(observed.by_horizon().sum()), int(tested.observed.by_horizon().sum()) if tested else 0)


def _event_rate(observed: Observed, tested: Examples | None) -> float:
    """The share with the event; with censoring weights, the Kaplan-Meier estimate at the horizon."""
    if observed.time is None:
        return NumberOf(share, _events(observed, tested), _beside(len(observed), len(tested.observed) if tested else 0))
    return float((observed.weights() * observed.by_horizon()).sum() / len(observed))


def _mean_follow_up(observed: Observed) -> float | None:
    """Time under observation up to the horizon, in its unit; None where the outcome has no time."""
    if observed.time is None or observed.horizon is None:
        return None
    return float(np.minimum(observed.time, observed.horizon).mean())
