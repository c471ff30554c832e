import json

import numpy as np
import pandas as pd
import pytest

from pipeline.models.candidates import build_candidates
from pipeline.models.ensemble import ENSEMBLE
from pipeline.models.outcomes import make_examples
from pipeline.models.summary import summarise_model
from tests.models.builders import MEMBERS, FollowedVisits, Visits, develop_small, make_records

PREDICTORS = Visits.predictors()


@pytest.fixture(scope="module")
def summary():
    records = make_records(0, 250)
    records = pd.concat([records, records.iloc[:40]]).sort_values("pseudonym", kind="stable", ignore_index=True)
    examples = make_examples(records, FollowedVisits)
    development = develop_small(examples, PREDICTORS)
    candidates = build_candidates(MEMBERS, PREDICTORS, 1)
    model = development.models[ENSEMBLE]
    return summarise_model(model, examples, candidates, development.settings, PREDICTORS), examples, development


def test_members_are_named_with_weight_and_settings(summary):
    said, _, development = summary
    assert [m["name"] for m in said["members"]] == list(MEMBERS)
    assert [m["weight"] for m in said["members"]] == [0.5, 0.5]
    assert said["members"][0]["label"] == "Logistic regression with splines"
    settings = development.settings
    assert said["members"][1]["says"].startswith(f"{settings['boosted_trees']['rounds']} trees of depth 2")
    penalty = f"{settings['spline_logistic']['inverse_penalty']:.3g}"
    assert said["members"][0]["says"].startswith("restricted cubic splines")
    assert said["members"][0]["says"].endswith(f"inverse strength {penalty}")
    model = development.models[ENSEMBLE]
    assert said["recalibration"] == {"intercept": model.intercept, "slope": model.slope}


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
    assert "splines" not in build_candidates(("logistic",), {}, 0)["logistic"].describe({"inverse_penalty": 0.1})


def test_directions_are_named_where_trees_keep_them(summary):
    said, examples, development = summary
    assert said["constrained"] == {"marker": "increases", "pressure": "increases"}
    linear = development.models["spline_logistic"]
    candidates = build_candidates(MEMBERS, PREDICTORS, 1)
    assert not summarise_model(linear, examples, candidates, development.settings, PREDICTORS)["constrained"]


def test_nothing_learnt_from_patients_values_is_published(summary):
    """Knots, limits, coefficients and thresholds are patients' values; counts and settings are not."""
    said, _, development = summary
    numbers = {
        f"{k:.6g}" for k in development.models[ENSEMBLE].members["spline_logistic"].design.blocks["marker"].knots
    }
    text = json.dumps(said, allow_nan=False)
    assert not any(number in text for number in numbers)
    assert "booster" not in text
    assert "coefficients" not in text
