import dataclasses

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from pipeline.errors import DataRefusedError
from pipeline.models import trees
from pipeline.models.calibration import fit_recalibration
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.ensemble import ENSEMBLE, Learning, Portfolio, RiskModel, learn_outcome
from pipeline.models.folds import make_folds
from pipeline.models.linear import LogisticCandidate
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.stacking import fit_weights
from pipeline.outcomes import Observed
from tests.models.builders import (
    MEMBERS,
    FollowedVisits,
    Planted,
    Visits,
    as_examples,
    develop_small,
    make_numbers,
    make_records,
    numbers,
)

PREDICTORS = Visits.predictors()
PLAIN = build_candidates(("logistic",), Context({}, 0))


def alter(examples: Examples, where: np.ndarray, **columns) -> Examples:
    """Other values of some predictors for some patients."""
    X = examples.X.copy()
    for name, value in columns.items():
        X.loc[where, name] = value
    return dataclasses.replace(examples, X=X)


@dataclasses.dataclass(frozen=True)
class Says:
    """A member with one thing to say."""

    value: float

    def log_odds(self, X: pd.DataFrame) -> np.ndarray:
        return self.value * X["x"].to_numpy()


def test_log_odds_are_the_recalibrated_weighted_average():
    model = RiskModel({"one": Says(2.0), "two": Says(-1.0)}, {"one": 0.75, "two": 0.25}, 0.3, 1.2)
    X = pd.DataFrame({"x": [0.0, 1.0, -3.0]})
    expected = [0.3, 0.3 + 1.2 * 1.25, 0.3 - 1.2 * 3.75]
    assert_allclose(model.log_odds(X), expected)
    assert_allclose(model.risk(X), expit(expected))


