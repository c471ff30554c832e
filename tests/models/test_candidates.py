import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from pipeline.errors import ConfigurationError
from pipeline.models import candidates
from pipeline.models.candidates import CANDIDATES, EXACT, Context, build_candidates, refuse_inexact
from pipeline.models.development import Plan, develop
from pipeline.models.ensemble import Portfolio
from pipeline.models.folds import Learnt, make_folds
from pipeline.models.linear import LinearModel, LogisticCandidate
from pipeline.models.trees import TreesCandidate
from tests.models.builders import ILL, Unpenalised, Visits, make_numbers, numbers

NOTHING = Context({}, 0)
NAMES = pytest.mark.parametrize("name", list(CANDIDATES))
EXACT_NAMES = pytest.mark.parametrize("name", sorted(EXACT))


def learn(name: str, X: pd.DataFrame, y: np.ndarray) -> Learnt:
    candidate = build_candidates((name,), Context(numbers(X), 1))[name]
    return candidate.learn(X, y, np.ones(len(y)), make_folds(y, np.arange(len(y)), 3))


def test_a_candidate_is_added_in_a_line(monkeypatch):
    monkeypatch.setitem(CANDIDATES, "mine", lambda context: Unpenalised())
    examples, _ = make_numbers(0, 400, (1.0, -1.0))
    predictors = numbers(examples.X)
    built = build_candidates(("logistic", "mine"), Context(predictors, 0))
    development = develop(examples, Plan(Portfolio(built, ("logistic", "mine"), ("mine",)), 3, ILL, predictors))
    assert list(development.models) == ["ensemble", "logistic", "mine"]
    assert development.settings["mine"] == {"inverse_penalty": 100.0}
    assert roc_auc_score(examples.observed.event, development.models["ensemble"].risk(examples.X)) > 0.7
    assert list(development.deployed.model.members) == ["mine"]


def test_a_candidate_is_given_predictors_seed_and_device(monkeypatch):
    seen = []
    monkeypatch.setitem(CANDIDATES, "mine", lambda context: seen.append(context) or Unpenalised())
    context = Context(Visits.predictors(), 7, "cuda")
    build_candidates(("mine",), context)
    assert seen == [context]
    trees = build_candidates(("boosted_trees",), context)["boosted_trees"]
    assert isinstance(trees, TreesCandidate)
    assert (trees.seed, trees.device, trees.directions) == (7, "cuda", {"marker": 1, "pressure": 1})
    free = build_candidates(("boosted_trees",), Context(Visits.predictors(), 7, directed=False))["boosted_trees"]
    assert isinstance(free, TreesCandidate)
    assert free.directions == {}


def test_names_build_their_candidates_in_the_order_asked_for():
    built = build_candidates(("boosted_trees", "spline_logistic", "logistic"), NOTHING)
    assert list(built) == ["boosted_trees", "spline_logistic", "logistic"]
    assert built["spline_logistic"] == LogisticCandidate("Logistic regression with splines", splines=True)
    assert built["logistic"] == LogisticCandidate("Logistic regression", splines=False)
    everyone = build_candidates(tuple(CANDIDATES), NOTHING)
    assert len({candidate.label for candidate in everyone.values()}) == len(CANDIDATES)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match="'wood' is not known; expected one of logistic, spline_logistic,"):
        build_candidates(("logistic", "wood", "net"), NOTHING)


def test_a_member_that_is_not_explained_exactly_is_refused(monkeypatch):
    refuse_inexact(tuple(EXACT))
    monkeypatch.setitem(CANDIDATES, "mine", lambda context: Unpenalised())
    said = "'mine' cannot be a member of the deployed average, since it is not explained exactly; expected one of"
    with pytest.raises(ConfigurationError, match=said):
        refuse_inexact(("logistic", "mine"))
    monkeypatch.setattr(candidates, "EXACT", (*EXACT, "mine"))
    refuse_inexact(("logistic", "mine"))


@EXACT_NAMES
def test_exact_members_are_linear_models_or_trees(name):
    """What can be stored and explained; another kind would fail long after training."""
    examples, _ = make_numbers(0, 200, (1.0, -1.0))
    model = learn(name, examples.X, examples.observed.event).model
    assert isinstance(model, LinearModel) or hasattr(model, "boosters")


@NAMES
def test_predictors_that_are_constant_or_missing_for_everybody_raise_nothing(name):
    examples, _ = make_numbers(0, 200, (1.5, -1.5))
    learnt = learn(name, examples.X.assign(constant=7.0, missing=np.nan), examples.observed.event)
    assert np.isfinite(learnt.scores).all()
    assert roc_auc_score(examples.observed.event, learnt.scores) > 0.75


@EXACT_NAMES
def test_predictors_that_are_constant_or_missing_for_everybody_change_nothing(name):
    """New values of theirs move no risk, nor, unless trees draw among columns, does it matter that they are there."""
    examples, _ = make_numbers(0, 200, (1.5, -1.5))
    X, y = examples.X, examples.observed.event
    model = learn(name, X.assign(constant=7.0, missing=np.nan), y).model
    said = model.log_odds(X.assign(constant=7.0, missing=np.nan))
    assert_allclose(model.log_odds(X.assign(constant=-30.0, missing=2.0)), said, atol=1e-9)
    assert_allclose(model.log_odds(X.assign(constant=np.nan, missing=np.nan)), said, atol=1e-9)
    candidate = build_candidates((name,), NOTHING)[name]
    if not isinstance(candidate, TreesCandidate) or candidate.shape.colsample_bytree == 1:
        assert_allclose(learn(name, X, y).model.log_odds(X), said, atol=1e-3)


@EXACT_NAMES
def test_predictors_in_another_order_are_understood_or_refused(name):
    examples, _ = make_numbers(0, 200, (1.5, -0.5))
    model = learn(name, examples.X, examples.observed.event).model
    other = examples.X[["b", "a"]]
    if isinstance(model, LinearModel):
        assert_allclose(model.log_odds(other), model.log_odds(examples.X), atol=1e-12)
    else:
        with pytest.raises(ValueError, match="feature_names mismatch"):
            model.log_odds(other)


@NAMES
def test_a_single_predictor_will_do(name):
    examples, _ = make_numbers(0, 300, (1.5,))
    learnt = learn(name, examples.X, examples.observed.event)
    assert roc_auc_score(examples.observed.event, learnt.scores) > 0.7
