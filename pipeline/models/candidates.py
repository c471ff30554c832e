"""The candidates by the names that `params.yaml` uses. A new one is a line in `CANDIDATES`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray
from pipeline.errors import ConfigurationError
from pipeline.models.folds import Fitted, Folds, Learnt
from pipeline.models.forests import ForestCandidate, HistogramBoostingCandidate
from pipeline.models.growing import Grower, LocalGrower
from pipeline.models.imputation import ImputedLogisticCandidate
from pipeline.models.linear import LogisticCandidate
from pipeline.models.networks import NetworkCandidate
from pipeline.models.trees import Shape, TreesCandidate, constrained_directions
from pipeline.phrases import phrase


class Candidate(Protocol):
    """A way of learning risk from `model_frame` output, outcomes 0 or 1, and positive weights."""

    @property
    def label(self) -> str:
        """What people read."""

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """Choose settings inside the folds, keep their out-of-fold log-odds, and fit the model."""

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> Fitted:
        """Fit once on all of X with chosen settings."""


@dataclass(frozen=True)
class Context:
    """What a candidate may depend on: the predictors by name, the seed, and what grows trees on which device.

    `directed` says that risk must move as the schema expects it to.
    """

    predictors: dict[str, Column]
    seed: int
    device: str = "cpu"
    directed: bool = True
    grower: Grower = field(default_factory=LocalGrower)

    def directions(self) -> dict[str, int]:
        """The direction that trees must keep, by predictor."""
        return constrained_directions(self.predictors) if self.directed else {}


def _trees(label: str, shape: Shape, *, directed: bool = True) -> Callable[[Context], Candidate]:
    def build(context: Context) -> Candidate:
        directions = context.directions() if directed else {}
        return TreesCandidate(label, context.seed, directions, shape, context.device, context.grower)

    return build


DIRECTED, FREE = "boosted_trees", "boosted_trees_free"
"""The same trees, with the directions of the schema and without: what the directions cost."""

CANDIDATES: dict[str, Callable[[Context], Candidate]] = {
    "logistic": lambda context: LogisticCandidate(phrase("Logistic regression"), splines=False),
    "spline_logistic": lambda context: LogisticCandidate(phrase("Logistic regression with splines"), splines=True),
    "imputed_logistic": lambda context: ImputedLogisticCandidate(
        phrase("Logistic regression, multiply imputed"), context.seed
    ),
    "additive_trees": _trees(phrase("Explainable boosting (trees of depth 1)"), Shape(0.15, 1, 1, 0.8, 1.0, 1)),
    DIRECTED: _trees(phrase("Boosted trees of depth 2"), Shape(0.08, 2, 2, 0.8, 0.6, 1)),
    FREE: _trees(
        phrase("Boosted trees of depth 2, no direction imposed"), Shape(0.08, 2, 2, 0.8, 0.6, 1), directed=False
    ),
    "boosted_trees_4": _trees(phrase("Boosted trees of depth 4"), Shape(0.06, 4, 20, 0.7, 0.5, 5)),
    "boosted_trees_6": _trees(phrase("Boosted trees of depth 6"), Shape(0.06, 6, 20, 0.6, 0.4, 10)),
    "random_forest": lambda context: ForestCandidate(phrase("Random forest"), context.seed),
    "histogram_boosting": lambda context: HistogramBoostingCandidate(
        phrase("Histogram boosting"), context.seed, context.directions()
    ),
    "neural_network": lambda context: NetworkCandidate(phrase("Neural network"), context.seed),
}


EXACT = (
    "logistic",
    "spline_logistic",
    "imputed_logistic",
    "additive_trees",
    DIRECTED,
    FREE,
    "boosted_trees_4",
    "boosted_trees_6",
)
"""Their log-odds are explained exactly, so that the deployed average may hold them."""


def build_candidates(names: tuple[str, ...], context: Context) -> dict[str, Candidate]:
    """The named candidates. Raises ConfigurationError naming the first unknown one."""
    unknown = [name for name in names if name not in CANDIDATES]
    if unknown:
        raise ConfigurationError(f"candidate {unknown[0]!r} is not known; expected one of {', '.join(CANDIDATES)}")
    return {name: CANDIDATES[name](context) for name in names}


def refuse_inexact(names: tuple[str, ...]) -> None:
    """Raise ConfigurationError for a member of the deployed average that cannot be explained exactly."""
    inexact = [name for name in names if name not in EXACT]
    if inexact:
        raise ConfigurationError(
            f"{inexact[0]!r} cannot be a member of the deployed average, since it is not explained exactly; "
            f"expected one of {', '.join(EXACT)}"
        )