@pytest.mark.parametrize("seed", range(2))
def test_every_model_is_weighed_and_recalibrated_on_what_its_members_said_out_of_fold(seed):
    examples = make_examples(make_records(seed, 300), FollowedVisits)
    development = develop_small(examples, PREDICTORS)
    weights = examples.observed.weights()
    used = weights > 0
    assert 0 < used.sum() < 300
    X, y, weight = examples.X[used], examples.observed.by_horizon()[used], weights[used]
    folds = make_folds(y, examples.patient[used], 3)
    candidates = build_candidates(MEMBERS, Context(PREDICTORS, 1))
    learnt = {name: candidate.learn(X, y, weight, folds) for name, candidate in candidates.items()}
    assert development.settings == {name: one.settings for name, one in learnt.items()}
    for name, members in {ENSEMBLE: MEMBERS, **{m: (m,) for m in MEMBERS}}.items():
        model, scores = development.models[name], np.array([learnt[m].scores for m in members])
        share = fit_weights(scores, y, weight) if len(members) > 1 else np.ones(1)
        assert model.weights == pytest.approx(dict(zip(members, share, strict=True)))
        assert (model.intercept, model.slope) == pytest.approx(fit_recalibration(share @ scores, y, weight))
        raw = share @ np.array([learnt[m].model.log_odds(examples.X) for m in members])
        assert_allclose(model.log_odds(examples.X), model.intercept + model.slope * raw, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_what_was_learnt_is_told_for_the_patients_of_known_outcome(seed):
    examples = make_examples(make_records(seed, 300), FollowedVisits)
    portfolio = Portfolio(PLAIN, (), ("logistic",))
    found = learn_outcome(examples.X, examples.observed, examples.patient, portfolio, 3)
    weights = examples.observed.weights()
    used = weights > 0
    assert_array_equal(found.weight, weights[used])
    assert_array_equal(found.y, examples.observed.by_horizon()[used])
    folds, model = make_folds(found.y, examples.patient[used], 3), found.models[ENSEMBLE]
    out_of_fold = PLAIN["logistic"].learn(examples.X[used], found.y, found.weight, folds).scores
    assert_allclose(found.scores, model.intercept + model.slope * out_of_fold)
    assert not np.allclose(found.scores, model.log_odds(examples.X[used]), atol=0.01)


def test_the_same_patients_in_the_same_order_give_the_same_model():
    records = make_records(1, 250)
    shuffled = records.sample(frac=1, random_state=5)
    one, two = (
        develop_small(make_examples(r.sort_values("pseudonym", ignore_index=True), FollowedVisits), PREDICTORS)
        for r in (records, shuffled)
    )
    X = make_examples(records, FollowedVisits).X
    assert one.settings == two.settings
    for name, model in one.models.items():
        assert_array_equal(model.log_odds(X), two.models[name].log_odds(X))
    assert not shuffled["pseudonym"].is_monotonic_increasing


def test_censored_patients_count_through_the_weights_alone():
    examples = make_examples(make_records(2, 250, missing=0), FollowedVisits)
    lost = ~examples.observed.known()
    assert lost.sum() > 20
    plain = develop_small(examples, PREDICTORS).models[ENSEMBLE].log_odds(examples.X)
    altered = alter(examples, lost, marker=50.0, pressure=1.0)
    assert_array_equal(develop_small(altered, PREDICTORS).models[ENSEMBLE].log_odds(examples.X), plain)
    earlier = np.where(lost, 1.0, examples.observed.time)
    sooner = dataclasses.replace(examples, targets={"ill": Observed(examples.observed.event, earlier, 365.0)})
    assert not np.allclose(develop_small(sooner, PREDICTORS).models[ENSEMBLE].log_odds(examples.X), plain)
    known = alter(examples, np.flatnonzero(~lost)[:30], marker=50.0)
    assert not np.allclose(develop_small(known, PREDICTORS).models[ENSEMBLE].log_odds(examples.X), plain)


def test_censoring_does_not_bias_the_mean_risk():
    """Half of the patients are lost at random times; ignoring them would overstate risk by a third."""
    rng = np.random.default_rng(0)
    onset, leaving = rng.exponential(800, 6000), rng.uniform(0, 730, 6000)
    X = pd.DataFrame(rng.normal(size=(6000, 2)), columns=["x", "z"])
    examples = as_examples(X, (onset < leaving).astype(float), np.minimum(onset, leaving), 365.0)
    observed = examples.observed
    mean = develop_small(examples, numbers(X), ("logistic",)).models[ENSEMBLE].risk(X).mean()
    truth = 1 - np.exp(-365 / 800)
    assert mean == pytest.approx(truth, abs=0.025)
    known = observed.known()
    assert observed.by_horizon()[known].mean() > truth + 0.06


def test_planted_effects_are_found_almost_as_well_as_knowing_them(monkeypatch):
    """Of 20,000 patients; with 20,000 fresh ones the difference of two AUROCs has a standard error of .0005."""
    monkeypatch.setattr(trees, "MAX_ROUNDS", 150)
    effects = (1.0, -0.7, 0.5, 0.0, 0.0, 0.0)
    examples, _ = make_numbers(0, 20_000, effects)
    fresh, truth = make_numbers(10, 20_000, effects)
    model = develop_small(examples, numbers(examples.X)).models[ENSEMBLE]
    event = fresh.observed.event
    oracle, reached = roc_auc_score(event, truth), roc_auc_score(event, model.log_odds(fresh.X))
    assert oracle - 0.005 < reached < oracle + 0.002
    slope = fit_recalibration(model.log_odds(fresh.X), event, np.ones(len(event)))[1]
    assert slope == pytest.approx(1, abs=0.06)


def learn_of(y: np.ndarray, patient: np.ndarray | None = None) -> Learning:
    observed = Observed(y)
    X = pd.DataFrame({"x": np.arange(len(y)) / len(y)})
    who = np.arange(len(y)) if patient is None else patient
    return learn_outcome(X, observed, who, Portfolio({"it": Planted("x")}, (), ("it",)), 3)


def test_fewer_than_ten_with_the_event_or_without_are_refused():
    y = np.zeros(60)
    y[::7] = 1
    assert y.sum() == 9
    said = "9 patients for training have the event, expected at least 10; gather more patients, or choose an outcome"
    with pytest.raises(DataRefusedError, match=said):
        learn_of(y)
    with pytest.raises(DataRefusedError, match=r"^9 patients for training have a known outcome without it, expected"):
        learn_of(1 - y)
    y[1] = 1
    assert learn_of(y).models


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_a_single_class_is_refused(outcome):
    with pytest.raises(DataRefusedError, match=r"^0 patients for training have"):
        learn_of(np.full(50, outcome))


def test_many_rows_of_one_patient_are_one_patient():
    y, patient = np.zeros(80), np.arange(80)
    y[:30] = 1
    patient[:30] = np.arange(30) % 9
    with pytest.raises(DataRefusedError, match=r"^9 patients for training have the event"):
        learn_of(y, patient)


def test_events_after_the_horizon_and_patients_lost_do_not_count():
    """Four of 14 events come too late, so that they count as none; of the 41 others 35 are lost too early to tell."""
    time, event = np.full(55, 400.0), np.repeat([1.0, 0.0], [14, 41])
    time[4:14], time[20:] = 100.0, 200.0
    X, portfolio = pd.DataFrame({"x": np.arange(55) / 55}), Portfolio({"it": Planted("x")}, (), ("it",))
    assert learn_outcome(X, Observed(event, time, 365.0), np.arange(55), portfolio, 3).y.sum() == 10
    for place, said in ((4, "9 patients for training have the event"), (14, "9 patients .* known outcome without it")):
        other = time.copy()
        other[place] = 500 - other[place]
        with pytest.raises(DataRefusedError, match=said):
            learn_outcome(X, Observed(event, other, 365.0), np.arange(55), portfolio, 3)


@dataclasses.dataclass(frozen=True)
class Folded(LogisticCandidate):
    """A candidate that keeps the folds it tunes with."""

    folds: list = dataclasses.field(default_factory=list)

    def learn(self, X, y, weight, folds):
        self.folds.extend((list(X.index[training]), list(X.index[held_out])) for training, held_out in folds)
        return super().learn(X, y, weight, folds)


def test_tuning_parts_patients_not_rows():
    records = make_records(3, 150)
    records = pd.concat([records, records.iloc[::2], records.iloc[::2]])
    examples = make_examples(records.sort_values("pseudonym", kind="stable", ignore_index=True), FollowedVisits)
    candidate = Folded("", splines=False)
    portfolio = Portfolio({"folded": candidate}, (), ("folded",))
    learn_outcome(examples.X, examples.observed, examples.patient, portfolio, 3)
    assert len(candidate.folds) == 3
    for training, held_out in candidate.folds:
        assert not set(examples.patient[training]) & set(examples.patient[held_out])
        assert examples.observed.known()[held_out].all()


def test_a_member_without_weight_or_slope_leaves_everybody_the_mean_risk():
    examples, _ = make_numbers(0, 500, (1.0,))
    portfolio = Portfolio({"turned": Planted("a", -1.0)}, (), ("turned",))
    model = learn_outcome(examples.X, examples.observed, examples.patient, portfolio, 3).models[ENSEMBLE]
    assert model.slope == 0
    assert_allclose(model.risk(examples.X), examples.observed.event.mean(), atol=0.01)
