import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import CubicSpline

from pipeline.models.features import (
    KNOT_QUANTILES,
    CategoryBlock,
    LinearDesign,
    NumericBlock,
    has_direction,
    model_frame,
)
from tests.models.builders import Visits, coded, make_records, number

KNOTS = (-1.5, -0.4, 0.3, 1.0, 2.2)
WIDE = NumericBlock(0.0, (-100.0, 100.0), KNOTS)
FIRST_CUBIC = 2


def harrell(x: float, j: int, t: tuple[float, ...]) -> float:
    """Harrell 2015, equation 2.25, divided by the squared range of the knots; j counts from 1."""
    k, cube = len(t), lambda u: max(u, 0.0) ** 3
    raw = (
        cube(x - t[j - 1])
        - cube(x - t[k - 2]) * (t[k - 1] - t[j - 1]) / (t[k - 1] - t[k - 2])
        + cube(x - t[k - 1]) * (t[k - 2] - t[j - 1]) / (t[k - 1] - t[k - 2])
    )
    return raw / (t[k - 1] - t[0]) ** 2


def test_splines_equal_harrells_formula():
    x = np.linspace(-4, 5, 181)
    expected = [[harrell(v, j, KNOTS) for j in range(1, len(KNOTS) - 1)] for v in x]
    assert_allclose(WIDE.expand(x)[:, FIRST_CUBIC:], expected, rtol=1e-12, atol=1e-12)


def test_splines_are_the_natural_splines_through_their_knots():
    """scipy builds a natural spline from its values at the knots alone; beyond the knots it goes on straight."""
    inside = np.linspace(KNOTS[0], KNOTS[-1], 300)
    at_knots = WIDE.expand(np.array(KNOTS))[:, FIRST_CUBIC:]
    for values, column in zip(at_knots.T, WIDE.expand(inside)[:, FIRST_CUBIC:].T, strict=True):
        assert_allclose(column, CubicSpline(KNOTS, values, bc_type="natural")(inside), atol=1e-10)


@pytest.mark.parametrize("tail", [np.linspace(-9, KNOTS[0], 20), np.linspace(KNOTS[-1], 30, 20)])
def test_splines_are_linear_in_the_tails(tail):
    assert_allclose(np.diff(WIDE.expand(tail)[:, FIRST_CUBIC:], n=2, axis=0), 0, atol=1e-9)


def test_splines_bend_between_the_knots_without_a_jump_in_curvature():
    step = 1e-3
    x = np.arange(-3, 4, step)
    curvature = np.diff(WIDE.expand(x)[:, FIRST_CUBIC:], n=2, axis=0) / step**2
    assert np.abs(curvature).max() > 0.1
    # A cubic's curvature is piecewise linear: across a step it moves by at most its slope times the step.
    assert np.abs(np.diff(curvature, axis=0)).max() < 6 * step


def test_five_knots_span_five_dimensions():
    x = np.linspace(-3, 4, 50)
    block = WIDE.expand(x)
    assert np.linalg.matrix_rank(np.column_stack([np.ones(50), np.delete(block, 1, axis=1)])) == len(KNOTS)


@pytest.mark.parametrize("seed", range(3))
def test_median_limits_and_knots_are_learnt_from_present_values(seed):
    values = np.random.default_rng(seed).gamma(2.0, size=401)
    with_gaps = np.concatenate([values, np.full(50, np.nan)])
    block = NumericBlock.learn(with_gaps, splines=True)
    assert block == NumericBlock.learn(values, splines=True)
    assert block.median == np.sort(values)[200]
    # With 401 values the q-quantile is the (400 q)-th from the smallest, counting from 0.
    assert_allclose(block.limits, [np.sort(values)[2], np.sort(values)[398]])
    assert_allclose(block.knots, np.sort(values)[[20, 110, 200, 290, 380]])
    assert len(KNOT_QUANTILES) == len(block.knots)
    assert NumericBlock.learn(values, splines=False).knots == ()


