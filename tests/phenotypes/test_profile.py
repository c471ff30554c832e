import numpy as np
import pandas as pd
import pytest

from pipeline.phenotypes.meaning import Meaning
from pipeline.phenotypes.profile import NO_NAME, profile_clusters
from pipeline.phenotypes.space import fit_space

SMALLEST = 10


def profile(frame, assignment, labels=None, units=None):
    return profile_clusters(
        frame, np.asarray(assignment), fit_space(frame), Meaning(labels or {}, units or {}), SMALLEST
    )


def by_name(profiles, cluster):
    return {p.predictor: p for p in profiles[cluster][1]}


def test_differences_and_name_by_hand():
    frame = pd.DataFrame({"a": [0.0] * 10 + [2.0] * 5 + [4.0] * 5, "b": [1.0, 2.0, 3.0, 4.0] * 5})
    profiles = profile(frame, [1] * 10 + [2] * 10, {"a": "Tumour size"})
    name, (first, second) = profiles[2]
    assert (first.predictor, first.mean, first.median) == ("a", 3.0, 3.0)
    assert first.difference == pytest.approx(3 / np.std(frame["a"]))
    assert second.predictor == "b"
    assert name == "higher Tumour size"
    assert profiles[1][0] == "lower Tumour size"


def test_mean_is_in_the_original_unit_though_compared_on_the_log_scale():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"marker": np.exp(rng.normal(5, 1.5, 200))})
    top = frame["marker"].to_numpy() > frame["marker"].median()
    found = by_name(profile(frame, np.where(top, 2, 1)), 2)["marker"]
    assert found.mean == pytest.approx(frame["marker"][top].mean())
    raw = (frame["marker"][top].mean() - frame["marker"][~top].mean()) / frame["marker"].std(ddof=0)
    assert found.difference > raw + 0.3


def test_a_name_does_not_say_one_thing_twice():
    x = np.repeat([0.0, 1.0, 5.0, 6.0], 10)
    frame = pd.DataFrame({"radius": x, "area": x * 2 + 1, "age": np.tile([1.0, 2.0, 3.0, 4.0], 10)})
    assert profile(frame, np.where(x > 3, 1, 2))[1][0] == "higher radius"


def test_clusters_that_differ_in_nothing_get_no_adjective():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0] * 20})
    assert profile(frame, [1] * 30 + [2] * 30)[1][0] == NO_NAME


def test_unordered_category_names_its_level():
    frame = pd.DataFrame({"site": pd.Categorical(["a"] * 40 + ["b"] * 10 + ["a"] * 15 + ["b"] * 35)})
    found = profile(frame, [1] * 50 + [2] * 50, {"site": "Site"})
    assert found[1][0] == "more often Site: a"
    assert by_name(found, 1)["site"].shares == {"a": 0.8, "b": 0.2}


@pytest.mark.parametrize("as_category", [True, False])
def test_a_rare_flag_is_hidden_with_everything_that_gives_it_away(as_category):
    flag = np.array([1.0] * 3 + [0.0] * 47 + [1.0] * 30 + [0.0] * 20)
    column = pd.Categorical(flag) if as_category else flag
    frame = pd.DataFrame({"flag": column, "x": np.arange(100.0)})
    for cluster in (1, 2):
        found = by_name(profile(frame, [1] * 50 + [2] * 50), cluster)["flag"]
        assert set(found.shares.values()) == {None}
        assert (found.mean, found.median, found.difference) == (None, None, None)


def test_few_recorded_values_are_not_summarised():
    frame = pd.DataFrame({"x": np.arange(60.0)})
    frame.loc[4:29, "x"] = np.nan
    found = by_name(profile(frame, [1] * 30 + [2] * 30), 1)["x"]
    assert (found.mean, found.difference, found.missing_share) == (None, None, None)


def test_missing_share_is_told_where_it_may_be():
    frame = pd.DataFrame({"x": np.arange(60.0)})
    frame.loc[0:14, "x"] = np.nan
    frame.loc[30:39, "x"] = np.nan
    assert by_name(profile(frame, [1] * 30 + [2] * 30), 1)["x"].missing_share == 0.5


def test_great_ages_are_one():
    ages = np.tile([60.0, 85, 91, 97, 104], 20)
    frame = pd.DataFrame({"age": ages, "weight": ages})
    units = {"age": "years", "weight": "kg"}
    found = by_name(profile(frame, [1] * 50 + [2] * 50, {"age": "Age"}, units), 1)
    assert found["age"].mean == np.minimum(ages[:50], 90).mean()
    assert found["age"].median == 90
    assert (found["weight"].mean, found["weight"].median) == (ages[:50].mean(), 91)
