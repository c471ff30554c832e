"""What may be published of a model: how it was made, none of its thresholds or coefficients."""

from typing import Any

import numpy as np

from data_schemas.columns import Column, Direction
from pipeline.models.candidates import Candidate
from pipeline.models.ensemble import ENSEMBLE, RiskModel
from pipeline.models.features import count_parameters
from pipeline.models.outcomes import Examples
from pipeline.models.trees import TreesModel, constrained_directions
from pipeline.outcomes import Observed


def summarise_model(
    model: RiskModel,
    development: Examples,
    candidates: dict[str, Candidate],
    settings: dict[str, dict[str, Any]],
    predictors: dict[str, Column],
) -> dict[str, Any]:
    """Members with weight and tuned settings, recalibration, constrained directions, and the development data."""
    observed, weights = development.observed, development.observed.weights()
    trees = any(isinstance(member, TreesModel) for member in model.members.values())
    directions = constrained_directions(predictors) if trees else {}
    return {
        "members": [
            {
                "name": name,
                "label": candidates[name].label,
                "weight": model.weights[name],
                "says": candidates[name].describe(settings[name]),
            }
            for name in model.members
        ],
        "deployed": ENSEMBLE,
        "labels": {ENSEMBLE: "Log-odds average, recalibrated"} | {name: c.label for name, c in candidates.items()},
        "recalibration": {"intercept": model.intercept, "slope": model.slope},
        "event_rate": float((weights * observed.by_horizon()).sum() / len(observed)),
        "development": {
            "patients": len(set(development.patient)),
            "events": int(observed.by_horizon().sum()),
            "mean_follow_up": _mean_follow_up(observed),
        },
        "parameters": count_parameters(development.X, splines="spline_logistic" in model.members),
        "predictors": list(predictors),
        "constrained": {name: Direction(direction).verb for name, direction in directions.items()},
    }


def _mean_follow_up(observed: Observed) -> float | None:
    """Time under observation up to the horizon, in its unit; None where the outcome has no time."""
    if observed.time is None or observed.horizon is None:
        return None
    return float(np.minimum(observed.time, observed.horizon).mean())
