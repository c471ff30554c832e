from dataclasses import replace

import pytest

from data_schemas.breast_cancer_recurrence import BreastCancerRecurrence
from pipeline.evaluation.verdict import judge

STUDY = replace(BreastCancerRecurrence.study(), auroc_ceiling=0.9)
GOOD = {
    "auroc": {"value": 0.8, "lo": 0.75, "hi": 0.85},
    "calibration_slope": {"value": 1.1, "lo": 0.9, "hi": 1.3},
    "oe_ratio": {"value": 0.95, "lo": 0.85, "hi": 1.05},
}


SUSPICION = {
    "membership_inference": {"value": 0.52, "lo": 0.5, "hi": 0.54},
    "train_to_test_gap": {"value": 0.02, "lo": 0.0, "hi": 0.04},
}
SAMPLE = {"patients": 900, "events": 300, "parameters": 10, "needed": 800, "parameters_allowed": 11}


def estimate(value, lo, hi):
    return {"value": value, "lo": lo, "hi": hi, "reason": None}


def performance(n=1000, events=300, unknown=50, benefit=(0.2, 0.1), sample=None, repeats=0, suspicion=None, **changed):
    estimates = {name: estimate(**numbers) for name, numbers in GOOD.items()} | changed
    model, everyone = ({"value": value} for value in benefit)
    points = [{"threshold": t, "model": model, "treat_all": everyone} for t in (0.1, 0.2, 0.3)]
    return {
        "estimates": estimates, "net_benefit": points, "n": n, "events": events, "unknown": unknown,
        "sample_size": SAMPLE | (sample or {}), "repeats_across_parts": repeats,
        "suspicion": SUSPICION | (suspicion or {}),
    }  # fmt: skip


def verdict(quarantined=0, traps=(), rules=(), **changed):
    validation = {"rows_in": 1000, "quarantined": quarantined, "traps": list(traps), "rules": list(rules)}
    return judge(performance(**changed), validation, STUDY)


def broken(severity, records, says=""):
    return {"severity": severity, "records": records, "says": says, "sentence": "Age is at most 120"}


def trap(kind, found=True, label="Age", says="alone it has an AUROC of 0.97"):
    return {"trap": kind, "column": "age", "label": label, "found": found, "says": says}


def level(judged, check):
    return next(c["level"] for c in judged["checks"] if c["check"] == check)


def test_a_sound_model_passes_every_check():
    judged = verdict()
    assert judged["verdict"] == "PASS"
    assert {check["level"] for check in judged["checks"]} == {"PASS"}


