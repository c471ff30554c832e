from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.special import expit

from data_schemas.columns import Change, Direction, Expected, FactorClass, Kind
from pipeline.explanation.changes import Basis
from pipeline.explanation.what_if import COLUMNS, try_changes
from tests.explanation.planted import everything_goes
from tests.models.builders import coded, number
from tests.operations.pages import make_basis, make_wards

FIGURES = COLUMNS[1:-1]
MOVED = ["change", "risk_difference", "risk_difference_lo", "risk_difference_hi", "lowered"]


@dataclass(frozen=True)
class Planted:
    """Risk that is logistic in `pressure`, `effect` a unit; pressures outside `usual` are unlike all that was seen."""

    effect: float
    usual: tuple[float, float] = (-np.inf, np.inf)

    def risk(self, X: pd.DataFrame) -> np.ndarray:
        return expit(-1 + self.effect * (X["pressure"].fillna(140) - 140).to_numpy())

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        outside = (X["pressure"] < self.usual[0]) | (X["pressure"] > self.usual[1])
        return pd.DataFrame({"risk": self.risk(X), "lower": 0.0, "upper": 1.0, "outside": outside}, index=X.index)


@dataclass(frozen=True)
class Watching(Planted):
    """The same, and keeps what it is asked."""

    seen: list[pd.DataFrame] = field(default_factory=list)

    def risk(self, X: pd.DataFrame) -> np.ndarray:
        self.seen.append(X)
        return super().risk(X)


def modifiable(step: float, low: float, high: float):
    return replace(
        number(factor=FactorClass.MODIFIABLE, change=Change(step, (low, high), "made up")), kind=Kind.DECIMAL
    )


def basis_of(planted: Planted, refits=(), **inputs) -> Basis:
    return Basis(planted, inputs, lambda frame: frame, everything_goes, tuple(refits) or (planted,))  # type: ignore[arg-type]


