"""The candidates by the names that `params.yaml` uses. A new one is a line here."""

from collections.abc import Callable
from typing import Any, Protocol

import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray
from pipeline.errors import ConfigurationError
from pipeline.models.folds import Folds
from pipeline.models.linear import LinearModel, LogisticCandidate
from pipeline.models.trees import TreesCandidate, TreesModel, constrained_directions

Fitted = LinearModel | TreesModel


class Candidate(Protocol):
    """A way of learning risk from `model_frame` output, outcomes 0 or 1, and positive weights."""

    @property
    def label(self) -> str:
        """What people read."""

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""

    def tune(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds
    ) -> tuple[dict[str, Any], FloatArray]:
        """Choose settings, and give the out-of-fold log-odds (n,) they reach."""

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> Fitted:
        """Fit on all patients with chosen settings."""


Constructor = Callable[[dict[str, Column], int], Candidate]

CANDIDATES: dict[str, Constructor] = {
    "logistic": lambda predictors, seed: LogisticCandidate("Logistic regression", splines=False),
    "spline_logistic": lambda predictors, seed: LogisticCandidate("Logistic regression with splines", splines=True),
    "boosted_trees": lambda predictors, seed: TreesCandidate(
        "Gradient-boosted trees", seed, constrained_directions(predictors)
    ),
}


def build_candidates(names: tuple[str, ...], predictors: dict[str, Column], seed: int) -> dict[str, Candidate]:
    """The named candidates for these predictors. Raises ConfigurationError naming the first unknown one."""
    unknown = [name for name in names if name not in CANDIDATES]
    if unknown:
        raise ConfigurationError(f"candidate {unknown[0]!r} is not known; expected one of {', '.join(CANDIDATES)}")
    return {name: CANDIDATES[name](predictors, seed) for name in names}
