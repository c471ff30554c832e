"""What is said of net benefit is counted from its rows."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting.words import utility
from tests.reporting.finders import find_causes


def est(value: float | None) -> dict[str, Any]:
    return {"value": value, "lo": None, "hi": None, "reason": None}


@settings(deadline=None)
@given(st.floats(-0.3, 1), st.none() | st.floats(-1, 1))
def test_no_sentence_claims_a_cause(model: float, everyone: float | None) -> None:
    row = {"threshold": 0.2, "model": est(model), "treat_all": est(everyone)}
    said = " ".join([utility.explain_benefit(row), utility.say_utility([row]), utility.NET_BENEFIT, utility.NOTE])
    assert find_causes(said) == []
    assert "nan" not in said.lower()


def test_utility_counts_the_thresholds_at_which_the_model_is_better() -> None:
    rows = [
        {"threshold": t, "model": est(m), "treat_all": est(a)}
        for t, m, a in ((0.1, 0.3, 0.35), (0.2, 0.25, 0.2), (0.3, 0.1, -0.1), (0.4, -0.01, -0.2))
    ]
    assert utility.better_thresholds(rows) == [0.2, 0.3]
    assert "2 of 4 declared thresholds (between 20% and 30%)" in utility.say_utility(rows)
    assert utility.better_thresholds([{"threshold": 0.1, "model": est(None), "treat_all": est(0)}]) == []