def patients(seed: int = 0, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    pressure = pd.Series(rng.normal(140, 20, n)).mask(rng.random(n) < 0.1)
    return pd.DataFrame({"pressure": pressure, "age": rng.normal(60, 10, n)})


@pytest.mark.parametrize("effect", [0.05, -0.05])
@pytest.mark.parametrize("step", [-10.0, 10.0])
def test_the_difference_follows_a_planted_effect(effect, step):
    X = patients()
    refits = [Planted(effect * f) for f in np.linspace(0.5, 1.5, 41)]
    basis = basis_of(Planted(effect), refits, pressure=modifiable(step, 120, 160), age=number())
    (row,) = try_changes(X, basis, 10).to_dict("records")
    room = X["pressure"].between(120, 170, "right") if step < 0 else X["pressure"].between(110, 160, "left")
    assert row["eligible"] == room.sum() < X["pressure"].notna().sum()
    assert np.sign(row["risk_difference"]) == np.sign(effect * step)
    assert row["risk_difference_lo"] < row["risk_difference"] < row["risk_difference_hi"]
    now = X.loc[room, "pressure"]
    then = (now + step).clip(120, None) if step < 0 else (now + step).clip(None, 160)
    differences = expit(-1 + effect * (then - 140)) - expit(-1 + effect * (now - 140))
    assert row["risk_difference"] == pytest.approx(np.median(differences), rel=1e-9)
    assert row["change"] == pytest.approx(np.median(then - now))
    lowered = (differences <= -0.001).sum()
    assert row["lowered"] == pytest.approx(lowered / room.sum()) or 0 < min(lowered, room.sum() - lowered) < 10
    assert row["outside_support"] == row["not_possible"] == 0


def test_interval_is_that_of_the_refits():
    X, refits = patients(), [Planted(effect) for effect in np.linspace(0.01, 0.05, 41)]
    rows = [
        try_changes(X, basis_of(Planted(e), refits, pressure=modifiable(-10, 120, 260)), 10).iloc[0]
        for e in (0.03, 0.049, 0.011)
    ]
    limits = [rows[0]["risk_difference_lo"], rows[0]["risk_difference_hi"]]
    assert limits == pytest.approx([row["risk_difference"] for row in rows[1:]], rel=1e-9)


def test_records_unlike_those_of_development_are_counted_and_do_not_speak_of_the_difference():
    X = pd.DataFrame({"pressure": np.arange(100.0, 200.0)})
    basis = basis_of(Planted(0.05, (120, 180)), pressure=modifiable(-30, 0, 500))
    [row] = try_changes(X, basis, 10).to_dict("records")
    # 150 to 180 are usual before and after: 31 of 100.
    assert row["eligible"] == 100
    assert row["outside_support"] == pytest.approx(0.69)
    now = X.loc[X["pressure"].between(150, 180), "pressure"]
    expected = np.median(expit(-1 + 0.05 * (now - 170)) - expit(-1 + 0.05 * (now - 140)))
    assert row["risk_difference"] == pytest.approx(expected)
    none = try_changes(X, basis_of(Planted(0.05, (120, 121)), pressure=modifiable(-30, 0, 500)), 10)
    assert none.loc[0, "outside_support"] == 1
    assert none.loc[0, MOVED].isna().all()


@pytest.mark.parametrize(("smallest", "shown"), [(12, True), (13, False)])
def test_few_eligible_patients_are_not_described(smallest, shown):
    X = pd.DataFrame({"pressure": np.concatenate([np.full(12, 150.0), np.full(80, 100.0), [np.nan] * 20])})
    table = try_changes(X, basis_of(Planted(0.1), pressure=modifiable(-10, 120, 200)), smallest)
    assert list(table["predictor"]) == ["pressure"]
    assert table[FIGURES].notna().all(axis=None) == shown
    assert table[FIGURES].isna().all(axis=None) != shown


def test_counts_and_shares_with_few_patients_on_one_side_are_hidden():
    """Of 100 patients 5 have no room, and 4 leave the support: neither number can be told."""
    X = pd.DataFrame({"pressure": np.concatenate([np.full(91, 150.0), np.full(5, 90.0), np.full(4, 121.0)])})
    basis = basis_of(Planted(0.1, (115, 400)), pressure=modifiable(-10, 95, 200))
    [row] = try_changes(X, basis, 10).to_dict("records")
    assert pd.isna(row["eligible"])
    assert pd.isna(row["outside_support"])
    assert row["not_possible"] == 0
    assert row["lowered"] == 1
    assert row["risk_difference"] < 0


def test_only_modifiable_predictors_are_tried():
    """A treatment gets no what-if, nor does a factor of which nobody said how it changes."""
    inputs = {"pressure": number(), "drug": coded("no", "yes", factor=FactorClass.TREATMENT)}
    records = patients().assign(drug=pd.Categorical(["no", "yes"] * 150))
    table = try_changes(records, basis_of(Planted(1.0), **inputs), 10)
    assert table.empty
    assert list(table) == COLUMNS


def test_what_follows_a_factor_is_computed_anew_and_what_is_fixed_refuses():
    def follow(frame):
        return frame.assign(double=2 * frame["pressure"])

    records = follow(patients())
    for factor, possible in ((FactorClass.MARKER, True), (FactorClass.IMMUTABLE, False)):
        watching = Watching(0.05)
        inputs = {"pressure": modifiable(-10, 0, 500), "double": number(factor=factor)}
        basis = Basis(watching, inputs, follow, everything_goes)  # type: ignore[arg-type]
        [row] = try_changes(records, basis, 10).to_dict("records")
        assert row["not_possible"] == (0 if possible else 1)
        assert row["recomputed"] == "double"
        assert pd.isna(row["risk_difference"]) != possible
        _, then = watching.seen
        assert_array_equal(then["double"].dropna(), 2 * then["pressure"].dropna())


def test_rules_that_a_change_breaks_make_it_impossible():
    basis = basis_of(Planted(0.05), pressure=modifiable(-10, 0, 500))
    strict = replace(basis, obeys=lambda before, after: (after["pressure"] > 140).to_numpy(bool))
    X = patients()
    [row] = try_changes(X, strict, 10).to_dict("records")
    assert row["not_possible"] == pytest.approx((X["pressure"].dropna() <= 150).mean())


def test_a_factor_is_never_moved_in_the_harmful_direction_or_past_its_reference():
    harmful = replace(modifiable(10, 0, 500), expected=Expected(Direction.INCREASES, "made up"))
    table = try_changes(patients(), basis_of(Planted(0.05), pressure=harmful), 10)
    assert table[FIGURES].isna().all(axis=None)


def test_records_stay_as_they_were_and_cohort_and_patient_agree():
    from pipeline.explanation.patient import explain_patients

    basis, records = make_basis(), make_wards(2, 120)
    basis = replace(basis, refits=(basis.deployed.model,))
    before = records.copy(deep=True)
    [row] = try_changes(records, basis, 10).to_dict("records")
    assert before.equals(records)
    accounts = explain_patients(records, basis)
    shown = [a.what_ifs[0].risk - a.told["risk"] for a in accounts if not a.what_ifs[0].refused]
    assert row["lowered"] > 0.5
    # The cohort's figure counts those whom the change does not help, too.
    assert np.median(shown) - 1e-12 <= row["risk_difference"] < 0
    assert row["risk_difference_lo"] == pytest.approx(row["risk_difference"])
    for one in (a.what_ifs[0] for a in accounts if not a.what_ifs[0].refused):
        assert one.difference_lo == one.difference_hi
    told = [a.what_ifs[0].difference_lo for a in accounts if not a.what_ifs[0].refused]
    assert told == pytest.approx(shown)


def test_without_refits_a_difference_has_no_interval():
    alone = replace(basis_of(Planted(0.05), pressure=modifiable(-10, 0, 500)), refits=())
    [row] = try_changes(patients(), alone, 10).to_dict("records")
    assert row["risk_difference"] < 0
    assert pd.isna(row["risk_difference_lo"])
    assert pd.isna(row["risk_difference_hi"])
