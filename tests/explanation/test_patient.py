from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from pipeline.explanation.patient import count_orders, explain_patients, place_among, share_risk, weigh_gaps
from pipeline.models.features import model_frame
from pipeline.models.support import Numbers
from tests.operations.pages import Ward, make_basis, make_wards
from tests.operations.scoring import make_deployed

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


@pytest.mark.parametrize("seed", range(3))
def test_parts_add_up_to_the_risk_and_its_log_odds(seed):
    basis, records = make_basis(), make_wards(seed, 6)
    accounts = explain_patients(records, basis)
    odds = basis.deployed.model.log_odds(model_frame(records, basis.inputs))
    for account, expected in zip(accounts, odds, strict=True):
        assert [part.predictor for part in account.parts] == list(basis.inputs)
        assert account.base + sum(p.log_odds for p in account.parts) == pytest.approx(expected, abs=1e-5)
        assert account.base_risk == pytest.approx(expit(account.base), abs=1e-12)
        assert account.base_risk + sum(p.risk for p in account.parts) == pytest.approx(account.told["risk"], abs=1e-5)
        assert all(p.risk * p.log_odds > 0 for p in account.parts if abs(p.log_odds) > 1e-6)


@settings(max_examples=15, deadline=None)
@given(LOG_ODDS, st.lists(LOG_ODDS, min_size=1, max_size=5))
def test_risk_is_parted_as_the_average_over_all_orders_parts_it(base, given_parts):
    contributions = np.array(given_parts)
    parts = share_risk(base, contributions)
    np.testing.assert_allclose(parts, every_order(base, contributions), atol=1e-12)
    assert parts.sum() == pytest.approx(expit(base + contributions.sum()) - expit(base), abs=1e-10)
    assert (np.abs(parts) <= 1).all()
    assert (parts * np.sign(contributions) >= 0).all()


def test_two_factors_are_parted_in_closed_form_and_without_any_there_is_one_step():
    a, b = 1.2, -0.7
    expected = (expit(a) - expit(0) + expit(a + b) - expit(b)) / 2
    assert share_risk(0.0, np.array([a, b]))[0] == pytest.approx(expected, abs=1e-12)
    assert share_risk(-1.0, np.array([2.0]))[0] == pytest.approx(expit(1) - expit(-1), abs=1e-12)


def test_wide_tables_have_fewer_orders_and_an_even_number_of_them():
    counts = [count_orders(p) for p in (1, 7, 8, 30, 300, 30_000)]
    assert counts == [1, 5_040, 20_000, 20_000, 2_000, 200]


def test_the_parts_over_drawn_orders_are_near_those_over_all():
    contributions = np.array([1.2, -0.8, 0.5, 0.3, -0.2, 0.9, -1.1, 0.1])
    np.testing.assert_allclose(share_risk(-0.5, contributions), every_order(-0.5, contributions), atol=0.001)


def test_a_patient_is_explained_alike_alone_and_among_others():
    basis, records = make_basis(), make_wards(5, 8)
    together, alone = explain_patients(records, basis), explain_patients(records.iloc[[6]], basis)[0]
    assert alone.told["risk"] == pytest.approx(together[6].told["risk"], abs=1e-9)
    for one, other in zip(alone.parts, together[6].parts, strict=True):
        assert one.risk == pytest.approx(other.risk, abs=1e-6)


def with_gap(name: str) -> pd.DataFrame:
    records = make_wards(2, 5).iloc[[1]]
    frame = model_frame(records, make_basis().inputs).reset_index(drop=True)
    return frame.assign(**{name: pd.Series([None], dtype=frame[name].dtype)})


def test_a_missing_number_takes_the_cohorts_quantiles():
    basis, X = make_basis(), with_gap("marker")
    [gap] = [g for g in weigh_gaps(X, basis) if g.predictor == "marker"]
    taught = make_deployed(Ward)[1].X["marker"]
    low, high = np.quantile(taught.dropna(), [0.1, 0.9])
    grid = pd.concat([X] * 5, ignore_index=True).assign(marker=np.linspace(low, high, 5))
    risk = basis.deployed.model.risk(grid)
    assert gap.low == pytest.approx(risk.min(), abs=0.03)
    assert gap.high == pytest.approx(risk.max(), abs=0.03)
    assert low - 0.1 <= min(gap.low_at, gap.high_at) < max(gap.low_at, gap.high_at) <= high + 0.1


@pytest.mark.parametrize(("name", "codes"), [("region", ["north", "south", "west"]), ("smoker", [0.0, 1.0])])
def test_a_missing_category_takes_each_of_its_levels(name, codes):
    basis, X = make_basis(), with_gap(name)
    [gap] = [g for g in weigh_gaps(X, basis) if g.predictor == name]
    risks = [
        float(basis.deployed.model.risk(X.assign(**{name: pd.Series([code], dtype=X[name].dtype)}))[0])
        for code in codes
    ]
    labels = basis.inputs[name].labels
    assert (gap.low, gap.high) == pytest.approx((min(risks), max(risks)), abs=1e-9)
    assert (gap.low_at, gap.high_at) == (labels[int(np.argmin(risks))], labels[int(np.argmax(risks))])


def test_a_value_that_nobody_had_says_nothing():
    basis, X = make_basis(), with_gap("marker")
    nobody = basis.deployed.support.usual | {"marker": Numbers(0.0, 0.0, 1.0, (0.0,), (0.0,))}
    support = replace(basis.deployed.support, usual=nobody)
    basis = replace(basis, deployed=replace(basis.deployed, support=support))
    [gap] = [g for g in weigh_gaps(X, basis) if g.predictor == "marker"]
    assert (gap.low, gap.high, gap.low_at, gap.high_at) == (None,) * 4


@pytest.mark.parametrize(
    ("risk", "place"), [(-1, 5), (0.0, 5), (0.5, 50), (0.52, 50), (0.53, 55), (0.974, 95), (1.5, 95)]
)
def test_the_place_in_the_cohort_is_coarse(risk, place):
    assert place_among(risk, np.linspace(0, 1, 1001), 20) == place


def test_among_few_patients_there_is_no_place():
    assert place_among(0.5, np.linspace(0, 1, 19), 20) is None
    assert place_among(0.5, np.linspace(0, 1, 20), 20) == 50
    assert place_among(0.3, np.full(40, 0.3), 20) == 50
