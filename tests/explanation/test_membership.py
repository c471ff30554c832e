import json

import numpy as np
import pandas as pd
import pytest

from pipeline.explanation import membership
from pipeline.explanation.membership import explain_membership
from pipeline.models.features import model_frame
from tests.models.builders import Visits, coded, make_records, number, numbers

SMALLEST, SEED = 10, 1


def explain(X, assignment, predictors, k, smallest=SMALLEST):
    return explain_membership(X, np.asarray(assignment), predictors, k, smallest, SEED)


def gaussian(seed, n=600, columns=4):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(n, columns)), columns=list("abcd")[:columns])


def test_planted_clusters_are_told_by_what_made_them():
    X = gaussian(0, 900)
    cluster = np.where(X["a"] > 0.5, 1, np.where(X["b"] > 0, 2, 3))
    found = explain(X, cluster, numbers(X), 3)
    assert (found["agreement"], found["at_least"]) == (1 - 10 / 180, True)  # fewer than ten are put elsewhere
    assert found["clusters"].keys() == {"1", "2", "3"}
    first, second, third = (found["clusters"][c] for c in "123")
    assert (first[0]["predictor"], first[0]["direction"], first[0]["label"]) == ("a", "higher", "a number")
    assert {row["predictor"]: row["direction"] for row in second[:2]} == {"a": "lower", "b": "higher"}
    assert {row["predictor"]: row["direction"] for row in third[:2]} == {"a": "lower", "b": "lower"}
    for rows in found["clusters"].values():
        weights = [row["weight"] for row in rows]
        assert weights == sorted(weights, reverse=True)
        assert sum(weights[2:]) < 0.2 * sum(weights)


def test_the_agreement_is_that_on_patients_not_seen():
    """Clusters drawn by lot are found no more often than by lot."""
    found = [
        explain(gaussian(seed, 1000), np.random.default_rng(seed + 9).integers(1, 3, 1000), numbers(gaussian(0)), 2)
        for seed in range(5)
    ]
    assert np.mean([f["agreement"] for f in found]) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("seed", range(3))
def test_contributions_add_up_to_the_log_odds_against_the_others(seed):
    X, k = gaussian(seed, 300), 3
    cluster = 1 + np.random.default_rng(seed).integers(0, k, 300)
    model = membership._fit(X, cluster, k, SEED)
    matrix = membership._as_matrix(X)
    logs = np.log(model.predict(matrix).astype(float))
    raw = model.predict(matrix, pred_contribs=True, strict_shape=True).astype(float)
    total = membership._contrast(raw).sum(axis=2)
    constant = (logs - (logs.sum(axis=1, keepdims=True) - logs) / (k - 1)) - total
    np.testing.assert_allclose(constant, np.tile(constant[0], (300, 1)), atol=1e-4)


def test_two_clusters_mirror_each_other():
    X = gaussian(1)
    found = explain(X, np.where(X["c"] + 0.5 * X["d"] > 0, 1, 2), numbers(X), 2)["clusters"]
    opposite = {"higher": "lower", "lower": "higher", "mixed": "mixed", None: None}
    for one, two in zip(found["1"], found["2"], strict=True):
        assert (one["predictor"], one["weight"]) == (two["predictor"], pytest.approx(two["weight"]))
        assert one["direction"] == opposite[two["direction"]]
    assert [row["predictor"] for row in found["1"][:2]] == ["c", "d"]


def test_both_ends_against_the_middle_is_mixed():
    X = gaussian(2, 900)
    assert explain(X, np.where(X["a"].abs() > 0.7, 1, 2), numbers(X), 2)["clusters"]["1"][0]["direction"] == "mixed"


def test_categories_and_missing_values_as_models_see_them():
    records = make_records(3, 800)
    X, predictors = model_frame(records, Visits.predictors()), Visits.predictors()
    cluster = np.where(records["site"] == "north", 1, np.where(records["grade"] == "high", 2, 3))
    found = explain(X, cluster, predictors, 3)
    assert (found["agreement"], found["at_least"]) == (1 - 10 / 160, True)
    assert (found["clusters"]["1"][0]["predictor"], found["clusters"]["1"][0]["direction"]) == ("site", None)
    assert (found["clusters"]["2"][0]["label"], found["clusters"]["2"][0]["direction"]) == ("Grade", "higher")
    assert all(
        row["direction"] is None for rows in found["clusters"].values() for row in rows if row["label"] == "Site"
    )
    assert json.loads(json.dumps(found)) == found


def test_a_predictor_that_says_nothing_or_that_few_have_gets_no_direction():
    X = gaussian(4)
    few = np.arange(len(X)) < 40  # 8 of those who test the model
    cluster = np.where(np.where(few, X["c"], X["a"]) > 0, 1, 2)
    X["b"], X["c"] = 1.0, X["c"].where(few)
    rows, looser = (
        {row["predictor"]: row for row in explain(X, cluster, numbers(X), 2, smallest)["clusters"]["1"]}
        for smallest in (SMALLEST, 5)
    )
    assert (rows["b"]["weight"], rows["b"]["direction"]) == (0.0, None)
    assert (rows["c"]["direction"], looser["c"]["direction"]) == (None, "higher")


def test_an_unordered_category_of_two_levels_has_a_direction():
    X = gaussian(5).assign(drug=np.random.default_rng(5).integers(0, 2, 600).astype(float))
    predictors = numbers(X) | {"drug": coded("no", "yes")}
    assert explain(X, 2 - X["drug"].to_numpy(int), predictors, 2)["clusters"]["1"][0]["direction"] == "higher"


def test_many_patients_are_sampled_and_the_same_call_gives_the_same_answer(monkeypatch):
    monkeypatch.setattr(membership, "ROWS", 300)
    X = gaussian(6, 900)
    cluster, before = np.where(X["a"] > 0, 1, 2), X.copy()
    assert explain(X, cluster, numbers(X), 2) == explain(X, cluster, numbers(X), 2)
    pd.testing.assert_frame_equal(X, before)


def test_patients_of_no_cluster_are_left_out():
    X = gaussian(7, 800)
    cluster = np.where(np.arange(800) < 400, np.where(X["a"] > 0, 1, 2), 0)
    assert explain(X, cluster, numbers(X), 2) == explain(X[:400], cluster[:400], numbers(X), 2)


def test_too_few_patients_are_not_explained():
    X = gaussian(8, 49)
    assert explain(X, np.where(X["a"] > 0, 1, 2), {n: number() for n in X}, 2) == {}
