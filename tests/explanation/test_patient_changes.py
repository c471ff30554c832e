from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_schemas.columns import Change, Direction, Expected, FactorClass, Kind, Reference
from pipeline.explanation import changes
from pipeline.explanation.changes import REFUSED, change_records, refuse_value, stepped
from pipeline.explanation.patient import explain_patients
from pipeline.models.features import model_frame
from tests.models.builders import number
from tests.operations.pages import make_basis, make_wards

VALUES = st.floats(-50, 50, allow_nan=False)


@st.composite
def factors(draw):
    """A number that may be changed, of any declaration without contradiction."""
    low = draw(st.floats(-40, 39))
    bounds = low, draw(st.floats(low + 0.5, 40))
    step = draw(st.floats(0.01, 60)) * draw(st.sampled_from([-1, 1]))
    direction = draw(st.sampled_from([None, Direction.INCREASES, Direction.DECREASES]))
    reference = draw(st.sampled_from([None, Reference(-5, 5, "made up"), Reference(None, 3, "made up")]))
    return replace(
        number(factor=FactorClass.MODIFIABLE, change=Change(step, bounds, "made up")),
        kind=draw(st.sampled_from([Kind.INTEGER, Kind.DECIMAL])),
        expected=direction and Expected(direction, "made up"), reference=reference, plausible=(-45, 45),
    )  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(factors(), VALUES, VALUES)
def test_what_is_allowed_keeps_to_the_declaration(column, before, asked):
    """Neither the declared step nor a value that someone asks for gets around a bound, a step or a direction."""
    before = round(before) if column.kind == Kind.INTEGER else before
    for after in (stepped(column, before), asked):
        reason = refuse_value(column, before, after)
        assert reason in ("", *REFUSED)
        if reason:
            continue
        low, high = column.change.bounds
        assert low <= after <= high
        assert np.sign(after - before) == np.sign(column.change.step)
        assert abs(after - before) <= abs(column.change.step) + 1e-9
        assert column.expected is None or column.expected.direction * (after - before) < 0
        assert column.kind != Kind.INTEGER or after == round(after)
        if column.reference:
            end = column.reference.low if after < before else column.reference.high
            assert end is None or (after >= end if after < before else after <= end)


@settings(max_examples=200, deadline=None)
@given(factors(), VALUES)
def test_the_declared_step_is_refused_only_for_what_the_schema_says(column, before):
    before = round(before) if column.kind == Kind.INTEGER else before
    after = stepped(column, before)
    allowed = {"", changes.HARMFUL, changes.BEYOND_REFERENCE}
    assert after == before or refuse_value(column, before, after) in allowed


@pytest.mark.parametrize("factor", [FactorClass.IMMUTABLE, FactorClass.MARKER, FactorClass.TREATMENT])
def test_no_other_class_is_ever_moved(factor):
    change = Change(-1, (0, 9), "made up")
    assert refuse_value(number(factor=factor, change=change), 5.0, 4.5) == changes.NOT_LISTED
    basis, records = make_basis(factor=factor), make_wards(0, 3)
    assert all(account.what_ifs == () for account in explain_patients(records, basis))


@pytest.mark.parametrize("after", [float("nan"), float("inf"), -float("inf")])
def test_no_number_is_no_value(after):
    column = number(factor=FactorClass.MODIFIABLE, change=Change(-1, (0, 9), "made up"))
    assert refuse_value(column, 5.0, after) == changes.OUT_OF_BOUNDS


@pytest.mark.parametrize("seed", range(3))
def test_what_is_shown_is_what_the_model_says_of_a_supported_record_with_one_value_changed(seed):
    basis, records = make_basis(), make_wards(seed, 16)
    accounts = explain_patients(records, basis)
    shown = 0
    for row, account in enumerate(accounts):
        [tried] = account.what_ifs
        assert tried.refused in ("", *REFUSED)
        if tried.refused:
            assert tried.risk is None
            continue
        X = model_frame(records.iloc[[row]], basis.inputs).assign(marker=tried.after)
        told = basis.deployed.predict(X).iloc[0]
        assert (tried.risk, tried.lower, tried.upper) == pytest.approx((told["risk"], told["lower"], told["upper"]))
        assert not told["outside"]
        assert not account.told["outside"]
        assert told["risk"] <= account.told["risk"] - changes.LEAST
        assert tried.recomputed == ()
        shown += 1
    assert shown >= 4