def test_extreme_values_count_as_the_limit():
    block = NumericBlock.learn(np.arange(1000.0), splines=True)
    assert_array_equal(block.expand(np.array([-1e9, 1e9])), block.expand(np.array(block.limits)))


def test_missing_values_take_the_median_and_are_told_apart():
    block = NumericBlock.learn(np.arange(101.0), splines=True)
    missing, median = block.expand(np.array([np.nan, 50.0]))
    assert (missing[1], median[1]) == (1.0, 0.0)
    assert_array_equal(np.delete(missing, 1), np.delete(median, 1))


def test_a_rare_code_still_counts():
    """A flag that three patients in a thousand carry lies beyond the 99.5% quantile, and is not an outlier."""
    flag = np.zeros(1000)
    flag[:3] = 1
    block = NumericBlock.learn(flag, splines=True)
    assert_array_equal(block.expand(flag)[:, 0], flag)
    counts = np.concatenate([np.arange(200.0), [1e6]])
    assert NumericBlock.learn(counts, splines=True).limits[1] < 1e6


def test_a_column_never_seen_is_all_median():
    block = NumericBlock.learn(np.full(5, np.nan), splines=True)
    assert_array_equal(block.expand(np.array([np.nan, 3.0])), [[0, 1], [0, 0]])


@pytest.mark.parametrize("values", [[1.0, 2, 3] * 40, [0.0] * 95 + list(range(5)), [4.0] * 9])
def test_too_few_distinct_values_or_knots_make_a_linear_block(values):
    column = np.array(values)
    assert NumericBlock.learn(column, splines=True).knots == ()
    assert NumericBlock.learn(column, splines=True).expand(column).shape == (len(values), 2)


def test_levels_have_a_column_each_and_the_unknown_none():
    block = CategoryBlock(("a", "b", "c"))
    column = pd.Series(pd.Categorical(["b", None, "z", "a"], categories=["z", "a", "b"]))
    assert_array_equal(block.expand(column), [[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]])


def levels_of(counts: dict[str, int]) -> pd.Series:
    """A category with so many patients per label, in declared order."""
    return pd.Series(pd.Categorical(np.repeat(list(counts), list(counts.values())), categories=list(counts)))


def test_rare_levels_share_a_column():
    column = levels_of({"a": 40, "b": 4, "c": 5, "d": 0, "e": 1})
    block = CategoryBlock.learn(column)
    assert block == CategoryBlock(("a", "c"), pooled=True)
    assert_array_equal(block.expand(column).sum(axis=0), [40, 5, 5])
    new = pd.Series(pd.Categorical(["e", "d", "z", None, "c"], categories=["c", "z", "d", "e"]))
    assert_array_equal(block.expand(new), [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 1, 0]])
    assert_array_equal(block.place(new), [2, 2, 2, 3, 1])


def test_a_level_that_nobody_has_is_left_out_where_none_is_rare():
    block = CategoryBlock.learn(levels_of({"a": 6, "b": 0, "c": 9}))
    assert block == CategoryBlock(("a", "c"))
    assert_array_equal(block.expand(levels_of({"b": 2})), np.zeros((2, 2)))


def test_what_is_rare_grows_with_the_patients():
    assert CategoryBlock.learn(levels_of({"a": 39_990, "b": 10})).levels == ("a",)
    assert CategoryBlock.learn(levels_of({"a": 39_980, "b": 20})).levels == ("a", "b")


def test_hundreds_of_codes_make_a_narrow_design():
    rng = np.random.default_rng(0)
    codes = [f"c{i}" for i in np.minimum(rng.geometric(0.1, 600), 400)]
    X = pd.DataFrame({"code": pd.Categorical(codes, categories=[f"c{i}" for i in range(400)])})
    design = LinearDesign.learn(X, splines=False)
    assert design.transform(X).shape == (600, len(design.owners()))
    assert len(design.owners()) < 50
    assert np.linalg.matrix_rank(design.transform(X)) == len(design.owners()) - 1


