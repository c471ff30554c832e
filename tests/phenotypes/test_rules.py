import re
from itertools import product

import numpy as np
import pandas as pd
import pytest

from pipeline.estimates import wilson
from pipeline.phenotypes import rules
from pipeline.phenotypes.conditions import Condition, read_predictors
from pipeline.phenotypes.rules import NO_RULE, find_rules
from tests.phenotypes.builders import planted

SMALLEST, SEED = 10, 1
LABELS, UNITS = {"age": "Age", "nodes": "Positive nodes", "grade": "Grade"}, {"age": "years", "nodes": None}


def patients(seed, n=1500):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(30, 80, n).astype(float),
            "nodes": rng.poisson(3, n).astype(float),
            "marker": rng.lognormal(3, 1, n),
            "grade": pd.Categorical.from_codes(rng.integers(0, 3, n), ["1", "2", "3"], ordered=True),
            "site": pd.Categorical.from_codes(rng.integers(0, 4, n), ["north", "east", "south", "west"]),
        }
    )


def find(frame, assignment, smallest=SMALLEST):
    return find_rules(frame, np.asarray(assignment), LABELS, UNITS, smallest, SEED)


@pytest.mark.parametrize(
    ("within", "inside", "outside"),
    [
        (lambda f: f["age"] >= 52, [["Age at least 52 years"]], [["Age under 52 years"]]),
        (lambda f: f["nodes"] < 4, [["Positive nodes under 4"]], [["Positive nodes at least 4"]]),
        (lambda f: f["grade"] == "3", [["Grade is 3"]], [["Grade is at most 2"]]),
        (lambda f: f["site"] == "south", [["site is south"]], [["site is not south"]]),
        (lambda f: (f["age"] >= 40) & (f["age"] < 60), [["Age 40 to under 60 years"]], None),
        (
            lambda f: (f["age"] >= 52) & (f["grade"] == "3"),
            [["Age at least 52 years", "Grade is 3"]],
            [["Grade is at most 2"], ["Age under 52 years"]],
        ),
    ],
)
def test_planted_rules_are_found_in_words(within, inside, outside):
    frame = patients(0)
    found = find(frame, np.where(within(frame), 1, 2))
    assert sorted(map(sorted, found[1].conditions)) == sorted(map(sorted, inside))
    if outside:
        assert sorted(map(sorted, found[2].conditions)) == sorted(map(sorted, outside))
    for cluster in (1, 2):
        n = int((np.where(within(frame), 1, 2) == cluster).sum())
        # A rule without a fault has counts below the smallest, which enter as the smallest.
        assert found[cluster].sensitivity.value >= (n - SMALLEST) / n - 0.005
        assert found[cluster].precision.value >= (n - SMALLEST) / n - 0.005
        assert found[cluster].reason is None


def test_a_rule_can_be_that_a_value_is_missing():
    frame = patients(1)
    absent = np.random.default_rng(2).random(len(frame)) < 0.4
    frame.loc[absent, "marker"] = np.nan
    found = find(frame, np.where(absent, 1, 2))
    assert found[1].conditions == (("marker is not recorded",),)
    assert found[2].conditions == (("marker is recorded",),)


def test_words_say_where_missing_values_go():
    frame = patients(3)
    inside = (frame["age"] >= 52).to_numpy()
    absent = np.random.default_rng(4).random(len(frame)) < 0.2
    frame.loc[absent, "age"] = np.nan
    found = find(frame, np.where(inside | absent, 1, 2))
    assert found[1].conditions == (("Age at least 52 years or not recorded",),)
    assert found[2].conditions == (("Age under 52 years",),)


@pytest.mark.parametrize("seed", range(8))
def test_accuracy_of_a_known_rule(seed):
    """Nine in ten follow the rule, so that both figures are 0.9."""
    frame, rng = patients(seed, 2000), np.random.default_rng(seed + 50)
    high = (frame["age"] >= 55).to_numpy()
    share = high.mean()
    found = find(frame, np.where(np.where(rng.random(2000) < 0.9, high, ~high), 1, 2))[1]
    assert found.conditions == (("Age at least 55 years",),)
    sensitivity = 0.9 * share / (0.9 * share + 0.1 * (1 - share))
    assert found.sensitivity.value == pytest.approx(sensitivity, abs=0.035)
    assert found.precision.value == pytest.approx(0.9, abs=0.035)
    assert found.sensitivity.lo < found.sensitivity.value < found.sensitivity.hi


def test_accuracy_is_not_that_on_the_patients_who_made_the_rule():
    """Clusters drawn by lot: a rule fits its own patients better than half, and others no better than half."""
    own, published = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(300, 15)), columns=[f"x{j}" for j in range(15)])
        inside = rng.random(300) < 0.5
        predictors = read_predictors(frame, {}, {})
        paths = rules._find_paths(predictors, inside, SMALLEST, SEED)
        own.append(inside[rules._meet_any(paths, predictors)].mean())
        published.append(find(frame, np.where(inside, 1, 2))[1].precision.value)
    assert np.mean(own) > 0.58
    assert np.mean(published) == pytest.approx(0.5, abs=0.04)


