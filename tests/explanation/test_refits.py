from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pipeline.explanation.refits import fit_alone, refit, sample_patients
from pipeline.models.baselines import ConstantModel
from pipeline.models.calibration import fit_recalibration
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.ensemble import ENSEMBLE, RiskModel
from pipeline.models.outcomes import Examples, make_examples
from tests.models.builders import MEMBERS, FollowedVisits, Visits, develop_small, make_numbers, make_records

PREDICTORS = Visits.predictors()


@dataclass
class Recorder:
    """A candidate that fits nothing and keeps the patients and weights it was given."""

    label: str = "recorder"
    seen: list[tuple[pd.DataFrame, np.ndarray, np.ndarray]] = field(default_factory=list)

    def fit(self, X, y, weight, settings) -> ConstantModel:
        self.seen.append((X, y, weight))
        return ConstantModel(0.0)


def record(examples: Examples, count: int = 200, seed: int = 0) -> list[tuple[pd.DataFrame, np.ndarray, np.ndarray]]:
    recorder = Recorder()
    model = RiskModel({"it": "fitted"}, {"it": 1.0}, 0.0, 1.0)  # type: ignore[dict-item]
    refit(model, examples, {"it": recorder}, {"it": {}}, count, seed)  # type: ignore[dict-item]
    assert len(recorder.seen) == count
    return recorder.seen


@pytest.fixture(scope="module")
def developed():
    examples = make_examples(make_records(0, 250), FollowedVisits)
    return examples, develop_small(examples, PREDICTORS)


def learn_again(developed, count: int, seed: int) -> list[RiskModel]:
    examples, development = developed
    candidates = build_candidates(MEMBERS, Context(PREDICTORS, 1))
    return refit(development.models[ENSEMBLE], examples, candidates, development.settings, count, seed)


def test_the_seed_decides_the_refits(developed):
    examples, _ = developed
    one, again, other = (learn_again(developed, 2, seed) for seed in (3, 3, 4))
    for a, b, c in zip(one, again, other, strict=True):
        assert_array_equal(a.log_odds(examples.X), b.log_odds(examples.X))
        assert not np.allclose(a.log_odds(examples.X), c.log_odds(examples.X))
    assert not np.allclose(one[0].log_odds(examples.X), one[1].log_odds(examples.X))
    assert len(learn_again(developed, 0, 3)) == 0


def test_a_refit_keeps_settings_and_weights(developed):
    model, development = developed[1].models[ENSEMBLE], developed[1]
    (again,) = learn_again(developed, 1, 0)
    assert again.weights == model.weights
    assert list(again.members) == list(model.members)
    (booster,) = again.members["boosted_trees"].boosters
    assert booster.num_boosted_rounds() == development.settings["boosted_trees"]["rounds"]


def test_a_refit_is_recalibrated_on_the_patients_it_has_not_seen(developed):
    examples, _ = developed
    [draw] = draws(0, 1, len(np.unique(examples.patient)))
    (again,) = learn_again(developed, 1, 0)
    weight = examples.observed.weights() * ~np.isin(examples.patient, draw)
    used = weight > 0
    average = (again.log_odds(examples.X[used]) - again.intercept) / again.slope
    expected = fit_recalibration(average, examples.observed.by_horizon()[used], weight[used])
    assert (again.intercept, again.slope) == pytest.approx(expected, abs=1e-4)


def test_without_enough_patients_left_out_the_recalibration_stays(developed):
    examples, development = developed
    few = examples.take(np.arange(40))
    candidates = build_candidates(MEMBERS, Context(PREDICTORS, 1))
    model = development.models[ENSEMBLE]
    (again,) = refit(model, few, candidates, development.settings, 1, 0)
    assert (again.intercept, again.slope) == (model.intercept, model.slope)


def test_a_candidate_by_itself_is_fitted_to_those_whose_outcome_is_known(developed):
    examples, _ = developed
    candidates = build_candidates(("logistic",), Context(PREDICTORS, 1))
    settings = {"logistic": {"inverse_penalty": 1.0}}
    [(name, alone)] = fit_alone(["logistic"], examples, candidates, settings).items()
    weight = examples.observed.weights()
    used = weight > 0
    member = candidates["logistic"].fit(
        examples.X[used], examples.observed.by_horizon()[used], weight[used], settings["logistic"]
    )
    assert name == "logistic"
    assert_allclose(alone.log_odds(examples.X), member.log_odds(examples.X))


