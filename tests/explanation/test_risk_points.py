from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from pipeline.explanation.risk_points import count_orders, share_risk

LOG_ODDS = st.floats(-6, 6, allow_nan=False)


def every_order(base: float, contributions: np.ndarray) -> np.ndarray:
    """The Shapley value by its definition."""
    total = np.zeros(len(contributions))
    orders = list(permutations(range(len(contributions))))
    for order in orders:
        reached = base
        for place in order:
            total[place] += expit(reached + contributions[place]) - expit(reached)
            reached += contributions[place]
    return total / len(orders)


@settings(max_examples=15, deadline=None)
@given(LOG_ODDS, st.lists(LOG_ODDS, min_size=1, max_size=5))
def test_risk_is_parted_as_the_average_over_all_orders_parts_it(base, given_parts):
    contributions = np.array(given_parts)
    parts = share_risk(base, contributions[None])[0]
    np.testing.assert_allclose(parts, every_order(base, contributions), atol=1e-12)
    assert parts.sum() == pytest.approx(expit(base + contributions.sum()) - expit(base), abs=1e-10)
    assert (np.abs(parts) <= 1).all()
    assert (parts * np.sign(contributions) >= 0).all()


def test_two_factors_are_parted_in_closed_form_and_without_any_there_is_one_step():
    a, b = 1.2, -0.7
    expected = (expit(a) - expit(0) + expit(a + b) - expit(b)) / 2
    assert share_risk(0.0, np.array([[a, b]]))[0, 0] == pytest.approx(expected, abs=1e-12)
    assert share_risk(-1.0, np.array([[2.0]]))[0, 0] == pytest.approx(expit(1) - expit(-1), abs=1e-12)


def test_wide_tables_have_fewer_orders_and_an_even_number_of_them():
    counts = [count_orders(p) for p in (1, 7, 8, 30, 300, 30_000)]
    assert counts == [1, 5_040, 20_000, 20_000, 2_000, 200]


def test_the_parts_over_drawn_orders_are_near_those_over_all():
    contributions = np.array([1.2, -0.8, 0.5, 0.3, -0.2, 0.9, -1.1, 0.1])
    np.testing.assert_allclose(share_risk(-0.5, contributions[None])[0], every_order(-0.5, contributions), atol=0.001)


@pytest.mark.parametrize("predictors", [3, 12])
def test_each_of_several_patients_is_parted_like_one(predictors):
    contributions = np.random.default_rng(0).normal(size=(4, predictors))
    together = share_risk(0.2, contributions, 60)
    for row, parts in zip(contributions, together, strict=True):
        np.testing.assert_array_equal(parts, share_risk(0.2, row[None], 60)[0])
    np.testing.assert_allclose(together.sum(axis=1), expit(0.2 + contributions.sum(axis=1)) - expit(0.2), atol=1e-12)
    assert share_risk(0.2, contributions[:0], 60).shape == (0, predictors)