@pytest.mark.parametrize(
    ("changed", "check", "expected"),
    [
        ({"auroc": estimate(0.55, 0.49, 0.61)}, "Discrimination", "FAIL"),
        ({"auroc": estimate(0.55, 0.501, 0.61)}, "Discrimination", "PASS"),
        ({"suspicion": {"membership_inference": estimate(0.7, 0.61, 0.8)}}, "Members told apart", "FAIL"),
        ({"suspicion": {"membership_inference": estimate(0.62, 0.55, 0.7)}}, "Members told apart", "WARN"),
        ({"suspicion": {"train_to_test_gap": estimate(0.3, 0.26, 0.4)}}, "Gap between taught and unseen", "FAIL"),
        ({"suspicion": {"train_to_test_gap": estimate(0.2, 0.11, 0.4)}}, "Gap between taught and unseen", "WARN"),
        ({"auroc": estimate(0.99, 0.95, 1.0)}, "Too good to be true", "FAIL"),
        ({"auroc": estimate(0.92, 0.88, 0.96)}, "Too good to be true", "WARN"),
        ({"calibration_slope": estimate(0.8, 0.7, 0.9)}, "Calibration slope", "WARN"),
        ({"calibration_slope": estimate(1.2, 1.0, 1.4)}, "Calibration slope", "PASS"),
        ({"oe_ratio": estimate(1.4, 1.2, 1.6)}, "Observed to expected ratio", "WARN"),
        ({"benefit": (0.1, 0.2)}, "Clinical utility", "WARN"),
        ({"benefit": (-0.1, -0.2)}, "Clinical utility", "WARN"),
        ({"events": 99}, "Enough patients to evaluate", "WARN"),
        ({"n": 449, "events": 300, "unknown": 50}, "Enough patients to evaluate", "WARN"),
        ({"sample": {"needed": 901}}, "Enough patients to develop", "WARN"),
        ({"sample": {"needed": 900}}, "Enough patients to develop", "PASS"),
        ({"repeats": 1}, "Patients on both sides", "WARN"),
        ({"traps": [trap("single predictor")]}, "Trap: single predictor", "FAIL"),
        ({"traps": [trap("declared as known later")]}, "Trap: declared as known later", "FAIL"),
        ({"traps": [trap("known after the index date")]}, "Trap: known after the index date", "FAIL"),
        ({"traps": [trap("named as known later")]}, "Trap: named as known later", "WARN"),
        ({"traps": [trap("missingness")]}, "Trap: missingness", "WARN"),
        ({"traps": [trap("row order")]}, "Trap: row order", "WARN"),
        ({"traps": [trap("identifier")]}, "Trap: identifier", "WARN"),
        ({"traps": [trap("repeats that disagree")]}, "Trap: repeats that disagree", "WARN"),
        ({"traps": [trap("row order", found=False)]}, "Leaks and traps", "PASS"),
        ({"rules": [broken("warn", 3)]}, "Data-quality rules that warn", "WARN"),
        ({"quarantined": 51}, "Records set aside", "WARN"),
    ],
)
def test_each_check_on_both_sides_of_its_limit(changed, check, expected):
    judged = verdict(**changed)
    assert level(judged, check) == expected
    assert judged["verdict"] == expected


@pytest.mark.parametrize("name", ["auroc", "calibration_slope", "oe_ratio"])
def test_a_figure_without_interval_is_a_warning_that_says_why(name):
    judged = verdict(**{name: {"value": 0.9, "lo": None, "hi": None, "reason": "there are too few events"}})
    assert judged["verdict"] == "WARN"
    assert any("there are too few events" in check["sentence"] for check in judged["checks"])


def test_the_worst_check_decides_and_each_sentence_has_its_number():
    judged = verdict(auroc=estimate(0.99, 0.95, 1.0), quarantined=100)
    assert judged["verdict"] == "FAIL"
    assert next(c["sentence"] for c in judged["checks"] if c["level"] == "FAIL").startswith(
        "Suspected leak: AUROC is 0.99"
    )
    assert "100 of 1000 records (10.0%)" in judged["checks"][-1]["sentence"]


def test_too_few_patients_to_develop_are_told_with_the_number_needed_and_what_there_are_allow():
    [said] = [c["sentence"] for c in verdict(sample={"needed": 2000})["checks"] if "to develop" in c["check"]]
    assert "ask for 2000 patients; those there are suffice for 11 parameters." in said


def test_a_trap_names_its_predictors_and_not_those_it_cleared():
    traps = [trap("single predictor", label=f"X{i}") for i in range(7)] + [trap("missingness", found=False, label="Y")]
    judged = verdict(traps=traps)
    [said] = [c["sentence"] for c in judged["checks"] if c["check"].startswith("Trap")]
    assert said.startswith("Suspected leak: a single predictor nearly decides the outcome: X0: alone it has an AUROC")
    assert said.endswith("; and 2 more.")
    assert "Y" not in said


@pytest.mark.parametrize(("severity", "records", "says"), [("warn", 0, ""), ("quarantine", 3, ""), ("refuse", 0, "")])
def test_only_broken_rules_that_warn_are_told(severity, records, says):
    assert "rules that warn" not in str(verdict(rules=[broken(severity, records, says)]))


def test_a_broken_rule_about_the_table_says_what_was_found():
    said = str(verdict(rules=[broken("warn", 0, "it is 12.0%")]))
    assert "'Age is at most 120' does not hold: it is 12.0%." in said
    assert "'Age is at most 120' does not hold: 1 record." in str(verdict(rules=[broken("warn", 1)]))
