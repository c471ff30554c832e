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
from pipeline.models.candidates import build_candidates
from pipeline.models.ensemble import ENSEMBLE, RiskModel, develop
from pipeline.models.folds import make_folds
from pipeline.models.linear import LogisticCandidate
from pipeline.models.outcomes import Examples, make_examples
from pipeline.outcomes import Observed
from tests.models.builders import MEMBERS, FollowedVisits, Visits, develop_small, make_numbers, make_records

PREDICTORS = Visits.predictors()


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
def test_every_model_is_recalibrated_on_what_its_members_said_out_of_fold(seed):
    examples = make_examples(make_records(seed, 300), FollowedVisits)
    development = develop_small(examples, PREDICTORS)
    weights = examples.observed.weights()
    used = weights > 0
    assert 0 < used.sum() < 300
    X, y, weight = examples.X[used], examples.observed.by_horizon()[used], weights[used]
    folds = make_folds(y, examples.patient[used], 3)
    candidates = build_candidates(MEMBERS, PREDICTORS, 1)
    tuned = {name: candidate.tune(X, y, weight, folds) for name, candidate in candidates.items()}
    assert development.settings == {name: settings for name, (settings, _) in tuned.items()}
    for name, members in {ENSEMBLE: MEMBERS, **{m: (m,) for m in MEMBERS}}.items():
        model = development.models[name]
        average = np.mean([tuned[m][1] for m in members], axis=0)
        assert (model.intercept, model.slope) == fit_recalibration(average, y, weight)
        assert model.weights == dict.fromkeys(members, 1 / len(members))
        raw = np.mean([candidates[m].fit(X, y, weight, tuned[m][0]).log_odds(examples.X) for m in members], axis=0)
        assert_allclose(model.log_odds(examples.X), model.intercept + model.slope * raw, rtol=1e-12)


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
    sooner = dataclasses.replace(examples, observed=Observed(examples.observed.event, earlier, 365.0))
    assert not np.allclose(develop_small(sooner, PREDICTORS).models[ENSEMBLE].log_odds(examples.X), plain)
    known = alter(examples, np.flatnonzero(~lost)[:30], marker=50.0)
    assert not np.allclose(develop_small(known, PREDICTORS).models[ENSEMBLE].log_odds(examples.X), plain)


def test_censoring_does_not_bias_the_mean_risk():
    """Half of the patients are lost at random times; ignoring them would overstate risk by a third."""
    rng = np.random.default_rng(0)
    onset, leaving = rng.exponential(800, 6000), rng.uniform(0, 730, 6000)
    X = pd.DataFrame({"x": rng.normal(size=6000)})
    observed = Observed((onset < leaving).astype(float), np.minimum(onset, leaving), 365.0)
    examples = Examples(X, observed, np.arange(6000), pd.Series([f"p{i:04d}" for i in range(6000)]))
    mean = develop_small(examples, {}, ("logistic",)).models[ENSEMBLE].risk(X).mean()
    truth = 1 - np.exp(-365 / 800)
    assert mean == pytest.approx(truth, abs=0.025)
    known = observed.known()
    assert observed.by_horizon()[known].mean() > truth + 0.06


@pytest.mark.parametrize("seed", range(2))
def test_planted_effects_are_found_almost_as_well_as_knowing_them(seed, monkeypatch):
    monkeypatch.setattr(trees, "MAX_ROUNDS", 250)
    examples, _ = make_numbers(seed, 4000, (1.0, -0.7, 0.5, 0.0, 0.0, 0.0))
    fresh, truth = make_numbers(seed + 10, 20_000, (1.0, -0.7, 0.5, 0.0, 0.0, 0.0))
    model = develop_small(examples, {}).models[ENSEMBLE]
    event = fresh.observed.event
    oracle, reached = roc_auc_score(event, truth), roc_auc_score(event, model.log_odds(fresh.X))
    assert oracle - 0.01 < reached < oracle + 0.002
    slope = fit_recalibration(model.log_odds(fresh.X), event, np.ones(len(event)))[1]
    assert slope == pytest.approx(1, abs=0.1)


def test_too_few_known_events_are_refused():
    """The first two events come too late to be known by the horizon."""
    time = np.full(50, 400.0)
    time[2:6] = 100.0
    event = np.zeros(50)
    event[:6] = 1
    X = pd.DataFrame({"x": np.arange(50.0)})
    examples = Examples(X, Observed(event, time, 365.0), np.arange(50), pd.Series(map(str, range(50))))
    with pytest.raises(DataRefusedError, match=r"^4 patients with known outcome"):
        develop(examples, build_candidates(("logistic",), {}, 0), ("logistic",), 5)
    assert develop(examples, build_candidates(("logistic",), {}, 0), ("logistic",), 4).models


@dataclasses.dataclass(frozen=True)
class Folded(LogisticCandidate):
    """A candidate that keeps the folds it tunes with."""

    folds: list = dataclasses.field(default_factory=list)

    def tune(self, X, y, weight, folds):
        self.folds.extend((list(X.index[training]), list(X.index[held_out])) for training, held_out in folds)
        return super().tune(X, y, weight, folds)


def test_tuning_parts_patients_not_rows():
    records = make_records(3, 150)
    records = pd.concat([records, records.iloc[::2], records.iloc[::2]])
    examples = make_examples(records.sort_values("pseudonym", kind="stable", ignore_index=True), FollowedVisits)
    candidate = Folded("", splines=False)
    develop(examples, {"folded": candidate}, ("folded",), 3)
    assert len(candidate.folds) == 3
    for training, held_out in candidate.folds:
        assert not set(examples.patient[training]) & set(examples.patient[held_out])
        assert examples.observed.known()[held_out].all()