def test_a_cluster_that_no_rule_finds_has_a_reason():
    frame = patients(5)
    found = find(frame, np.where(np.random.default_rng(6).random(len(frame)) < 0.05, 2, 1))[2]
    assert found.conditions == ()
    assert (found.sensitivity.value, found.precision.value, found.reason) == (None, None, NO_RULE)


def test_everybody_is_no_rule():
    frame = pd.DataFrame({"x": np.random.default_rng(7).normal(size=400)})
    assert find(frame, np.where(np.arange(400) % 10 == 0, 2, 1))[1].conditions == ()


@pytest.mark.parametrize("seed", range(6))
def test_rules_are_short_and_rest_on_enough_patients(seed):
    frame, truth = planted(seed, 900)
    predictors = read_predictors(frame, {}, {})
    for cluster in np.unique(truth):
        inside = truth == cluster
        paths = rules._find_paths(predictors, inside, SMALLEST, SEED)
        assert 1 <= len(paths) <= 3
        for path in paths:
            group = rules._meet(path, predictors)
            assert 1 <= len(path) <= 3
            assert group.sum() >= SMALLEST
            assert inside[group].mean() > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_thresholds_have_three_digits_and_planted_clusters_are_found(seed):
    frame, truth = planted(seed, 900)
    for rule in find(frame, truth + 1).values():
        numbers = [n for path in rule.conditions for text in path for n in re.findall(r" (-?\d[\d.e+-]*)", text)]
        assert all(float(n) == float(f"{float(n):.3g}") for n in numbers)
        assert rule.precision.value > 0.5
        assert rule.sensitivity.value > 0.4


def test_a_shallower_tree_is_taken_that_does_about_as_well(monkeypatch):
    frame = patients(10)
    exception = (frame["age"] >= 70) & (frame["nodes"] >= 6)
    assignment = np.where((frame["age"] >= 52) & ~exception, 1, 2)
    assert find(frame, assignment)[1].conditions == (("Age at least 52 years",),)
    monkeypatch.setattr(rules, "SIMPLER", 0.0)
    assert find(frame, assignment)[1].conditions != (("Age at least 52 years",),)


@pytest.mark.parametrize(("low", "paths"), [(0.48, 1), (0.40, 2)])
def test_a_path_that_adds_little_goes_unsaid(low, paths):
    x = np.linspace(0, 1, 2000, endpoint=False)
    predictors = read_predictors(pd.DataFrame({"x": x}), {}, {})
    led = [{0: Condition(low, 0.5)}, {0: Condition(0.5)}, {0: Condition(0.0, 0.2)}]
    assert rules._choose(led, predictors, x >= low, 20) == [led[1], led[0]][:paths]


@pytest.mark.parametrize(("n", "others"), [(40, 100), (300, 50)])
def test_published_accuracy_is_the_same_for_any_two_small_counts(n, others):
    inside = np.arange(n + others) < n
    published = set()
    for missed, false in product(range(SMALLEST), repeat=2):
        flagged = inside.copy()
        flagged[:missed] = False
        flagged[n : n + false] = True
        sensitivity, precision = rules._judge(flagged, inside, SMALLEST)
        published.add((sensitivity, precision))
        assert sensitivity.value <= 1 - missed / n
        assert precision.value <= (n - missed) / (n - missed + false)
        assert (sensitivity.hi, precision.hi) == (1.0, 1.0)
    assert len(published) == 1


def test_large_counts_are_published_as_they_are():
    inside, flagged = np.arange(200) < 100, (np.arange(200) >= 20) & (np.arange(200) < 130)
    sensitivity, precision = rules._judge(flagged, inside, SMALLEST)
    assert sensitivity == wilson(80, 100)
    assert precision == wilson(80, 110)


@pytest.mark.parametrize(("n", "missed"), [(15, 0), (40, 35)])
def test_figures_of_too_few_patients_are_hidden(n, missed):
    inside = np.arange(200) < n
    flagged = inside & (np.arange(200) >= missed)
    for share in rules._judge(flagged, inside, SMALLEST):
        assert (share.value, share.lo, share.hi) == (None, None, None)
        assert share.reason


def test_precision_is_hidden_where_it_would_tell_how_few_others_the_rule_spares():
    inside = np.arange(100) < 60
    sensitivity, precision = rules._judge(np.arange(100) < 97, inside, SMALLEST)
    assert sensitivity.value == (60 - SMALLEST) / 60
    assert precision.value is None


def test_many_patients_are_sampled_and_the_same_call_gives_the_same_rules(monkeypatch):
    monkeypatch.setattr(rules, "ROWS", 400)
    frame = patients(8)
    before, assignment = frame.copy(), np.where(frame["age"] >= 52, 2, 1)
    found = find(frame, assignment)
    assert found == find(frame, assignment)
    assert "Age at least 5" in found[2].conditions[0][0]
    pd.testing.assert_frame_equal(frame, before)


def test_patients_of_no_cluster_have_no_rule_and_count_as_others():
    frame = patients(9)
    found = find(frame, np.where(frame["age"] >= 52, 1, 0))
    assert list(found) == [1]
    assert found[1].conditions == (("Age at least 52 years",),)
    assert find(frame, np.zeros(len(frame), dtype=int)) == {}
