import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import FactorClass
from data_schemas.effects import Effect
from pipeline.errors import DataRefusedError
from pipeline.explanation.effects import nuisance
from pipeline.explanation.effects.describe import describe_effect
from pipeline.outcomes import Observed
from tests.models.builders import Unpenalised, coded, number
from tests.reporting.finders import find_causes

COLUMNS = {
    "drug": coded("none", "low", "high", "other", factor=FactorClass.TREATMENT),
    "severity": number(),
    "age": number(missing_allowed=True),
    "days_to_death": number(),
}
WHY = {"severity": "the severely ill are treated more", "age": "the older are treated less"}
EFFECT = Effect("drug", ("low", "high"), ("none",), "observational", "ATE", WHY)
SMALLEST = 10


def draw(seed, n=1200, *, steep=1.0, effect=0.0):
    rng = np.random.default_rng(seed)
    severity, age = rng.normal(size=(2, n))
    treated = rng.random(n) < 1 / (1 + np.exp(-steep * severity))
    code = np.where(treated, rng.integers(1, 3, n), 0)
    code[rng.random(n) < 0.05] = 3
    risk = 0.1 + 0.6 / (1 + np.exp(-severity - 0.5 * age))
    records = pd.DataFrame(
        {
            "drug": pd.Categorical.from_codes(code, COLUMNS["drug"].labels),
            "severity": severity,
            "age": np.where(rng.random(n) < 0.1, np.nan, age),
        }
    )
    return records, Observed((rng.random(n) < risk + effect * treated).astype(float))


def describe(effect, records, observed, smallest=SMALLEST):
    return describe_effect(effect, COLUMNS, records, observed, np.arange(len(records)), smallest, 1)


@pytest.fixture(scope="module", autouse=True)
def quick_learner():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nuisance, "LEARNER", Unpenalised())
        yield


@pytest.fixture(scope="module")
def observational():
    return describe(EFFECT, *draw(1))


@pytest.fixture(scope="module")
def by_lot():
    return describe(replace(EFFECT, design="randomised"), *draw(2, steep=0.0, effect=-0.15))


def estimates(told):
    if isinstance(told, dict) and set(told) == {"value", "lo", "hi", "reason"}:
        yield told
    elif isinstance(told, dict | list):
        for part in told.values() if isinstance(told, dict) else told:
            yield from estimates(part)


def test_no_effect_but_strong_confounding(observational):
    naive, adjusted = (observational[name]["difference"] for name in ("naive", "adjusted"))
    assert naive["lo"] > 0.05
    assert adjusted["lo"] <= 0 <= adjusted["hi"]


def test_an_effect_found_by_lot_adjusted_or_not(by_lot):
    naive, adjusted = (by_lot[name]["difference"] for name in ("naive", "adjusted"))
    for told in (naive, adjusted):
        assert told["lo"] <= -0.15 <= told["hi"] < 0
    assert adjusted["hi"] - adjusted["lo"] < naive["hi"] - naive["lo"]
    assert by_lot["overlap"] is None
    assert by_lot["sensitivity"] is None


@pytest.mark.parametrize("which", ["observational", "by_lot"])
def test_it_is_json_without_nan_and_each_gap_has_its_reason(which, request):
    told = request.getfixturevalue(which)
    text = json.dumps(told, allow_nan=False)
    assert find_causes(text) == []
    found = list(estimates(told))
    assert len(found) > 20
    for one in found:
        gap = None in (one["value"], one["lo"], one["hi"])
        assert gap == (one["reason"] is not None)


def test_what_is_declared_and_counted(observational):
    assert observational["adjust"] == WHY
    assert observational["treated"] == ["low", "high"]
    assert 20 < observational["in_neither_arm"] < 120
    assert sum(observational["patients"].values()) == 1200 - observational["in_neither_arm"]
    assert observational["overlap"]["left"] is None or min(observational["overlap"]["left"].values()) >= 0
    severity = next(row for row in observational["balance"] if row["column"] == "severity")
    assert abs(severity["after"]["value"]) < 0.1 < severity["before"]["value"]
    assert observational["sensitivity"]["e_value"]["value"] >= 1


def test_by_risk_and_by_benefit(by_lot):
    assert len(by_lot["by_risk"]["groups"]) == 4
    assert len(by_lot["by_benefit"]["groups"]) >= 2
    assert by_lot["by_benefit"]["slope"]["value"] is not None


def test_by_lot_nothing_need_be_adjusted_for():
    told = describe(replace(EFFECT, design="randomised", adjust={}), *draw(3, 400, steep=0.0))
    assert told["naive"]["difference"]["value"] is not None
    assert "no column is adjusted for" in told["adjusted"]["difference"]["reason"]
    assert told["by_risk"] == {"groups": [], "reason": "no column is adjusted for, so that no risk is predicted"}
    assert told["balance"] == []


def test_no_overlap_is_refused():
    with pytest.raises(DataRefusedError, match="the arms do not overlap"):
        describe(EFFECT, *draw(4, 600, steep=15.0))


@pytest.mark.parametrize("design", ["observational", "randomised"])
def test_where_few_are_in_neither_arm_nobody_is_counted(design):
    """Else the rest of all patients would tell how few they are."""
    records, observed = draw(9, 600)
    few = records.assign(drug=records["drug"].where(records["drug"] != "other", "low"))
    few.loc[few.index[:4], "drug"] = "other"
    told = describe(replace(EFFECT, design=design), few, observed)
    assert told["in_neither_arm"] is None
    assert set(told["patients"].values()) == {None}
    assert all(row["patients"] is None for part in ("by_risk", "by_benefit") for row in told[part]["groups"])
    assert told["adjusted"]["difference"]["value"] is not None
    if design == "observational":
        assert (told["overlap"]["bins"], told["overlap"]["left"], told["overlap"]["stay"]) == ([], None, None)


def test_one_arm_is_refused():
    records, observed = draw(5, 100)
    alone = records.assign(drug=records["drug"].where(records["drug"] != "none"))
    with pytest.raises(DataRefusedError, match="no record has a label of the control arm in drug"):
        describe(EFFECT, alone, observed)


def test_small_arms_are_refused():
    with pytest.raises(DataRefusedError, match="an arm has fewer than 10 patients, or patients with the event"):
        describe(EFFECT, *draw(6, 30))
