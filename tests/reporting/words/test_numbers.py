"""Numbers as text: no false precision, no minus before nothing, and a reason where there is no number."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting.words import numbers


def est(value: float | None, lo: float | None, hi: float | None, reason: str | None = None) -> dict[str, Any]:
    return {"value": value, "lo": lo, "hi": hi, "reason": reason}


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
    assert numbers.estimate(estimate).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.001, "<1%"), (0.0051, "1%"), (0.42, "42%"), (0.996, ">99%"), (1, "100%")]
)
def test_percent(share: float, shown: str) -> None:
    assert numbers.percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0034567, "0.00346"), (32.5, "32.5"), (1084.2, "1,084"), (-2.0, "\u22122")]
)
def test_significant(value: float, shown: str) -> None:
    assert numbers.significant(value) == shown


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_no_negative_zero(value: float) -> None:
    shown = numbers.decimal(value)
    assert float(shown.replace(",", "").replace("\u2212", "-")) == pytest.approx(value, abs=0.0051)
    assert "-" not in shown
    assert shown != "\u22120.00"
