"""Outcomes of every kind, drawn from a known risk."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import (
    Binary,
    Classes,
    Coded,
    Cohort,
    Decimal,
    FactorClass,
    Outcome,
    Role,
    Text,
    TimeToEvent,
    Whole,
    category,
    identifier,
    measurement,
)
from pipeline.outcomes import observe
from pipeline.records.quarantine import validate_records
from pipeline.records.synthetic.risk_function import RiskFunction, Slope, draw_outcome, true_risk
from pipeline.records.synthetic.synthesis import make_risk_function, synthesise
from tests.records.cohorts import SETTINGS, Clinic

LABELS = ["other death", "relapse", "lost", "accident"]
TRUTH = RiskFunction(-1.0, {"marker": Slope(1.0, 0.0, 1.0)}, {})
ENDS = {"competing": ("other death", "accident"), "censored": ("lost",)}
RELAPSE = TimeToEvent("years", "status", "relapse", 5, "years", "relapse", **ENDS, also_at=(1, 8))
ALL_ENDED = replace(RELAPSE, competing=("other death", "accident", "lost"), censored=())
CENSORED = replace(RELAPSE, competing=(), censored=("lost", "accident", "other death"))


def declare(outcome: Outcome) -> type[Cohort]:
    class Made(Cohort):
        number: Text = identifier("Number")
        marker: Decimal = measurement("Marker", plausible=(-9, 9), factor=FactorClass.MARKER)
        other: Decimal = measurement("Other", plausible=(-9, 9), factor=FactorClass.MARKER)
        years: Decimal = measurement("Years", unit="years", plausible=(0, 60), role=Role.OUTCOME)
        months: Whole = measurement("Months", unit="months", plausible=(1, 720), whole=True, role=Role.OUTCOME)
        status: Coded = category("Status", dict(zip("0123", LABELS, strict=True)), role=Role.OUTCOME)

        class Config:
            metadata = {"study": replace(Clinic.study(), outcome=outcome)}  # noqa: RUF012

    assert Made.faults() == []
    return Made


def draw(outcome: Outcome, seed: int, n: int = 40_000) -> tuple[pd.DataFrame, np.ndarray]:
    """The drawn columns of n records, and the true risks."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"marker": rng.normal(size=n), "years": 0.0, "months": pd.array([1] * n, dtype="Int64")})
    drawn = draw_outcome(frame, declare(outcome), TRUTH, rng)
    return frame.assign(**drawn), true_risk(frame, TRUTH)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "outcome",
    [
        Binary("status", "relapse", "relapse"),
        Classes("status", "relapse", "relapse"),
        RELAPSE,
        replace(RELAPSE, time="months", unit="months", horizon=60, also_at=()),
        ALL_ENDED,
        CENSORED,
    ],
)
def test_in_tenths_of_the_risk_as_many_have_the_event_as_told(outcome, seed):
    frame, risk = draw(outcome, seed)
    observed = next(iter(observe(frame, declare(outcome).study()).values()))
    event, weights = observed.by_horizon(), observed.weights()
    for tenth in np.array_split(np.argsort(risk), 10):
        w = weights[tenth]
        error = np.sqrt((w**2 * risk[tenth] * (1 - risk[tenth])).sum()) / w.sum()
        assert abs(np.average(event[tenth] - risk[tenth], weights=w)) < 4.5 * error


@pytest.mark.parametrize("seed", range(3))
def test_competing_events_come_at_a_constant_rate_whatever_the_risk_each_as_often(seed):
    frame, risk = draw(RELAPSE, seed)
    rates = {}
    for name, who in {"low": risk < np.median(risk), "high": risk >= np.median(risk)}.items():
        for start in (0, 3):
            spent = np.clip(frame.years[who] - start, 0, 3).sum()
            here = frame[who & (frame.years > start) & (frame.years <= start + 3)]
            rates |= {(name, start, kind): (here.status == kind).sum() / spent for kind in ENDS["competing"]}
    # 15% by 5 years where nothing else comes first; each rate rests on some hundred events.
    expected = -np.log(0.85) / 5 / 2
    assert all(abs(rate / expected - 1) < 0.25 for rate in rates.values()), rates


def test_where_no_label_says_censored_everybody_is_followed_to_an_event():
    frame, _ = draw(ALL_ENDED, 0)
    [first, *_] = observe(frame, declare(ALL_ENDED).study()).values()
    assert first.known().all()
    assert set(frame.status) == set(LABELS)
    assert frame.years.max() <= 60


def test_without_competing_events_none_is_drawn():
    frame, _ = draw(CENSORED, 0)
    assert set(frame.status) == {"relapse", "other death"}  # the first declared of those that say censored


def test_the_classes_that_are_not_of_interest_have_equal_shares_whatever_the_risk():
    frame, risk = draw(Classes("status", "relapse", "relapse"), 0)
    for part in (risk > 0.3, risk <= 0.3):
        counts = frame.status[part & (frame.status != "relapse")].value_counts()[["other death", "lost", "accident"]]
        assert np.abs(counts / counts.sum() - 1 / 3).max() < 4.5 * np.sqrt(2 / 9 / counts.sum())


@pytest.mark.parametrize("outcome", [Classes("status", "relapse", "relapse"), RELAPSE, ALL_ENDED])
def test_synthetic_records_with_such_an_outcome_are_valid(outcome, monkeypatch):
    monkeypatch.setattr("pipeline.records.synthetic.synthesis.BLOCK", 1_000)
    cohort = declare(outcome)
    [text] = synthesise(cohort, 1_000, 0, make_risk_function(cohort, 0, 0.3))
    result = validate_records(text, cohort, SETTINGS)
    assert len(result.valid) == 1_000
    assert set(result.valid["status"]) == set(LABELS)
