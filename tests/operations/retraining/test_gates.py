"""What follows from each finding: publish, keep, or keep and call a person."""

from copy import deepcopy
from math import log
from typing import Any

import pytest

from pipeline.operations.retraining.gates import Decision, judge_challenger, judge_first
from pipeline.sections import Margins, Retrain

SETTINGS = Retrain(
    patients_at_least=100,
    margins=Margins(auroc=0.02, brier=0.01, net_benefit=0.02, oe_factor=1.25, subgroup_auroc=0.1),
    keep_releases=5,
    keep_runs=20,
    hours_at_most=1,
)
NO_DRIFT = {"beyond": False, "sentences": []}


def verdict(level: str = "PASS", **checks: str) -> dict[str, Any]:
    found = {"Leaks and traps": "PASS", "Calibration slope": "PASS"} | checks
    return {
        "verdict": level,
        "checks": [{"check": k, "level": v, "sentence": f"{k} says so."} for k, v in found.items()],
    }


def estimate(value: float, lo: float, hi: float) -> dict[str, Any]:
    return {"value": value, "lo": lo, "hi": hi, "reason": None}


def comparison(**differences: tuple[float, float, float]) -> dict[str, Any]:
    """A challenger that is clearly better in AUROC and otherwise alike, but for `differences`."""
    alike = {"brier": (0, -0.001, 0.001), "oe_distance": (0, -0.05, 0.05), "net_benefit_at_0.20": (0, -0.01, 0.01)}
    made = {"auroc": (0.03, 0.01, 0.05)} | alike | differences
    ratio = {"oe_ratio": estimate(1, 0.9, 1.1)}
    return {
        "differences": {name: estimate(*limits) for name, limits in made.items()},
        "figures": {"champion": deepcopy(ratio), "challenger": deepcopy(ratio)},
        "worst_subgroup": {"column": "Age", "level": "under 60", "auroc": estimate(-0.01, -0.05, 0.03)},
    }


def judge(found: dict[str, Any], *, challenger: Any = None, champion: Any = None, drift: Any = NO_DRIFT,
          accepted: bool = False) -> Decision:  # fmt: skip
    verdicts = challenger or verdict(), champion or verdict()
    return judge_challenger(verdicts, found, drift, SETTINGS, accepted=accepted)


@pytest.mark.parametrize(
    ("level", "accepted", "outcome"),
    [("PASS", False, "published"), ("WARN", False, "blocked"), ("WARN", True, "published"),
     ("FAIL", False, "blocked"), ("FAIL", True, "blocked")],
)  # fmt: skip
def test_a_first_release_needs_pass_or_a_person(level: str, accepted: bool, outcome: str) -> None:
    decision = judge_first(verdict(level, Discrimination=level), accepted=accepted)
    assert decision.outcome == outcome
    assert bool(decision.reasons()) == (outcome == "blocked")


def test_a_clearly_better_challenger_is_published() -> None:
    decision = judge(comparison())
    assert decision.outcome == "published"
    assert not decision.reasons()
    assert {gate.gate for gate in decision.gates} >= {"Verdict", "Suspected leak", "Drift", "AUROC", "Improvement"}


@pytest.mark.parametrize(
    ("differences", "outcome"),
    [
        ({"auroc": (0.01, -0.01, 0.03)}, "kept"),  # not clearly better in anything
        ({"auroc": (0.01, -0.01, 0.03), "brier": (-0.005, -0.008, -0.001)}, "published"),
        ({"brier": (0.005, -0.001, 0.011)}, "kept"),  # may be worse by more than its margin
        ({"brier": (0.02, 0.015, 0.025)}, "blocked"),  # is worse by more than its margin
        ({"auroc": (-0.05, -0.07, -0.03)}, "blocked"),
        ({"oe_distance": (log(1.5), log(1.3), log(1.8))}, "blocked"),
        ({"oe_distance": (0.1, -0.1, 0.3)}, "kept"),
        ({"net_benefit_at_0.30": (-0.01, -0.03, 0.01)}, "kept"),
        ({"net_benefit_at_0.30": (-0.05, -0.06, -0.04)}, "blocked"),
    ],
)
def test_the_far_end_of_an_interval_decides(differences: dict[str, Any], outcome: str) -> None:
    decision = judge(comparison(**differences))
    assert decision.outcome == outcome
    assert bool(decision.reasons()) == (outcome != "published")


def test_one_subgroup_that_loses_keeps_the_champion() -> None:
    found = comparison()
    found["worst_subgroup"]["auroc"] = estimate(-0.05, -0.12, 0.02)
    assert judge(found).outcome == "kept"
    found["worst_subgroup"]["auroc"] = estimate(-0.2, -0.3, -0.11)
    assert judge(found).outcome == "blocked"
    found["worst_subgroup"] = None
    assert judge(found).outcome == "published"


def test_a_champion_that_is_off_is_replaced_by_one_that_is_not() -> None:
    found = comparison(auroc=(0, -0.01, 0.01))
    found["figures"]["champion"]["oe_ratio"] = estimate(1.6, 1.4, 1.9)
    decision = judge(found)
    assert decision.outcome == "published"
    assert "observed to expected 1.6 (95% interval 1.4 to 1.9)" in decision.gates[-1].sentence
    found["figures"]["challenger"]["oe_ratio"] = estimate(0.5, 0.4, 0.6)
    assert judge(found).outcome == "kept"


@pytest.mark.parametrize("accepted", [False, True])
def test_nobody_overrules_a_verdict_or_a_new_sign_of_a_leak(accepted: bool) -> None:
    failed = verdict("FAIL", Discrimination="FAIL")
    assert judge(comparison(), challenger=failed, accepted=accepted).outcome == "blocked"
    suspected = verdict("WARN", **{"Leaks and traps": "WARN"})
    decision = judge(comparison(), challenger=suspected, accepted=accepted)
    assert decision.outcome == "blocked"
    assert "Leaks and traps says so." in decision.reasons()
    known = judge(comparison(), challenger=suspected, champion=suspected, accepted=accepted)
    assert known.outcome == "published"


def test_a_person_overrules_drift_and_want_of_comparison() -> None:
    drift = {"beyond": True, "sentences": ["Glucose has drifted."]}
    assert judge(comparison(), drift=drift).outcome == "blocked"
    assert judge(comparison(), drift=drift).reasons() == ["Glucose has drifted."]
    assert judge(comparison(), drift=drift, accepted=True).outcome == "published"
    assert judge({"reason": "Too few."}).outcome == "blocked"
    assert judge({"reason": "Too few."}, accepted=True).outcome == "published"


def test_a_difference_without_an_interval_keeps_the_champion() -> None:
    found = comparison()
    found["differences"]["brier"] = {"value": None, "lo": None, "hi": None, "reason": "nobody had the event"}
    decision = judge(found)
    assert decision.outcome == "kept"
    assert "nobody had the event" in decision.reasons()[0]
