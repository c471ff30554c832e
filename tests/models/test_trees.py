from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xgboost
from numpy.testing import assert_allclose, assert_array_equal

from data_schemas.columns import Direction, Expected, FactorClass
from pipeline.models import trees
from pipeline.models.features import model_frame
from pipeline.models.folds import make_folds
from pipeline.models.trees import Shape, TreesCandidate, TreesModel, as_matrix, constrained_directions, find_device
from tests.models.builders import DOWN, UP, Visits, coded, make_numbers, make_records, number

ROUNDS = {"rounds": 60}
GRID = np.linspace(-2.5, 2.5, 41)


def steps_of_risk(model: TreesModel, X: pd.DataFrame, name: str, grid: np.ndarray) -> np.ndarray:
    """How log-odds move from each value of `grid` to the next, a row for each patient."""
    scores = [model.log_odds(X.assign(**{name: value})) for value in grid]
    return np.diff(scores, axis=0).T


def wavy(seed: int, n: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Risk that goes up and down with `a` and with `b`, some of them missing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    score = 2 * np.sin(3 * X["a"]) + 2 * np.cos(3 * X["b"]) + X["a"] * X["b"]
    y = (rng.random(n) < 1 / (1 + np.exp(-score))).to_numpy(float)
    return X.mask(rng.random(X.shape) < 0.1), y


@pytest.mark.parametrize("seed", range(5))
def test_risk_never_moves_against_a_declared_direction(seed):
    X, y = wavy(seed)
    directions = {"b": -1, "a": 1}
    model = TreesCandidate("", seed, directions).fit(X, y, np.ones(len(y)), ROUNDS)
    free = TreesCandidate("", seed).fit(X, y, np.ones(len(y)), ROUNDS)
    for name, direction in directions.items():
        assert (direction * steps_of_risk(model, X, name, GRID)).min() >= -1e-6
        assert (direction * steps_of_risk(free, X, name, GRID)).min() < -0.1
    assert np.ptp(model.log_odds(X)) > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_a_treatment_is_free_to_go_with_the_illness_it_is_given_for(seed):
    """Treated patients do worse here, against what treatment is expected to do."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"drug": rng.integers(0, 2, 500).astype(float)})
    y = (rng.random(500) < 0.2 + 0.4 * X["drug"]).to_numpy(float)
    effects = {}
    for factor in (FactorClass.TREATMENT, FactorClass.MARKER):
        directions = constrained_directions({"drug": coded("no", "yes", factor=factor, expected=DOWN)})
        model = TreesCandidate("", seed, directions).fit(X, y, np.ones(500), ROUNDS)
        effects[factor] = steps_of_risk(model, X[:1], "drug", np.array([0.0, 1.0]))[0, 0]
    assert effects[FactorClass.TREATMENT] > 1
    assert abs(effects[FactorClass.MARKER]) < 1e-6


def test_directions_come_from_the_schema():
    predictors = {
        "up": number(expected=UP),
        "down": number(expected=DOWN, factor=FactorClass.IMMUTABLE),
        "unknown": number(),
        "drug": number(expected=DOWN, factor=FactorClass.TREATMENT),
        "grade": coded("1", "2", "3", ordered=True, expected=UP),
        "sex": coded("f", "m", expected=Expected(Direction.DECREASES, "")),
        "site": coded("1", "2", "3", expected=UP),
    }
    assert constrained_directions(predictors) == {"up": 1, "down": -1, "grade": 1, "sex": -1}
    assert constrained_directions(Visits.predictors()) == {"marker": 1, "pressure": 1}


def test_rounds_are_those_of_the_least_mean_loss():
    """Against training each fold anew, without early stopping, and judging every number of rounds."""
    X, y = wavy(0, 240)
    folds, weight = make_folds(y, np.arange(240), 3), np.random.default_rng(0).uniform(1, 2, 240)
    candidate = TreesCandidate("", 3)
    learnt = candidate.learn(X, y, weight, folds)
    reached, losses = np.empty((60, 240)), np.empty((60, 3))
    for k, (training, held_out) in enumerate(folds):
        (fitted,) = candidate.fit(X.iloc[training], y[training], weight[training], ROUNDS).boosters
        for rounds in range(1, 61):
            margin = fitted.predict(as_matrix(X.iloc[held_out]), output_margin=True, iteration_range=(0, rounds))
            reached[rounds - 1, held_out] = margin
            loss = np.logaddexp(0, margin) - y[held_out] * margin
            losses[rounds - 1, k] = np.average(loss, weights=weight[held_out])
    best = int(np.argmin(losses.mean(axis=1)))
    assert 5 < best + 1 == learnt.settings["rounds"]
    assert_array_equal(learnt.scores, reached[best])


def test_the_model_is_the_mean_of_the_folds_models():
    """Each patient's log-odds are the mean over folds, of which one alone had not seen the patient."""
    X, y = wavy(0, 240)
    folds, weight = make_folds(y, np.arange(240), 3), np.ones(240)
    candidate = TreesCandidate("", 3)
    learnt = candidate.learn(X, y, weight, folds)
    each = [candidate.fit(X.iloc[t], y[t], weight[t], learnt.settings).log_odds(X) for t, _ in folds]
    assert_allclose(learnt.model.log_odds(X), np.mean(each, axis=0), atol=1e-6)
    assert len(learnt.model.boosters) == 3
    assert {booster.num_boosted_rounds() for booster in learnt.model.boosters} == {learnt.settings["rounds"]}
    for log_odds, (_, held_out) in zip(each, folds, strict=True):
        assert_allclose(learnt.scores[held_out], log_odds[held_out], atol=1e-6)


def test_one_fold_makes_one_booster_and_leaves_the_others_unscored():
    X, y = wavy(0, 240)
    folds = make_folds(y, np.arange(240), 4)[:1]
    learnt = TreesCandidate("", 3).learn(X, y, np.ones(240), folds)
    assert_array_equal(np.flatnonzero(np.isfinite(learnt.scores)), folds[0][1])
    (booster,) = learnt.model.boosters
    assert booster.num_boosted_rounds() == learnt.settings["rounds"]


def test_a_fold_that_stopped_is_held_at_its_last_loss():
    curves = [np.array([0.6, 0.5, 0.7]), np.array([0.6, 0.4, 0.3, 0.2, 0.1])]
    assert_allclose(trees._mean_curve(curves), [0.6, 0.45, 0.5, 0.45, 0.4])


def test_a_fold_may_stop_before_the_rounds_that_all_take(monkeypatch):
    monkeypatch.setattr(trees, "PATIENCE", 5)
    examples, _ = make_numbers(0, 240, (2.0, -2.0))
    X, y = examples.X, examples.observed.event.copy()
    folds = make_folds(y, np.arange(240), 3)
    y[folds[0][1]] = np.random.default_rng(0).permutation(y[folds[0][1]])
    candidate = TreesCandidate("", 3)
    lengths = [len(candidate._train(X, y, np.ones(240), fold)[1]) for fold in folds]
    learnt = candidate.learn(X, y, np.ones(240), folds)
    rounds = learnt.settings["rounds"]
    assert min(lengths) < rounds
    assert [booster.num_boosted_rounds() for booster in learnt.model.boosters] == [min(rounds, n) for n in lengths]
    assert np.isfinite(learnt.scores).all()


@pytest.mark.parametrize("seed", range(3))
def test_out_of_fold_log_odds_know_nothing_of_their_fold(seed, monkeypatch):
    """Other predictors and outcomes for half of a held-out fold change nothing for its other half."""
    monkeypatch.setattr(trees, "_mean_curve", lambda curves: -np.arange(20.0))
    monkeypatch.setattr(trees, "MAX_ROUNDS", 20)
    X, y = wavy(seed)
    folds = make_folds(y, np.arange(len(y)), 3)
    changed, kept = np.array_split(folds[0][1], 2)
    candidate = TreesCandidate("", seed)
    before = candidate.learn(X, y, np.ones(len(y)), folds)
    other, outcome = X.copy(), y.copy()
    other.iloc[changed] = 999.0
    outcome[changed] = 1 - y[changed]
    after = candidate.learn(other, outcome, np.ones(len(y)), folds)
    assert before.settings == after.settings == {"rounds": 20}
    assert_array_equal(after.scores[kept], before.scores[kept])
    assert not np.allclose(after.scores[folds[1][1]], before.scores[folds[1][1]])


def test_fitting_takes_the_rounds_it_is_given():
    X, y = wavy(0)
    for rounds in (1, 17):
        (booster,) = TreesCandidate("", 0).fit(X, y, np.ones(len(y)), {"rounds": rounds}).boosters
        assert booster.num_boosted_rounds() == rounds


def test_the_seed_decides_the_trees_and_threads_do_not(monkeypatch):
    X, y = wavy(2)
    learn = [TreesCandidate("", seed).fit(X, y, np.ones(len(y)), ROUNDS).log_odds(X) for seed in (4, 4, 5)]
    assert_array_equal(learn[0], learn[1])
    assert not np.allclose(learn[0], learn[2])
    monkeypatch.setattr(trees, "ONE_THREAD_BELOW", 0)
    assert_array_equal(TreesCandidate("", 4).fit(X, y, np.ones(len(y)), ROUNDS).log_odds(X), learn[0])


@pytest.mark.parametrize("learnt", [False, True])
def test_categories_and_missing_values_are_read_natively(learnt):
    records = make_records(0, 1200)
    X = model_frame(records, Visits.predictors())
    y = (records["status"] == "ill").to_numpy(float)
    candidate, weight = TreesCandidate("", 0, {"grade": 1}), np.ones(len(y))
    model = (
        candidate.learn(X, y, weight, make_folds(y, np.arange(len(y)), 3)).model
        if learnt
        else candidate.fit(X, y, weight, ROUNDS)
    )
    at = {site: model.log_odds(X.assign(site=pd.Categorical([site] * len(X), X["site"].cat.categories))).mean()
          for site in X["site"].cat.categories}  # fmt: skip
    assert max(at, key=at.get) == "east"
    assert min(at, key=at.get) == "south"
    if not learnt:  # a booster of fewer trees than were grown forgets the labels: the order is the schema's
        moved = X.assign(site=X["site"].cat.reorder_categories(["west", "east", "north", "south"]))
        assert_array_equal(model.log_odds(moved), model.log_odds(X))
    assert np.isfinite(model.log_odds(X.assign(marker=np.nan, site=pd.Categorical([None] * len(X), list(at))))).all()


def test_weights_count():
    examples, _ = make_numbers(0, 300, (1.0,))
    y, heavy = examples.observed.event, np.where(examples.observed.event == 1, 5.0, 1.0)
    even, tilted = (TreesCandidate("", 0).fit(examples.X, y, w, ROUNDS).log_odds(examples.X).mean()
                    for w in (np.ones(300), heavy))  # fmt: skip
    assert tilted - even == pytest.approx(np.log(5), abs=0.4)


def test_the_matrix_carries_outcome_and_weight():
    matrix = as_matrix(pd.DataFrame({"x": [1.0, 2.0]}), np.array([0.0, 1.0]), np.array([3.0, 4.0]))
    assert isinstance(matrix, xgboost.DMatrix)
    assert_array_equal(matrix.get_label(), [0, 1])
    assert_array_equal(matrix.get_weight(), [3, 4])


def test_predictors_in_another_order_are_refused_by_name():
    X, y = wavy(0)
    model = TreesCandidate("", 0).fit(X, y, np.ones(len(y)), ROUNDS)
    with pytest.raises(ValueError, match="feature_names mismatch"):
        model.log_odds(X[["b", "a", "c"]])
    with pytest.raises(ValueError, match="feature_names mismatch"):
        model.log_odds(X[["a", "b"]])


def test_leaves_follow_what_the_outcomes_tell_and_steps_the_size_of_the_table(monkeypatch):
    shape = Shape(0.05, 3, 5.0, 0.7, 0.6, 3)
    rare, even = np.zeros(200), np.tile([0.0, 1.0], 100)
    rare[:10] = 1
    # 200 outcomes of which 5% are events tell 200 * .05 * .95 = 9.5, of which 2% are less than the least leaf, .5;
    # at 50% they tell 50, of which 2% are 1; at 50,000 rows the shape's own 5 is less than 2%.
    assert shape.fitting(rare).min_child_weight == 0.5
    assert shape.fitting(even).min_child_weight == pytest.approx(1.0)
    assert shape.fitting(np.tile(even, 250)).min_child_weight == 5.0
    assert shape.fitting(even) == replace(shape, min_child_weight=shape.fitting(even).min_child_weight)
    monkeypatch.setattr(trees, "LARGE", 200)
    assert shape.fitting(even).eta == pytest.approx(0.05 * trees.LARGE_STEP)


@pytest.mark.parametrize("seed", range(3))
def test_a_small_table_with_few_events_is_learnt_from_all_the_same(seed):
    """A leaf as heavy as large tables ask for would leave 240 patients, of whom a tenth have the event, unparted."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=240), "b": rng.normal(size=240)})
    y = (X["a"] > np.quantile(X["a"], 0.9)).to_numpy(float)
    model = TreesCandidate("", 0, shape=Shape(0.05, 3, 20, 0.7, 1.0, 1)).fit(X, y, np.ones(240), ROUNDS)
    log_odds = model.log_odds(X)
    assert log_odds[y == 1].min() > log_odds[y == 0].max() - 1
    assert np.ptp(log_odds) > 2


@pytest.mark.parametrize("wanted", ["cpu", "cuda"])
def test_the_device_that_is_asked_for_is_taken(wanted):
    assert find_device(wanted) == wanted


@pytest.mark.parametrize(
    ("card", "built", "device"),
    [(False, True, "cpu"), (True, True, "cuda"), (True, False, "cpu"), (False, False, "cpu")],
)
def test_auto_takes_a_graphics_card_where_there_is_one_that_xgboost_can_use(monkeypatch, tmp_path, card, built, device):
    monkeypatch.setattr(trees, "CARD", tmp_path / "nvidia0")
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": built})
    if card:
        (tmp_path / "nvidia0").touch()
    assert find_device("auto") == device


def test_the_device_reaches_xgboost():
    X, y = wavy(0)
    assert TreesCandidate("", 0, device="cuda")._parameters(X, y)["device"] == "cuda"
    assert TreesCandidate("", 0)._parameters(X, y)["device"] == "cpu"
