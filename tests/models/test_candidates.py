from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.errors import ConfigurationError
from pipeline.models.candidates import CANDIDATES, build_candidates
from pipeline.models.ensemble import develop
from pipeline.models.linear import LinearModel, LogisticCandidate
from pipeline.models.trees import TreesCandidate
from tests.models.builders import Visits, make_numbers


@dataclass(frozen=True)
class NearlyUnpenalised:
    """What a user would write: another way of choosing the penalty, in a few lines."""

    label: str = "Nearly unpenalised"

    def describe(self, settings) -> str:
        return f"inverse penalty {settings['inverse_penalty']:g}"

    def tune(self, X, y, weight, folds) -> tuple[dict[str, Any], np.ndarray]:
        settings = {"inverse_penalty": 100.0}
        scores = np.empty(len(y))
        for training, held_out in folds:
            fitted = self.fit(X.iloc[training], y[training], weight[training], settings)
            scores[held_out] = fitted.log_odds(X.iloc[held_out])
        return settings, scores

    def fit(self, X, y, weight, settings) -> LinearModel:
        return LogisticCandidate(self.label, splines=False).fit(X, y, weight, settings)


def test_a_candidate_is_added_in_a_line(monkeypatch):
    monkeypatch.setitem(CANDIDATES, "mine", lambda predictors, seed: NearlyUnpenalised())
    examples, _ = make_numbers(0, 400, (1.0, -1.0))
    candidates = build_candidates(("logistic", "mine"), {}, 0)
    development = develop(examples, candidates, ("mine",), 3)
    assert list(development.models) == ["ensemble", "logistic", "mine"]
    assert development.settings["mine"] == {"inverse_penalty": 100.0}
    assert roc_auc_score(examples.observed.event, development.models["ensemble"].risk(examples.X)) > 0.7
    assert list(development.models["ensemble"].members) == ["mine"]


def test_names_build_their_candidates_in_the_order_asked_for():
    built = build_candidates(("boosted_trees", "spline_logistic", "logistic"), Visits.predictors(), 7)
    assert list(built) == ["boosted_trees", "spline_logistic", "logistic"]
    trees = built["boosted_trees"]
    assert isinstance(trees, TreesCandidate)
    assert (trees.seed, trees.directions) == (7, {"marker": 1, "pressure": 1})
    assert built["spline_logistic"] == LogisticCandidate("Logistic regression with splines", splines=True)
    assert built["logistic"] == LogisticCandidate("Logistic regression", splines=False)
    assert len({candidate.label for candidate in built.values()}) == len(CANDIDATES) == 3


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match="'forest' is not known; expected one of logistic, spline_logistic,"):
        build_candidates(("logistic", "forest", "net"), {}, 0)
