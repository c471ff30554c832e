"""Adjectives follow numbers."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting import wording


def est(value: float | None, lo: float | None, hi: float | None, reason: str | None = None) -> dict[str, Any]:
    return {"value": value, "lo": lo, "hi": hi, "reason": reason}


@pytest.mark.parametrize(
    ("auroc", "word"),
    [
        (0.5, "weak"),
        (0.6, "modest"),
        (0.699, "modest"),
        (0.7, "moderate"),
        (0.8, "good"),
        (0.9, "very good"),
        (1, "very good"),
    ],
)
def test_discrimination(auroc: float, word: str) -> None:
    assert wording.discrimination(auroc) == word


def test_discrimination_names_what_the_interval_allows() -> None:
    assert wording.say_discrimination(est(0.72, 0.66, 0.78)).endswith("compatible with modest to moderate.")
    assert wording.say_discrimination(est(0.75, 0.72, 0.78)) == "Discrimination is moderate."
    assert "no better than chance" in wording.say_discrimination(est(0.58, 0.49, 0.67))
    assert "too few" in wording.say_discrimination(est(None, None, None, "too few events"))


@pytest.mark.parametrize(
    ("lo", "hi", "slope", "ratio"),
    [
        (0.6, 0.9, "too extreme", "Fewer events"),
        (1.1, 1.4, "too close to the average", "More events"),
        (0.9, 1.1, "agrees with 1", "agrees with"),
        (0.6, 1.4, "imprecise", "agrees with"),
    ],
)
def test_calibration(lo: float, hi: float, slope: str, ratio: str) -> None:
    estimate = est((lo + hi) / 2, lo, hi)
    assert slope in wording.explain_slope(estimate)
    assert ratio in wording.explain_ratio(estimate)


def test_without_an_interval_nothing_is_claimed() -> None:
    unknown = est(1.0, None, None, "too few events")
    assert "cannot be said" in wording.explain_slope(unknown)
    assert "too few events" in wording.say_calibration(unknown, unknown)


@pytest.mark.parametrize(
    ("estimate", "shown"),
    [
        (est(0.692, 0.641, 0.743), "0.69 (0.64 to 0.74)"),
        (est(-0.12, -0.2, -0.04), "\u22120.12 (\u22120.20 to \u22120.04)"),
        (est(None, None, None, "too few events"), "not computed: too few events"),
        (est(0.7, None, None, "one resample failed"), "0.70 (no interval: one resample failed)"),
        (est(None, None, None), "not computed: no reason recorded"),
    ],
)
def test_estimate(estimate: dict[str, Any], shown: str) -> None:
    assert wording.estimate(estimate).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.001, "<1%"), (0.0051, "1%"), (0.42, "42%"), (0.996, ">99%"), (1, "100%")]
)
def test_percent(share: float, shown: str) -> None:
    assert wording.percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0034567, "0.00346"), (32.5, "32.5"), (1084.2, "1,084"), (-2.0, "\u22122")]
)
def test_significant(value: float, shown: str) -> None:
    assert wording.significant(value) == shown


@given(st.floats(-1e6, 1e6))
def test_no_negative_zero(value: float) -> None:
    shown = wording.decimal(value)
    assert float(shown.replace(",", "").replace("\u2212", "-")) == pytest.approx(value, abs=0.0051)
    assert "-" not in shown
    assert shown != "\u22120.00"


@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 0.3))
def test_no_sentence_claims_a_cause(value: float, below: float, above: float) -> None:
    estimate = est(value, max(value - below, 0), min(value + above, 1))
    row = {"threshold": 0.2, "model": estimate, "treat_all": estimate}
    said = " ".join([
        wording.say_discrimination(estimate), wording.explain_auroc(estimate, "death"), wording.explain_slope(estimate),
        wording.explain_ratio(estimate), wording.explain_benefit(row), wording.say_utility([row]),
        wording.say_calibration(estimate, estimate), wording.RULES,
    ])  # fmt: skip
    assert not any(word in said.lower() for word in wording.CAUSAL)
    assert "nan" not in said.lower()


def test_utility_counts_the_thresholds_at_which_the_model_is_better() -> None:
    rows = [
        {"threshold": t, "model": est(m, 0, 1), "treat_all": est(a, 0, 1)}
        for t, m, a in ((0.1, 0.3, 0.35), (0.2, 0.25, 0.2), (0.3, 0.1, -0.1), (0.4, -0.01, -0.2))
    ]
    assert wording.better_thresholds(rows) == [0.2, 0.3]
    assert "2 of 4 declared thresholds (between 20% and 30%)" in wording.say_utility(rows)
    assert (
        wording.better_thresholds([{"threshold": 0.1, "model": est(None, None, None), "treat_all": est(0, 0, 0)}]) == []
    )


def test_adjectives_cover_every_auroc() -> None:
    bounds = [bound for bound, _ in wording.DISCRIMINATION]
    assert bounds == sorted(bounds)
    assert bounds[-1] == math.inf