def test_patients_are_drawn_as_often_as_there_are():
    """Over 200 resamples of 100 patients each is drawn once on average, and is absent (1 - 1/100)^100 = 36.6%."""
    examples, _ = make_numbers(0, 100, (1.0,))
    seen = record(examples)
    counts = np.zeros((200, 100))
    for row, (X, y, weight) in zip(counts, seen, strict=True):
        row[X.index] = weight
        assert_array_equal(y, examples.observed.event[X.index])
    assert_array_equal(counts.sum(axis=1), 100)
    assert (counts == 0).mean() == pytest.approx(0.366, abs=0.01)
    assert_allclose(counts.mean(axis=0), 1, atol=0.35)


def test_a_part_of_the_patients_is_resampled_within_itself():
    """The development part's patients keep their numbers from the whole table."""
    examples, _ = make_numbers(0, 100, (1.0,))
    part = examples.take(np.arange(100) % 3 == 0)
    for X, _, weight in record(part):
        assert set(X.index) <= set(part.X.index)
        assert weight.sum() == len(part.X)


def test_a_patients_rows_are_drawn_together():
    records = make_records(1, 40, missing=0)
    records = pd.concat([records, records.iloc[:15]]).sort_values("pseudonym", kind="stable", ignore_index=True)
    examples = make_examples(records, Visits)
    for X, _, weight in record(examples, 20):
        drawn = np.zeros(len(records))
        drawn[X.index] = weight
        assert (pd.Series(drawn).groupby(examples.patient).nunique() == 1).all()
        assert pd.Series(drawn).groupby(examples.patient).first().sum() == 40


@pytest.mark.parametrize("seed", range(3))
def test_censoring_weights_are_those_of_the_resampled_patients(seed):
    examples = make_examples(make_records(2, 60, missing=0), FollowedVisits)
    everyone = np.arange(60)
    for (X, _, weight), draw in zip(record(examples, 5, seed), draws(seed, 5, 60), strict=True):
        resampled = examples.observed.take(draw)
        total = pd.Series(resampled.weights()).groupby(draw).sum().reindex(everyone, fill_value=0.0)
        expected = total[total > 0]
        assert_array_equal(X.index, expected.index)
        assert_allclose(weight, expected, rtol=1e-12)
        assert weight.sum() != pytest.approx(len(X))


def draws(seed: int, count: int, n: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(0, n, n) for _ in range(count)]


def test_refits_vary_as_much_as_models_of_other_patients_do():
    """The bootstrap's spread of a coefficient against the spread over fresh samples, each within a factor."""
    settings = {"inverse_penalty": 10.0}
    candidates = build_candidates(("logistic",), Context({}, 0))

    def effect(model: RiskModel) -> float:
        low, high = model.log_odds(pd.DataFrame({"a": [0.0, 1.0], "b": [0.0, 0.0]}))
        return high - low

    fresh = []
    for seed in range(60):
        examples, _ = make_numbers(seed, 250, (1.0, -1.0))
        member = candidates["logistic"].fit(examples.X, examples.observed.event, np.ones(250), settings)
        fresh.append(RiskModel({"logistic": member}, {"logistic": 1.0}, 0.0, 1.0))
    found = np.std([effect(m) for m in refit(fresh[-1], examples, candidates, {"logistic": settings}, 100, 0)])
    assert found == pytest.approx(np.std([effect(m) for m in fresh]), rel=0.35)


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_has_so_many_patients_with_all_their_rows_and_a_small_table_all(seed):
    patient = np.random.default_rng(seed).integers(0, 40, 100)
    rows = np.arange(0, 200, 2)
    assert_array_equal(sample_patients(rows, patient, 40, seed), rows)
    drawn = sample_patients(rows, patient, 7, seed)
    told = np.unique(patient[drawn // 2])
    assert len(told) == 7
    assert_array_equal(drawn, rows[np.isin(patient, told)])
