from dataclasses import replace
from math import inf

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from pipeline.phenotypes.conditions import Condition, Cut, anything, publishable, read_predictors, say

FRAME = pd.DataFrame(
    {
        "age": [40.0, 52.0, 60.0, np.nan],
        "size": [1.25, 3.5, 0.1, 2.0],
        "grade": pd.Categorical(["1", "2", "3", None], ["1", "2", "3"], ordered=True),
        "site": pd.Categorical(["n", "e", "s", "w"], ["n", "e", "s", "w"]),
        "drug": pd.Categorical(["no", "yes", "yes", None], ["no", "yes"]),
    }
)
AGE, SIZE, GRADE, SITE, DRUG = read_predictors(FRAME, {"age": "Age", "grade": "Grade"}, {"age": "years", "site": None})


@pytest.mark.parametrize(
    ("predictor", "condition", "words", "met"),
    [
        (AGE, Condition(52, inf, missing=False), "Age at least 52 years", [0, 1, 1, 0]),
        (AGE, Condition(-inf, 52, missing=True), "Age under 52 years or not recorded", [1, 0, 0, 1]),
        (AGE, Condition(50, 60, missing=False), "Age 50 to under 60 years", [0, 1, 0, 0]),
        (AGE, Condition(-inf, inf, missing=False), "Age is recorded", [1, 1, 1, 0]),
        (AGE, Condition(inf, inf, missing=True), "Age is not recorded", [0, 0, 0, 1]),
        (SIZE, Condition(1.25, inf, missing=True), "size at least 1.25", [1, 1, 0, 1]),
        (GRADE, Condition(allowed=frozenset({2}), missing=False), "Grade is 3", [0, 0, 1, 0]),
        (GRADE, Condition(allowed=frozenset({1, 2}), missing=False), "Grade is at least 2", [0, 1, 1, 0]),
        (GRADE, Condition(allowed=frozenset({0, 1})), "Grade is at most 2 or not recorded", [1, 1, 0, 1]),
        (GRADE, Condition(allowed=frozenset({0, 1, 2}), missing=False), "Grade is recorded", [1, 1, 1, 0]),
        (GRADE, Condition(), "Grade is not recorded", [0, 0, 0, 1]),
        (SITE, Condition(allowed=frozenset({0, 1, 3})), "site is not s", [1, 1, 0, 1]),
        (SITE, Condition(allowed=frozenset({1, 2})), "site is e or s", [0, 1, 1, 0]),
        (SITE, Condition(allowed=frozenset({3})), "site is w", [0, 0, 0, 1]),
        (DRUG, Condition(allowed=frozenset({1}), missing=False), "drug is yes", [0, 1, 1, 0]),
    ],
)
def test_a_condition_says_whom_it_takes(predictor, condition, words, met):
    assert say(condition, predictor) == words
    assert_array_equal(condition.met_by(predictor), np.array(met, dtype=bool))


def test_a_range_of_ordered_levels_that_touches_no_end_says_both():
    codes = pd.DataFrame({"g": pd.Categorical(list("abcd"), list("abcd"), ordered=True)})
    (grade,) = read_predictors(codes, {}, {})
    assert say(Condition(allowed=frozenset({1, 2})), grade) == "g is b to c"


def test_a_missing_value_goes_unsaid_where_none_is_missing():
    assert say(Condition(0, 3), replace(AGE, gaps=False)) == "Age 0 to under 3 years"


@pytest.mark.parametrize(
    ("predictor", "threshold", "published"),
    [(AGE, 51.5, 52.0), (AGE, 1234.5, 1240.0), (SIZE, 1.2345, 1.23), (SIZE, 98765.4, 98800.0), (SIZE, inf, inf),
     (GRADE, 1.5, 1.5)],
)  # fmt: skip
def test_published_thresholds(predictor, threshold, published):
    assert publishable(threshold, predictor) == published


@pytest.mark.parametrize("seed", range(20))
def test_cuts_along_a_path_merge_into_one_condition(seed):
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(
        {
            "x": np.where(rng.random(200) < 0.2, np.nan, rng.normal(size=200)),
            "s": pd.Categorical.from_codes(rng.integers(-1, 4, 200), list("abcd")),
        }
    )
    for at, predictor in enumerate(read_predictors(values, {}, {})):
        merged, met = anything(predictor), np.ones(200, dtype=bool)
        for _ in range(3):
            level = int(rng.integers(4)) if predictor.levels else None
            cut = Cut(at, 0.5 if predictor.levels else float(rng.normal()), level, bool(rng.integers(2)))
            high = bool(rng.integers(2))
            v = predictor.values
            above = (v == level) if predictor.levels else (v >= cut.threshold)
            met &= np.where(np.isnan(v), cut.missing_low != high, above == high)
            merged = cut.narrow(merged, high=high)
        assert_array_equal(merged.met_by(predictor), met)


def test_no_rule_sees_an_age_above_ninety():
    frame = pd.DataFrame({"age": [50.0, 93.0, 99.0, np.nan], "size": [50.0, 93.0, 99.0, np.nan]})
    age, size = read_predictors(frame, {"age": "Age"}, {"age": "years", "size": "mm"})
    assert (np.nanmax(age.values), np.nanmax(size.values)) == (90, 99)
