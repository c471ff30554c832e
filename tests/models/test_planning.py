from dataclasses import replace

import pytest

from pipeline.errors import ConfigurationError
from pipeline.models.baselines import PREVALENCE, SIMPLE
from pipeline.models.candidates import CANDIDATES
from pipeline.models.planning import check_names, make_plan
from pipeline.models.trees import TreesCandidate
from pipeline.sections import Train
from tests.models.builders import CompetingVisits, KindVisits, Unpenalised, Visits

SETTINGS = Train(
    candidates=("logistic", "boosted_trees"),
    ensemble=("spline_logistic", "boosted_trees"),
    search=("boosted_trees_4",),
    folds=4,
    device="cpu",
    learning_curve=(0.5,),
    optimism_resamples=2,
    optimism_at_most=100,
    seed=7,
)


class WithBaseline(Visits):
    class Config:
        metadata = {"study": replace(Visits.study(), baseline=("marker", "grade"))}  # noqa: RUF012


def trees(plan, name="boosted_trees") -> TreesCandidate:
    candidate = plan.candidates[name]
    assert isinstance(candidate, TreesCandidate)
    return candidate


def test_the_plan_is_that_of_settings_and_cohort():
    plan = make_plan(WithBaseline, SETTINGS)
    assert plan.portfolio.ensemble == SETTINGS.ensemble
    assert plan.portfolio.search == SETTINGS.search
    assert set(plan.portfolio.compete) == {"logistic", "boosted_trees", PREVALENCE, SIMPLE}
    assert set(plan.portfolio.candidates) == {*plan.portfolio.compete, "spline_logistic", "boosted_trees_4"}
    assert (plan.folds, plan.outcome) == (4, WithBaseline.study().outcome)
    assert plan.predictors == WithBaseline.predictors()
    assert trees(plan.portfolio).seed == 7


def test_members_alone_are_left_for_further_developments():
    plan = make_plan(WithBaseline, SETTINGS).alone()
    assert plan.portfolio.compete == ()
    assert plan.portfolio.ensemble == SETTINGS.ensemble
    assert plan.portfolio.search == SETTINGS.search


def test_directions_are_those_of_the_event_and_not_of_other_classes():
    kinds = make_plan(KindVisits, SETTINGS)
    assert trees(kinds.portfolio).directions == {"marker": 1, "pressure": 1}
    assert trees(kinds.others).directions == {}
    horizons = make_plan(CompetingVisits, SETTINGS)
    assert trees(horizons.others or horizons.portfolio).directions == {"marker": 1, "pressure": 1}


@pytest.mark.parametrize("key", ["candidates", "ensemble", "search"])
def test_an_unknown_candidate_is_named(key):
    wrong = SETTINGS.model_copy(update={key: ("wood",)})
    for check in (check_names, lambda settings: make_plan(Visits, settings)):
        with pytest.raises(ConfigurationError, match="'wood' is not known; expected one of logistic,"):
            check(wrong)
    check_names(SETTINGS)


@pytest.mark.parametrize("key", ["ensemble", "search"])
def test_a_member_that_is_not_explained_exactly_is_refused_before_training(key, monkeypatch):
    monkeypatch.setitem(CANDIDATES, "mine", lambda context: Unpenalised())
    wrong = SETTINGS.model_copy(update={key: ("mine",)})
    for check in (check_names, lambda settings: make_plan(Visits, settings)):
        with pytest.raises(ConfigurationError, match="'mine' cannot be a member of the deployed average"):
            check(wrong)
    assert "mine" in make_plan(Visits, SETTINGS.model_copy(update={"candidates": ("mine",)})).portfolio.compete


def test_a_study_without_a_baseline_has_none():
    assert Visits.study().baseline == ()
    assert set(make_plan(Visits, SETTINGS).portfolio.compete) == {"logistic", "boosted_trees", PREVALENCE}
