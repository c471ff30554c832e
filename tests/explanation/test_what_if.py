from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.special import expit

from data_schemas.columns import Change, FactorClass
from pipeline.explanation.what_if import changed_values, try_changes
from tests.models.builders import coded, make_numbers, number

COLUMNS = ["predictor", "eligible", "change", "risk_difference", "risk_difference_lo", "risk_difference_hi"]
SUPPRESSED = [*COLUMNS[1:], "outside_support"]


@dataclass(frozen=True)
class Planted:
    """Risk that is logistic in `pressure`, `effect` a unit."""

    effect: float

    def risk(self, X: pd.DataFrame) -> np.ndarray:
        return expit(-1 + self.effect * (X["pressure"].fillna(140) - 140).to_numpy())


def modifiable(step: float, low: float, high: float):
    return number(factor=FactorClass.MODIFIABLE, change=Change(step, (low, high), "made up"))


def patients(seed: int = 0, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    pressure = pd.Series(rng.normal(140, 20, n)).mask(rng.random(n) < 0.1)
    return pd.DataFrame({"pressure": pressure, "age": rng.normal(60, 10, n)})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("step", "low", "high"), [(-10, 120, 160), (15, 100, 150), (-500, 90, 130), (0.5, 139, 200)])
def test_values_keep_to_the_bounds_and_never_move_the_wrong_way(seed, step, low, high):
    values = np.random.default_rng(seed).normal(140, 25, 500)
    after = changed_values(values, Change(step, (low, high), "made up"))
    moved = after != values
    assert 0 < moved.sum() < 500
    assert ((after[moved] >= low) & (after[moved] <= high)).all()
    assert (np.sign(after - values)[moved] == np.sign(step)).all()
    assert (np.abs(after - values) <= abs(step) + 1e-9).all()
    room = (values > low) & (values + step <= high) if step < 0 else (values < high) & (values + step >= low)
    assert_array_equal(moved, room)


def test_a_step_is_taken_whole_where_there_is_room():
    change = Change(-10, (120, 200), "made up")
    assert_array_equal(changed_values(np.array([150.0, 125.0, 120.0, 100.0]), change), [140, 120, 120, 100])


def test_no_value_is_brought_into_the_bounds_by_more_than_the_step():
    """Weight that may fall by 2 within 18.5 to 30 does not fall from 45 to 30."""
    values = np.array([45.0, 31.0, 18.0])
    assert_array_equal(changed_values(values, Change(-2, (18.5, 30), "made up")), [45, 29, 18])
    assert_array_equal(changed_values(values, Change(2, (19, 32), "made up")), [45, 32, 20])


def test_a_missing_value_stays_missing():
    change = Change(-10, (120, 200), "made up")
    assert np.isnan(changed_values(np.array([np.nan]), change)[0])


@pytest.mark.parametrize("effect", [0.05, -0.05])
@pytest.mark.parametrize("step", [-10.0, 10.0])
def test_the_difference_follows_a_planted_effect(effect, step):
    X, predictors = patients(), {"pressure": modifiable(step, 120, 160), "age": number()}
    refits = [Planted(effect * f) for f in np.linspace(0.5, 1.5, 41)]
    (row,) = try_changes(X, Planted(effect), refits, predictors, 10).to_dict("records")
    room = X["pressure"].between(120, 170, "right") if step < 0 else X["pressure"].between(110, 160, "left")
    assert row["eligible"] == room.sum() < X["pressure"].notna().sum()
    assert np.sign(row["risk_difference"]) == np.sign(effect * step)
    assert row["risk_difference_lo"] < row["risk_difference"] < row["risk_difference_hi"]
    now = X.loc[room, "pressure"]
    then = (now + step).clip(120, None) if step < 0 else (now + step).clip(None, 160)
    expected = np.median(expit(-1 + effect * (then - 140)) - expit(-1 + effect * (now - 140)))
    assert row["risk_difference"] == pytest.approx(expected, rel=1e-9)
    assert row["change"] == pytest.approx(np.median(then - now))


def test_interval_is_that_of_the_refits():
    X, predictors = patients(), {"pressure": modifiable(-10, 120, 260)}
    refits = [Planted(effect) for effect in np.linspace(0.01, 0.05, 41)]
    (row,) = try_changes(X, Planted(0.03), refits, predictors, 10).to_dict("records")
    edges = [try_changes(X, Planted(e), refits, predictors, 10)["risk_difference"][0] for e in (0.049, 0.011)]
    assert [row["risk_difference_lo"], row["risk_difference_hi"]] == pytest.approx(edges, rel=1e-9)


def test_a_change_beyond_the_patients_seen_is_counted():
    X = pd.DataFrame({"pressure": np.arange(1000.0)})
    shares = [
        try_changes(X, Planted(0.01), [Planted(0.01)], {"pressure": modifiable(step, -900, 5000)}, 10)
        .loc[0, "outside_support"]
        for step in (-1.0, -100.0, -900.0)
    ]  # fmt: skip
    # The central 98% of these 1,000 are 9.99 to 989.01. Moved down by 1, patients stand at -1 to 998: 11 lie below, 9
    # above. Moved by 100 or 900, none lies above.
    assert shares == [0.02, 0.11, 0.91]


@pytest.mark.parametrize(("smallest", "shown"), [(12, True), (13, False)])
def test_few_eligible_patients_are_not_described(smallest, shown):
    X = pd.DataFrame({"pressure": np.concatenate([np.full(12, 150.0), np.full(80, 100.0), [np.nan] * 20])})
    table = try_changes(X, Planted(0.1), [Planted(0.1)], {"pressure": modifiable(-10, 120, 200)}, smallest)
    assert list(table["predictor"]) == ["pressure"]
    assert table[SUPPRESSED].notna().all(axis=None) == shown
    assert table[SUPPRESSED].isna().all(axis=None) != shown


def test_only_modifiable_predictors_are_tried():
    """A treatment gets no what-if, nor does a factor of which nobody said how it changes."""
    examples, _ = make_numbers(0, 50, (1.0, 1.0))
    predictors = {"a": number(), "b": coded("no", "yes", factor=FactorClass.TREATMENT)}
    table = try_changes(examples.X, Planted(1.0), [], predictors, 10)
    assert table.empty
    assert list(table) == [*COLUMNS, "outside_support"]


def test_other_predictors_and_the_argument_stay_as_they_were():
    X = patients()
    before = X.copy()
    seen = []

    class Watching:
        def risk(self, frame: pd.DataFrame) -> np.ndarray:
            seen.append(frame)
            return np.zeros(len(frame))

    try_changes(X, Watching(), [Watching()], {"pressure": modifiable(-10, 120, 260)}, 10)
    pd.testing.assert_frame_equal(X, before)
    assert len(seen) == 4
    for frame in seen:
        pd.testing.assert_series_equal(frame["age"], X.loc[frame.index, "age"])
    assert not seen[0]["pressure"].equals(seen[1]["pressure"])
