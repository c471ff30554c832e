from dataclasses import replace

import pytest

from pipeline.disclosure import round_count
from pipeline.reporting.flow import draw_flow
from tests.reporting.made_cohorts import COHORTS
from tests.reporting.made_results import make_results


def step(name, records, removed=0, reason=""):
    return {"step": name, "records": records, "removed": removed, "reason": reason}


def number(text):
    return int(text.replace(",", ""))


@pytest.mark.parametrize("name", COHORTS)
@pytest.mark.parametrize("removed", [(), (19,), (1200, 7, 30)])
def test_the_flow_adds_up_from_the_first_box_to_the_last(name, removed):
    results = make_results(name)
    valid, left = results.validation["valid"], results.validation["valid"] + sum(removed)
    steps = [step("Records read", left)]
    for i, count in enumerate(removed):
        left -= count
        steps.append(step("Quarantined", left, count, f"not: rule {i}"))
    attrition = [*steps, step("Valid records", valid)]
    flow = draw_flow(replace(results, validation=results.validation | {"attrition": attrition}))
    read, kept, patients = flow.trunk
    assert number(read.count) - sum(number(out.count) for out in read.leaving) == number(kept.count)
    assert [out.label for out in read.leaving] == [f"set aside that broke: rule {i}" for i in range(len(removed))]
    assert sum(number(part.count) for part in flow.parts) == number(patients.count) == len(results.split)


@pytest.mark.parametrize("name", COHORTS)
@pytest.mark.parametrize("patients", range(391, 401))
def test_rounded_parts_add_up_to_the_patients(name, patients):
    results = make_results(name)
    told = results.validation | {"patients": round_count(patients, 5)}
    flow = draw_flow(replace(results, validation=told, split=results.split.head(patients), round_to=5))
    assert sum(number(part.count) for part in flow.parts) == number(flow.trunk[-1].count) == told["patients"]
    assert all(number(part.count) % 5 == 0 for part in flow.parts)


def test_parts_are_named_by_what_they_did():
    labels = {name: [part.label for part in draw_flow(make_results(name)).parts] for name in COHORTS}
    assert labels["breast_cancer_recurrence"] == ["taught the model", "tested it"]
    assert labels["breast_cancer_diagnosis"] == ["in 5 folds, each taught and tested in turn"]
