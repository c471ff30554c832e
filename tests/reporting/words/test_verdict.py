"""What the headline says follows from its numbers, and claims no cause."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting.words import verdict
from tests.reporting.finders import find_causes


def est(value: float | None, lo: float | None, hi: float | None, reason: str | None = None) -> dict[str, Any]:
    return {"value": value, "lo": lo, "hi": hi, "reason": reason}


def test_discrimination_names_what_the_interval_allows() -> None:
    assert verdict.say_discrimination(est(0.72, 0.66, 0.78)).endswith("compatible with modest to moderate.")
    assert verdict.say_discrimination(est(0.75, 0.72, 0.78)) == "Discrimination is moderate."
    assert "no better than chance" in verdict.say_discrimination(est(0.58, 0.49, 0.67))
    assert "too few" in verdict.say_discrimination(est(None, None, None, "too few events"))


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
    assert slope in verdict.explain_slope(estimate)
    assert ratio in verdict.explain_ratio(estimate)


def test_without_an_interval_nothing_is_claimed() -> None:
    unknown = est(1.0, None, None, "too few events")
    assert "cannot be said" in verdict.explain_slope(unknown)
    assert "too few events" in verdict.say_calibration(unknown, unknown)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 0.3))
def test_no_sentence_claims_a_cause(value: float, below: float, above: float) -> None:
    estimate = est(value, max(value - below, 0), min(value + above, 1))
    said = " ".join([
        verdict.say_discrimination(estimate), verdict.explain_auroc(estimate, "death"),
        verdict.explain_slope(estimate), verdict.explain_ratio(estimate),
        verdict.say_calibration(estimate, estimate), verdict.say_rules(),
    ])  # fmt: skip
    assert find_causes(said) == []
    assert "nan" not in said.lower()
