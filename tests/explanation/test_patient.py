from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.explanation.patient import explain_patients, place_among, weigh_gaps
from pipeline.models.features import model_frame
from pipeline.models.support import Numbers
from tests.operations.pages import Ward, make_basis, make_wards
from tests.operations.scoring import make_deployed


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