def test_records_stay_as_they_were():
    basis, records = make_basis(), make_wards(1, 5)
    before = records.copy(deep=True)
    explain_patients(records, basis, {"marker": 0.0})
    assert before.equals(records)


def reasons(basis, seed=3, n=12, asked=None) -> set[str]:
    return {a.what_ifs[0].refused for a in explain_patients(make_wards(seed, n), basis, asked)}


def test_a_change_beyond_the_joint_support_is_refused():
    far = Change(-17, (-9, -8.5), "made up")
    assert reasons(make_basis(change=far)) <= {changes.UNLIKE, changes.UNLIKE_NOW, changes.MISSING}
    assert changes.UNLIKE in reasons(make_basis(change=far))


def test_a_combination_that_nobody_had_is_refused_though_each_value_is_usual():
    """Marker and a copy of it: moved by itself to a usual value, it breaks the correlation."""
    from pipeline.models.support import Support
    from tests.operations.pages import Ward
    from tests.operations.scoring import make_deployed

    X = make_deployed(Ward)[1].X
    together = X.assign(age=60 + 10 * X["marker"].fillna(0) + np.random.default_rng(0).normal(size=len(X)))
    support = Support.learn(together, Ward.predictors())
    one = together.iloc[[int(together["marker"].sub(1.5).abs().argmin())]]
    assert not support.judge(one)["outside"].iloc[0]
    assert support.judge(one.assign(marker=-1.0))["outside"].iloc[0]


def test_a_change_that_does_not_lower_the_risk_is_never_shown():
    up = make_basis(change=Change(0.5, (-9, 9), "made up"), expected=None)
    found = reasons(up)
    assert changes.NOT_LOWER in found
    assert "" not in found
    assert reasons(make_basis(change=Change(0.5, (-9, 9), "made up"))) <= {changes.HARMFUL, changes.MISSING}


def test_a_rule_that_the_change_breaks_refuses_it():
    strict = replace(make_basis(), obeys=lambda before, after: np.zeros(len(before), dtype=bool))
    assert "" not in reasons(strict)
    assert changes.BREAKS_RULE in reasons(strict)


def test_derived_markers_follow_fixed_factors_refuse_and_what_is_derived_does_not_move_by_itself():
    def follow(name):
        return lambda f: f.assign(**{name: (f["marker"] * 0.2 + 6).astype(f[name].dtype)})

    record = make_wards(4, 30).dropna(subset=["marker"]).iloc[[0]]
    moved, followed = change_records(record, "marker", np.array([-0.3]), follow("glucose"))
    assert list(followed) == ["glucose"]
    assert followed["glucose"].all()
    assert moved["glucose"].iloc[0] == pytest.approx(5.94)
    unmoved = record.columns.drop(["marker", "glucose"])
    assert moved[unmoved].equals(record[unmoved])
    glucose = replace(make_basis(), derive=follow("glucose"))
    shown = [w for a in explain_patients(make_wards(3, 12), glucose) for w in a.what_ifs if not w.refused]
    assert {w.recomputed for w in shown} == {("glucose",)}
    age = replace(make_basis(), derive=lambda f: f.assign(age=(60 + f["marker"] * 100).round().astype("Int64")))
    assert "" not in reasons(age)
    assert changes.MOVES_OTHERS in reasons(age)
    marker = replace(make_basis(), derive=lambda f: f.assign(marker=f["glucose"] / 10))
    assert "" not in reasons(marker)
    assert changes.COMPUTED in reasons(marker)
