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


def estimate(value, lo, hi):
    return {"value": value, "lo": lo, "hi": hi, "reason": None}


def performance(n=1000, events=300, unknown=50, benefit=(0.2, 0.1), **changed):
    estimates = {name: estimate(**numbers) for name, numbers in GOOD.items()} | changed
    model, everyone = ({"value": value} for value in benefit)
    points = [{"threshold": t, "model": model, "treat_all": everyone} for t in (0.1, 0.2, 0.3)]
    return {"estimates": estimates, "net_benefit": points, "n": n, "events": events, "unknown": unknown}


def verdict(quarantined=0, **changed):
    return judge(performance(**changed), {"rows_in": 1000, "quarantined": quarantined}, STUDY)


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
        ({"auroc": estimate(0.99, 0.95, 1.0)}, "Too good to be true", "FAIL"),
        ({"auroc": estimate(0.92, 0.88, 0.96)}, "Too good to be true", "WARN"),
        ({"calibration_slope": estimate(0.8, 0.7, 0.9)}, "Calibration slope", "WARN"),
        ({"calibration_slope": estimate(1.2, 1.0, 1.4)}, "Calibration slope", "PASS"),
        ({"oe_ratio": estimate(1.4, 1.2, 1.6)}, "Observed to expected ratio", "WARN"),
        ({"benefit": (0.1, 0.2)}, "Clinical utility", "WARN"),
        ({"benefit": (-0.1, -0.2)}, "Clinical utility", "WARN"),
        ({"events": 99}, "Enough patients", "WARN"),
        ({"n": 449, "events": 300, "unknown": 50}, "Enough patients", "WARN"),
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
