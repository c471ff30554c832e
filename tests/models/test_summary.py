import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.disclosure import publish, round_count
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.ensemble import ENSEMBLE
from pipeline.models.outcomes import make_examples
from pipeline.models.summary import summarise_model
from tests.models.builders import (
    MEMBERS,
    CompetingVisits,
    FollowedVisits,
    Visits,
    develop_small,
    make_competing,
    make_records,
)

PREDICTORS = Visits.predictors()
CANDIDATES = build_candidates(("logistic", *MEMBERS), Context(PREDICTORS, 1))


@pytest.fixture(scope="module")
def summary():
    records = make_records(0, 250)
    records = pd.concat([records, records.iloc[:40]]).sort_values("pseudonym", kind="stable", ignore_index=True)
    examples = make_examples(records, FollowedVisits)
    development = develop_small(examples, PREDICTORS)
    return summarise_model(development, examples.X, examples, CANDIDATES, PREDICTORS), examples, development


def test_members_are_named_with_weight_and_settings(summary):
    said, _, development = summary
    model, settings = development.deployed.model, development.settings
    assert [m["name"] for m in said["members"]] == list(MEMBERS)
    assert {m["name"]: m["weight"] for m in said["members"]} == model.weights
    assert sum(model.weights.values()) == pytest.approx(1)
    assert said["members"][0]["label"] == "Logistic regression with splines"
    assert said["members"][1]["says"].startswith(f"{settings['boosted_trees']['rounds']} trees of depth ")
    penalty = f"{settings['spline_logistic']['inverse_penalty']:.3g}"
    assert said["members"][0]["says"].startswith("restricted cubic splines")
    assert said["members"][0]["says"].endswith(f"inverse strength {penalty}")
    assert said["recalibration"] == {"intercept": model.intercept, "slope": model.slope}


def test_every_candidate_has_a_label_and_the_deployed_model_too(summary):
    said = summary[0]
    assert said["deployed"] == ENSEMBLE
    assert list(said["labels"]) == [ENSEMBLE, "logistic", *MEMBERS]
    assert said["labels"]["logistic"] == "Logistic regression"


def test_every_target_is_named_that_of_the_headline_figures_first(summary):
    assert summary[0]["targets"] == ["365 days"]
    examples = make_examples(make_competing(0, 300)[0], CompetingVisits)
    development = develop_small(examples, PREDICTORS, ("logistic",), outcome=CompetingVisits.study().outcome)
    assert summarise_model(development, examples.X, examples, CANDIDATES, PREDICTORS)["targets"] == [
        "365 days",
        "180 days",
    ]


def test_event_rate_is_kaplan_meiers_and_patients_are_counted_once(summary):
    said, examples, _ = summary
    observed, free = examples.observed, 1.0
    for day in np.unique(observed.time[(observed.event == 1) & (observed.time <= 365)]):
        free *= 1 - observed.event[observed.time == day].sum() / (observed.time >= day).sum()
    assert said["event_rate"] == pytest.approx(1 - free, rel=1e-12)
    assert said["development"] == {
        "patients": 250,
        "events": int(observed.by_horizon().sum()),
        "mean_follow_up": pytest.approx(sum(min(t, 365) for t in observed.time) / len(observed)),
    }
    assert said["predictors"] == list(PREDICTORS)


def test_a_model_without_splines_is_not_said_to_have_them():
    assert "splines" not in CANDIDATES["logistic"].describe({"inverse_penalty": 0.1})


def test_directions_are_named_and_splines_counted_where_members_have_them(summary):
    said, examples, development = summary
    assert said["constrained"] == {"marker": "increases", "pressure": "increases"}
    deployed = replace(development.deployed, model=development.models["spline_logistic"])
    linear = summarise_model(replace(development, deployed=deployed), examples.X, examples, CANDIDATES, PREDICTORS)
    assert not linear["constrained"]
    assert linear["parameters"] == said["parameters"]
    deployed = replace(development.deployed, model=development.models["boosted_trees"])
    trees = summarise_model(replace(development, deployed=deployed), examples.X, examples, CANDIDATES, PREDICTORS)
    assert trees["constrained"]
    assert trees["parameters"] < said["parameters"]


def test_nothing_learnt_from_patients_values_is_published(summary):
    """Knots, limits, means, coefficients and thresholds are patients' values; counts and settings are not."""
    said, _, development = summary
    text, deployed = json.dumps(said, allow_nan=False), development.deployed
    design = deployed.model.members["spline_logistic"].design
    learnt = [*design.blocks["marker"].knots, *design.blocks["pressure"].limits, *design.mean, *design.scale]
    learnt += [*deployed.model.members["spline_logistic"].coefficients, *deployed.interval.scores]
    learnt += [*deployed.support.usual["marker"].values, *deployed.support.limits]
    private = {f"{number:.5g}" for number in learnt if abs(number) > 1e-3 and number != round(number)}
    assert len(private) > 100
    assert not [number for number in private if number in text]
    assert "booster" not in text
    assert "coefficients" not in text


@pytest.mark.parametrize("patients", [120, 121, 122, 123, 124])
def test_who_taught_is_published_as_what_the_tested_leave_of_all(patients):
    examples = make_examples(make_records(1, 250), Visits)
    development = develop_small(examples, PREDICTORS, ("logistic",))
    taught, tested = examples.take(np.arange(patients)), examples.take(np.arange(patients, 250))
    said = summarise_model(development, taught.X, taught, CANDIDATES, PREDICTORS, tested)
    events = [int(part.observed.event.sum()) for part in (taught, tested)]
    assert said["development"]["patients"] == patients
    assert (said["development"]["events"], said["event_rate"]) == (events[0], events[0] / patients)
    told = publish(said, 5)
    assert told["development"]["patients"] + round_count(250 - patients, 5) == 250
    assert told["development"]["events"] + round_count(events[1], 5) == round_count(sum(events), 5)
    assert told["event_rate"] == told["development"]["events"] / told["development"]["patients"]
