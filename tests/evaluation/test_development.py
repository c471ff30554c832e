from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_schemas.breast_cancer_diagnosis import BreastCancerDiagnosis
from data_schemas.breast_cancer_recurrence import BreastCancerRecurrence
from data_schemas.columns import Classes
from pipeline.evaluation.data_checks import count_repeats_across_parts
from pipeline.evaluation.development import describe_sample_size
from pipeline.evaluation.sample_size import (
    largest_r2,
    needed_binary,
    needed_time_to_event,
    r2_from_auroc,
    r2_from_concordance,
)

BINARY, TIMED = BreastCancerDiagnosis.study(), BreastCancerRecurrence.study()


def model(patients=600, events=120, parameters=20, follow_up=None):
    development = {"patients": patients, "events": events, "mean_follow_up": follow_up}
    return {"development": development, "parameters": parameters, "event_rate": events / patients}


def test_a_binary_outcome_is_judged_by_the_binary_criteria_at_the_published_auroc():
    said = describe_sample_size(replace(BINARY, published_auroc=0.8, published_auroc_source="made up"), model())
    needed = needed_binary(20, 0.2, r2_from_auroc(0.8, 0.2))
    assert (said["needed"], said["needed_events"]) == (needed.n, round(needed.events))
    assert (said["events_per_parameter"], said["needed_events_per_parameter"]) == (6.0, needed.events_per_parameter)
    assert [c["n"] for c in said["criteria"]] == [c.n for c in needed.criteria]
    assert said["expects"] == "others reached an AUROC of 0.8 (made up)"


def test_where_nothing_is_published_fifteen_percent_of_the_largest_r2_are_expected():
    said = describe_sample_size(replace(BINARY, published_auroc=None), model())
    assert said["needed"] == needed_binary(20, 0.2, 0.15 * largest_r2(0.2)).n
    assert "15% of the outcome" in said["expects"]


def test_time_to_event_is_judged_by_its_own_criteria():
    said = describe_sample_size(replace(TIMED, published_auroc=0.7), model(follow_up=800.0))
    rate = 120 / 600 / 800
    assert said["needed"] == needed_time_to_event(20, rate, TIMED.outcome.horizon, 800, r2_from_concordance(0.7, 0.2)).n


def test_of_several_classes_the_one_of_interest_is_judged_against_all_others():
    several = replace(BINARY, outcome=Classes("kind", "stroke", "a stroke"), published_auroc=0.8)
    said, binary = (describe_sample_size(study, model()) for study in (several, replace(BINARY, published_auroc=0.8)))
    assert said["expects"] == binary["expects"] + "; stroke is the event, against all other classes"
    assert said | {"expects": ""} == binary | {"expects": ""}
    unknown = describe_sample_size(replace(several, published_auroc=None), model())["expects"]
    assert unknown.endswith("explainable; stroke is the event, against all other classes")


@pytest.mark.parametrize("patients", [50, 600, 5000])
def test_what_the_patients_allow_is_consistent_with_what_is_needed(patients):
    said = describe_sample_size(replace(BINARY, published_auroc=0.75), model(patients, patients // 5))
    allowed, r2 = said["parameters_allowed"], r2_from_auroc(0.75, 0.2)
    assert allowed == 0 or needed_binary(allowed, 0.2, r2).n <= patients
    assert needed_binary(allowed + 1, 0.2, r2).n > patients


def test_a_published_auroc_near_one_does_not_break_the_formulas():
    assert describe_sample_size(replace(BINARY, published_auroc=0.99999), model())["needed"] > 0


@pytest.mark.parametrize("concordance", [0.55, 0.65, 0.75, 0.85])
def test_r2_from_concordance_takes_the_published_steps(concordance):
    """Riley et al. 2019: concordance to D, D to R2_D, R2_D to R2_OQ, and that to a likelihood ratio of the events."""
    d = 5.50 * (concordance - 0.5) + 10.26 * (concordance - 0.5) ** 3
    s, k = np.pi**2 / 6, 8 / np.pi
    r2_d = (d**2 / k) / (s + d**2 / k)
    r2_oq = -s * r2_d / ((1 - s) * r2_d - 1)
    ratio = -300 * np.log(1 - r2_oq)
    assert r2_from_concordance(concordance, 0.3) == pytest.approx(1 - np.exp(-ratio / 1000))


@pytest.mark.parametrize(("concordance", "share", "near"), [(0.6, 0.3, 0.01), (0.65, 0.3, 0.02), (0.8, 0.5, 0.2)])
def test_r2_from_concordance_is_at_most_that_of_a_simulated_cox_model_and_near_it_where_that_is_weak(
    concordance, share, near
):
    """Times with hazard exp(x), x normal with the spread that gives the concordance; one less exp(-2 gain / n)."""
    rng = np.random.default_rng(1)
    n = 20_000
    spread = _spread(concordance)
    x = rng.normal(scale=spread, size=n)
    time = rng.exponential(size=n) / np.exp(x)
    end = np.quantile(time, share)
    event = time <= end
    order = np.argsort(np.minimum(time, end), kind="stable")
    risk = np.cumsum(np.exp(x[order])[::-1])[::-1]
    gain = (x[order] - np.log(risk) + np.log(n - np.arange(n)))[event[order]].sum()
    simulated = 1 - np.exp(-2 * gain / n)
    assert simulated - near < r2_from_concordance(concordance, share) < simulated + 0.005


def _spread(concordance):
    """The standard deviation of log-hazards at which, of two patients, the one at higher risk fails first so often."""
    rng = np.random.default_rng(0)
    difference = np.abs(rng.normal(size=100_000)) * np.sqrt(2)
    spreads = np.linspace(0.05, 3, 200)
    return spreads[np.argmin([abs((1 / (1 + np.exp(-s * difference))).mean() - concordance) for s in spreads])]


@pytest.mark.parametrize("sides", [np.array([0, 1, 0, 0, 1, 1]), np.array(list("abaabb"))])
def test_repeats_across_the_split_are_counted_and_those_within_a_side_are_not(sides):
    valid = pd.DataFrame({"x": [1.0, 1.0, 2.0, 2.0, 3.0, None], "y": [1, 1, 2, 2, 3, 3]})
    assert count_repeats_across_parts([valid["x"], valid["y"]], sides) == 2
    assert count_repeats_across_parts([pd.Series(range(6)), valid["x"], valid["y"]], sides) == 0
