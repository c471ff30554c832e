from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from pipeline.models.baselines import PREVALENCE, SIMPLE, PrevalenceCandidate, add_baselines
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.development import Plan, develop
from pipeline.models.ensemble import ENSEMBLE, Portfolio
from pipeline.models.folds import make_folds
from pipeline.models.linear import LogisticCandidate
from pipeline.models.outcomes import Examples, make_examples
from tests.models.builders import ILL, FollowedVisits, Visits, make_numbers, make_records, number, numbers

CONTEXT = Context(Visits.predictors(), 1)
COLUMNS = ("marker", "grade")


def developed(examples: Examples):
    candidates = add_baselines(build_candidates(("logistic",), CONTEXT), COLUMNS, CONTEXT)
    portfolio = Portfolio(candidates, tuple(candidates), ("logistic",))
    return develop(examples, Plan(portfolio, 3, ILL, CONTEXT.predictors))


@pytest.mark.parametrize("seed", range(3))
def test_everybody_is_told_the_weighted_rate(seed):
    examples = make_examples(make_records(seed, 300), FollowedVisits)
    weight, y = examples.observed.weights(), examples.observed.by_horizon()
    assert 0 < (weight == 0).sum() < 300
    rate = (weight @ y) / weight.sum()
    used = weight > 0
    alone = PrevalenceCandidate().fit(examples.X[used], y[used], weight[used], {})
    assert_allclose(expit(alone.log_odds(examples.X)), np.full(300, rate), rtol=1e-12)
    risk = developed(examples).models[PREVALENCE].risk(examples.X)
    assert np.ptp(risk) == 0
    assert risk[0] == pytest.approx(rate, abs=0.002)
    assert rate != pytest.approx(y[used].mean(), abs=0.01)


def test_out_of_fold_rates_are_those_of_the_others():
    rng = np.random.default_rng(0)
    y, weight = (rng.random(100) < 0.3).astype(float), rng.uniform(1, 3, 100)
    folds = make_folds(y, np.arange(100), 4)
    learnt = PrevalenceCandidate().learn(pd.DataFrame({"x": y}), y, weight, folds)
    for training, held_out in folds:
        rate = np.average(y[training], weights=weight[training])
        assert_allclose(expit(learnt.scores[held_out]), np.full(len(held_out), rate))
    part = PrevalenceCandidate().learn(pd.DataFrame({"x": y}), y, weight, folds[:1])
    assert_array_equal(np.isnan(part.scores), np.isin(np.arange(100), folds[0][0]))


def test_the_baseline_sees_its_columns_alone():
    examples = make_examples(make_records(0, 300), Visits)
    model = developed(examples).models[SIMPLE]
    said = model.log_odds(examples.X)
    others = [name for name in examples.X if name not in COLUMNS]
    assert_array_equal(model.log_odds(examples.X.drop(columns=others)), said)
    assert_array_equal(model.log_odds(examples.X.assign(pressure=500.0, drug=np.nan)), said)
    for name in COLUMNS:
        assert np.ptp(model.log_odds(examples.X.assign(**{name: 0.0})) - said) > 0.1
    few = Context({name: CONTEXT.predictors[name] for name in COLUMNS}, 1)
    by_hand = Portfolio({"few": LogisticCandidate("", splines=True)}, ("few",), ("few",))
    part = Examples(examples.X[list(COLUMNS)], examples.targets, examples.patient, examples.pseudonym)
    alone = develop(part, Plan(by_hand, 3, ILL, few.predictors)).models["few"]
    assert_array_equal(alone.log_odds(part.X), said)


def test_the_baseline_fitted_with_chosen_settings_sees_its_columns_alone():
    X, y = make_examples(make_records(0, 300), Visits).X, np.arange(300) % 3 == 0
    candidate = add_baselines({}, COLUMNS, CONTEXT)[SIMPLE]
    settings = {"inverse_penalty": 1.0}
    model = candidate.fit(X, y.astype(float), np.ones(300), settings)
    alone = LogisticCandidate("", splines=True).fit(X[list(COLUMNS)], y.astype(float), np.ones(300), settings)
    assert_array_equal(model.log_odds(X), alone.log_odds(X))
    assert np.ptp(model.log_odds(X)) > 0


def test_the_baselines_stand_beside_the_deployed_average_and_are_no_part_of_it():
    examples = make_examples(make_records(1, 300), Visits)
    found = developed(examples)
    assert list(found.models) == [ENSEMBLE, "logistic", PREVALENCE, SIMPLE]
    assert list(found.deployed.model.members) == ["logistic"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (("age",), "Baseline: Age alone"),
        (("age", "sex"), "Baseline: Age and Sex alone"),
        (("age", "sex", "stage"), "Baseline: Age, Sex and Stage alone"),
    ],
)
def test_the_baseline_is_called_by_its_columns(columns, says):
    predictors = {name: replace(number(), label=name.capitalize()) for name in ("age", "sex", "stage")}
    made = add_baselines({}, columns, Context(predictors, 0))
    assert made[SIMPLE].label == says
    assert made[SIMPLE].describe({"inverse_penalty": 0.1}).startswith("restricted cubic splines")


def test_a_study_without_a_baseline_gets_the_rate_and_logistic_regression():
    examples, _ = make_numbers(0, 20, (1.0,))
    made = add_baselines({}, (), Context(numbers(examples.X), 0))
    assert list(made) == ["logistic", PREVALENCE]
    assert made[PREVALENCE].label == "The event rate for everybody"
    assert made[PREVALENCE].describe({}) == "no predictor"