def test_a_category_without_values_has_no_columns():
    X = pd.DataFrame({"x": [1.0, 2.0], "none": pd.Categorical([None, None], categories=["a", "b"])})
    design = LinearDesign.learn(X, splines=False)
    assert design.owners() == ["x", "x"]
    assert design.transform(X.assign(none=pd.Categorical(["a", "b"]))).shape == (2, 2)


def test_infinite_values_are_a_fault_of_the_caller():
    with pytest.raises(AssertionError, match="infinite"):
        LinearDesign.learn(pd.DataFrame({"x": [1.0, np.inf]}), splines=False)


def test_model_frame_follows_the_declaration():
    records = make_records(0, 50, missing=0.3)
    X = model_frame(records.iloc[:, ::-1], Visits.predictors())
    assert list(X) == ["marker", "pressure", "grade", "drug", "site"]
    assert [str(X[c].dtype) for c in X] == ["float64"] * 4 + ["category"]
    assert_array_equal(X["pressure"].isna(), records["pressure"].isna())
    assert X["pressure"].isna().any()
    assert_array_equal(X["pressure"].dropna(), records["pressure"].dropna().astype(int))
    assert_array_equal(X["grade"], records["grade"].map({"low": 0.0, "mid": 1.0, "high": 2.0}).astype(float))
    assert_array_equal(X["drug"] == 1, records["drug"] == "yes")
    pd.testing.assert_series_equal(X["site"], records["site"])


def test_a_missing_code_is_missing_not_minus_one():
    predictors = {"grade": coded("low", "mid", "high", ordered=True)}
    grade = pd.Categorical(["mid", None], categories=["low", "mid", "high"], ordered=True)
    assert_array_equal(model_frame(pd.DataFrame({"grade": grade}), predictors)["grade"], [1.0, np.nan])


def test_only_numbers_ordered_codes_and_pairs_have_a_direction():
    assert has_direction(number())
    assert has_direction(coded("no", "yes"))
    assert has_direction(coded("1", "2", "3", ordered=True))
    assert not has_direction(coded("1", "2", "3"))


@pytest.mark.parametrize("splines", [True, False])
def test_the_design_is_standardised_on_the_training_patients(splines):
    X = model_frame(make_records(1, 300), Visits.predictors())
    design = LinearDesign.learn(X, splines=splines)
    matrix = design.transform(X)
    assert_allclose(matrix.mean(axis=0), 0, atol=1e-12)
    deviations = matrix.std(axis=0)
    constant = deviations == 0  # indicators of gaps that nobody has
    assert_allclose(deviations[~constant], 1)
    assert [o for o, c in zip(design.owners(), constant, strict=True) if c] == ["grade", "drug"]
    owned = {name: design.owners().count(name) for name in X}
    cubic = 3 if splines else 0
    assert owned == {"marker": 2 + cubic, "pressure": 2 + cubic, "grade": 2, "drug": 2, "site": 4}


def test_a_constant_column_gives_zeros_whatever_its_size():
    for value in (0.0, 1e-9, 0.1, 123456.7):
        design = LinearDesign.learn(pd.DataFrame({"x": np.full(7, value)}), splines=True)
        assert_allclose(design.transform(pd.DataFrame({"x": [value] * 3})), 0, atol=1e-9)


def test_the_design_transforms_new_patients_one_at_a_time_alike():
    X = model_frame(make_records(2, 200), Visits.predictors())
    design = LinearDesign.learn(X.iloc[:150], splines=True)
    alone = [design.transform(X.iloc[[i]])[0] for i in range(150, 200)]
    assert_array_equal(design.transform(X.iloc[150:]), alone)


def test_the_design_survives_json_to_the_last_bit():
    X = model_frame(make_records(3, 200), Visits.predictors())
    X["ward"] = levels_of({"a": 180, "b": 17, "c": 3})
    design = LinearDesign.learn(X, splines=True)
    assert design.blocks["ward"] == CategoryBlock(("a", "b"), pooled=True)
    again = LinearDesign.from_dict(json.loads(json.dumps(design.to_dict())))
    assert again.blocks == design.blocks
    assert_array_equal(again.transform(X), design.transform(X))
