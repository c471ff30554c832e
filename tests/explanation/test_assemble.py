import numpy as np
import pandas as pd
import pytest

from pipeline.explanation.assemble import (
    describe_correlated,
    describe_groups,
    describe_interactions,
    describe_others,
    describe_sample,
    learn_freely,
)
from pipeline.explanation.explained import explain
from pipeline.explanation.ranking import EnoughPatients
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.ensemble import RiskModel
from tests.models.builders import UP, number

ROUNDS = {"rounds": 40}


def told(seed: int, n: int = 500) -> tuple[pd.DataFrame, np.ndarray]:
    """Risk rises with a, falls with b, and rises with d where c is above 0; e is a with noise."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
    X["e"] = X["a"] + 0.3 * X["e"]
    score = 1.5 * X["a"] - 1.0 * X["b"] + 4 * (X["c"] > 0) * X["d"]
    return X, (rng.random(n) < 1 / (1 + np.exp(-score))).astype(float)


def alone(name: str, X: pd.DataFrame, y: np.ndarray, settings: dict, **declared) -> RiskModel:
    predictors = {column: number(**declared.get(column, {})) for column in X}
    candidate = build_candidates((name,), Context(predictors, 0))[name]
    return RiskModel({name: candidate.fit(X, y, np.ones(len(y)), settings)}, {name: 1.0}, 0.0, 1.0)


@pytest.fixture(scope="module")
def made():
    X, y = told(0)
    model = alone("boosted_trees", X, y, ROUNDS)
    rng = np.random.default_rng(1)
    draws = [rng.integers(0, len(X), len(X)) for _ in range(4)]
    refits = [alone("boosted_trees", X.iloc[d].reset_index(drop=True), y[d], ROUNDS) for d in draws]
    return X, y, model, refits, explain(X, model, refits)


def test_the_sample_says_how_many_and_how_exactly(made):
    _, _, model, _, explained = made
    said = describe_sample(explained, model, EnoughPatients(120, "a"), 900, 600)
    assert said["sampled"] == 600
    assert (said["explained"], said["patients"], said["needed"], said["needed_by"]) == (500, 900, 120, "a")
    assert said["gap"] < 1e-5
    assert said["base_risk"] == pytest.approx(1 / (1 + np.exp(-said["base"])))
    assert 0.5 < said["agreement"] <= 1


def test_the_planted_pair_is_the_first_with_its_interval(made):
    X, _, model, refits, _ = made
    rows = describe_interactions(model, refits, X)
    assert (rows[0]["first"], rows[0]["second"]) == ("c", "d")
    assert rows[0]["strength_lo"] > rows[1]["strength"]
    assert [row["strength"] for row in rows] == sorted((row["strength"] for row in rows), reverse=True)


def test_predictors_that_go_together_are_a_group(made):
    [row] = describe_correlated(made[-1])
    assert row["predictors"] == ["a", "e"]
    assert row["importance_lo"] <= row["importance"] * 1.5
    assert row["importance"] <= row["apart"] + 1e-9


def test_importance_is_told_for_each_kind_of_group(made):
    explained = made[-1]
    labels = pd.Series(np.where(np.arange(500) < 200, "one", "two"))
    rows = describe_groups(explained, {"Kind": labels}, 10)["Kind"]
    assert {row["group"]: row["n"] for row in rows} == {"one": 200, "two": 300}
    assert rows[0]["importance"] == pytest.approx(explained.attributions.contributions.iloc[:200].abs().mean().max())


def test_trees_left_free_learn_what_the_data_say_against_what_is_imposed():
    X, y = told(3)
    imposed = alone("boosted_trees", X, y, ROUNDS, b={"expected": UP})
    free = alone("boosted_trees_free", X, y, ROUNDS, b={"expected": UP})
    predictors = {name: number() for name in X}
    explained = explain(X, imposed, ())
    said = learn_freely(free, explained, predictors, 10)
    assert said[["a", "b"]].tolist() == ["increases", "decreases"]
    assert learn_freely(imposed, explained, predictors, 10)["b"] != "decreases"
    assert (learn_freely(None, explained, predictors, 10) == "").all()


def test_a_model_that_is_not_exact_is_sampled_with_its_error(made):
    X, y, _, _, explained = made
    forest = alone("random_forest", X, y, {"leaf": 5, "trees": 30})
    [row] = describe_others({"random_forest": ("Random forest", forest)}, explained, X, 0)
    assert row["model"] == "random_forest"
    assert row["label"] == "Random forest"
    assert row["patients"] <= 200
    assert {factor["predictor"] for factor in row["factors"]} == set(X)
    assert all(factor["error"] > 0 for factor in row["factors"])
    assert row["factors"][0]["importance"] > 2 * row["factors"][0]["error"]
    assert row["agreement"] > 0.5
    assert row == describe_others({"random_forest": ("Random forest", forest)}, explained, X, 0)[0]
