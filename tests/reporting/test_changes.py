"""What a report says of the last release: nothing where nothing was compared, and else what was found."""

from typing import Any

import pytest

from pipeline.reporting.changes import build_changes
from pipeline.reporting.tables import Table
from pipeline.reporting.words.index import name_release

GATES = [{"gate": "Verdict", "level": "passes", "sentence": "The verdict is PASS."}]


def estimate(value: float, width: float = 0.01) -> dict[str, Any]:
    return {"value": value, "lo": value - width, "hi": value + width, "reason": None}


def figure(kind: str, value: float, bound: float, *, beyond: bool = False, **place: str) -> dict[str, Any]:
    nowhere = {"column": None, "group": None, "level": None, "period": None}
    told = {"kind": kind, **nowhere, **place, "bound": bound, "judged": True, "beyond": beyond}
    return told | estimate(value)


def make_changes() -> dict[str, Any]:
    own = {
        "auroc": estimate(0.71),
        "brier": estimate(0.2),
        "oe_ratio": estimate(1.0),
        "calibration_slope": estimate(1.0),
    }
    return {
        "champion": "00003-0123456789abcdef",
        "gates": GATES,
        "comparison": {
            "patients": 450,
            "figures": {"champion": own, "challenger": own | {"auroc": estimate(0.74)}},
            "differences": {"auroc": estimate(0.03), "brier": estimate(-0.01), "oe_distance": estimate(0.0),
                            "net_benefit_at_0.20": estimate(0.02)},
            "worst_subgroup": {"column": "Age", "level": "under 60 years", "auroc": estimate(-0.02)},
            "agreement": {"mean_difference": estimate(0.012), "limits": [-0.08, 0.11], "far": estimate(0.04)},
        },
        "drift": {
            "new": {"figures": [
                figure("psi", 0.05, 0.25, column="Age"), figure("unit_high", 2.5, 2.0, beyond=True, column="Pressure"),
                figure("unit_low", 0.6, 2.0, column="Pressure"), figure("classifier", 0.52, 0.65)]},
            "everybody": {"figures": []},
        },
    }  # fmt: skip


def tables(built: dict[str, Any]) -> dict[str, Table]:
    return {table.key: table for table in built["tables"]}


def test_without_a_comparison_nothing_is_claimed() -> None:
    built = build_changes({})
    assert built["tables"] == []
    assert "was not compared" in built["says"][0]


def test_a_first_release_shows_its_gates() -> None:
    built = build_changes({"champion": None, "gates": GATES, "comparison": None, "drift": None})
    assert "first release" in built["says"][0]
    assert [row.cells for row in tables(built)["gates"].rows] == [("Passes", "The verdict is PASS.")]


def test_figures_of_both_stand_side_by_side() -> None:
    built = build_changes(make_changes())
    rows = {row.header: row.cells for row in tables(built)["since-release"].rows}
    assert rows["AUROC"] == ("0.710 (0.700\u00a0to\u00a00.720)", "0.740 (0.730\u00a0to\u00a00.750)",
                             "+0.030 (+0.020\u00a0to\u00a0+0.040)")  # fmt: skip
    assert rows["O:E ratio"][2] == "\u2013"
    assert rows["Net benefit at 20%"][2].startswith("+0.020")
    said = " ".join(built["says"])
    assert "450 patients whom neither had learnt from" in said
    assert "+1.2 percentage points on average" in said
    assert "Age (under 60 years) gains least or loses most" in said


def test_drift_is_shown_from_the_worst() -> None:
    rows = tables(build_changes(make_changes()))["drift-new"].rows
    assert [(row.header, row.cells[-1]) for row in rows] == [
        ("Ratio of 99th percentiles (Pressure)", "Beyond"),
        ("Ratio of 1st percentiles (Pressure)", "Within"),
        ("Population stability index (Age)", "Within"),
        ("AUROC of telling new patients from old", "Within"),
    ]


@pytest.mark.parametrize("reason", ["Fewer than 100 patients have an honest risk from both; they cannot be compared."])
def test_why_nothing_was_compared_is_said(reason: str) -> None:
    built = build_changes(make_changes() | {"comparison": {"reason": reason}})
    assert reason in built["says"][0]
    assert set(tables(built)) == {"gates", "drift-new"}


def test_the_index_names_a_release() -> None:
    assert name_release("00012-0123456789abcdef") == "number 12, 0123456789abcdef"
    assert name_release(None) == "not released"
