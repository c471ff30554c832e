"""From patients to what is deployed, on patients whose true risk is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss, roc_auc_score

from data_schemas.columns import Classes
from pipeline.errors import DataRefusedError
from pipeline.evaluation.calibration import oe_ratio
from pipeline.evaluation.targets import over_classes
from pipeline.models import folds as folding
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.development import Development, develop
from pipeline.models.ensemble import ENSEMBLE, learn_outcome
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.support import Support
from pipeline.models.venn_abers import VennAbers
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate
from tests.models.builders import (
    HORIZON,
    KINDS,
    SOONER,
    CompetingVisits,
    FollowedVisits,
    KindVisits,
    Planted,
    Visits,
    develop_small,
    make_competing,
    make_kinds,
    make_numbers,
    make_records,
    numbers,
    plan_small,
)

PREDICTORS = Visits.predictors()
BOTH = ("logistic", "boosted_trees")
JUDGED = ["lower", "upper", "outside", "distance", "because"]


@pytest.fixture(scope="module")
def followed() -> tuple[Development, Examples]:
    examples = make_examples(make_records(0, 300), FollowedVisits)
    return develop_small(examples, PREDICTORS, BOTH), examples


@pytest.fixture(scope="module")
def kinds() -> tuple[Development, Examples]:
    examples = make_examples(make_kinds(0, 600)[0], KindVisits)
    return develop_small(examples, PREDICTORS, BOTH, outcome=KindVisits.study().outcome), examples


@pytest.fixture(scope="module")
def competing() -> tuple[Development, Examples]:
    examples = make_examples(make_competing(0, 1500)[0], CompetingVisits)
    return develop_small(examples, PREDICTORS, BOTH, outcome=CompetingVisits.study().outcome), examples


def test_what_is_deployed_is_the_average_and_says_how_sure_it_is(followed):
    development, examples = followed
    deployed = development.deployed
    assert list(development.models) == [ENSEMBLE, *BOTH]
    assert deployed.model is development.models[ENSEMBLE]
    assert (deployed.target, deployed.others) == ("365 days", {})
    told = deployed.predict(examples.X)
    assert list(told) == ["risk", *JUDGED]
    assert_array_equal(told["risk"], deployed.model.risk(examples.X))
    assert ((told["lower"] <= told["risk"]) & (told["risk"] <= told["upper"])).all()
    assert (told["lower"] < told["upper"]).all()
    pd.testing.assert_frame_equal(told[JUDGED[2:]], Support.learn(examples.X, PREDICTORS).judge(examples.X))


def test_the_interval_is_learnt_from_what_was_said_out_of_fold(followed):
    development, examples = followed
    plan = plan_small(PREDICTORS, BOTH)
    learning = learn_outcome(examples.X, examples.observed, examples.patient, plan.portfolio, 3)
    assert 0 < len(learning.scores) < len(examples.X)
    assert development.deployed.interval == VennAbers.learn(learning.scores, learning.y, learning.weight)


def test_a_development_tells_the_risk_of_every_model_beside_what_is_deployed(followed):
    development, examples = followed
    some = examples.X.iloc[[5, 2, 9]]
    told = development.predict(some)
    assert list(told) == [*JUDGED, *(f"risk_{name}" for name in development.models)]
    assert list(told.index) == [5, 2, 9]
    for name, model in development.models.items():
        assert_array_equal(told[f"risk_{name}"], model.risk(some))


def test_patients_are_told_the_same_alone_and_together(followed):
    deployed, X = followed[0].deployed, followed[1].X.iloc[:20]
    together = deployed.predict(X)
    for place in range(20):
        (alone,) = deployed.predict(X.iloc[[place]]).to_dict("records")
        for name, value in alone.items():
            assert value == pytest.approx(together[name].iloc[place])


def test_a_large_table_is_recalibrated_by_the_tenth_that_was_held_out(monkeypatch):
    monkeypatch.setattr(folding, "ONE_FOLD_FROM", 500)
    examples, _ = make_numbers(0, 600, (1.0, -1.0))
    plan = plan_small(numbers(examples.X), BOTH)
    learning = learn_outcome(examples.X, examples.observed, examples.patient, plan.portfolio, 3)
    held_out = np.isfinite(learning.scores)
    assert held_out.sum() == 60
    development = develop(examples, plan)
    scores, y, weight = (part[held_out] for part in (learning.scores, learning.y, learning.weight))
    assert development.deployed.interval == VennAbers.learn(scores, y, weight)
    told = development.predict(examples.X)
    assert told.drop(columns="because").notna().all(axis=None)
    assert roc_auc_score(examples.observed.event, told["risk_ensemble"]) > 0.75


def test_further_targets_get_the_members_alone_and_each_its_own_outcome(kinds, competing):
    for development, examples in (kinds, competing):
        first, *others = examples.targets
        assert development.deployed.target == first
        assert list(development.deployed.others) == others
        for name in others:
            model = development.deployed.others[name]
            assert list(model.members) == list(development.deployed.model.members)
            alone = develop_small(examples.for_target(name), PREDICTORS, BOTH).deployed.model
            assert_allclose(model.log_odds(examples.X), alone.log_odds(examples.X), rtol=1e-12)


def test_others_may_have_candidates_of_their_own():
    examples = make_examples(make_kinds(0, 300)[0], KindVisits)
    free = build_candidates(("logistic",), Context(PREDICTORS, 1))
    plan = plan_small(PREDICTORS, ("logistic",), outcome=KindVisits.study().outcome)
    taught: list[int] = []
    other = replace(plan.portfolio, candidates=free | {"logistic": Planted("marker", taught=taught)})
    found = develop(examples, replace(plan, others=other)).deployed
    assert len(taught) == 2
    assert [type(model.members["logistic"]) for model in found.others.values()] == [Planted, Planted]
    assert not isinstance(found.model.members["logistic"], Planted)


def test_classes_add_up_and_figures_over_them_are_scikit_learns(kinds):
    fresh = make_examples(make_kinds(1, 1000)[0], KindVisits)
    told = kinds[0].predict(fresh.X)
    risks = {"stroke": told["risk_ensemble"]} | {name: told[f"also_{name}"] for name in ("none", "bleed")}
    matrix = np.column_stack([risks[name] for name in KINDS])
    assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    kind = np.argmax([fresh.targets[name].event for name in KINDS], axis=0)
    by_model = {name: risk.to_numpy()[None, :] for name, risk in risks.items()}
    outcome, few = KindVisits.study().outcome, Evaluate(resamples=100, seed=0)
    found = over_classes(by_model, fresh.targets, fresh.patient, outcome, few)
    expected = roc_auc_score(kind, matrix, multi_class="ovr", average="macro")
    assert found["macro_auroc"].value == pytest.approx(expected, abs=1e-12)
    assert found["log_loss"].value == pytest.approx(log_loss(kind, matrix), rel=1e-9)
    assert found["macro_auroc"].lo < expected < found["macro_auroc"].hi


def test_classes_are_told_apart_almost_as_well_as_knowing_the_truth(kinds):
    records, truth = make_kinds(1, 3000)
    fresh = make_examples(records, KindVisits)
    told = kinds[0].predict(fresh.X)
    for name, observed in fresh.targets.items():
        said = told["risk_ensemble" if name == "stroke" else f"also_{name}"]
        oracle = roc_auc_score(observed.event, truth[name])
        assert oracle - 0.04 < roc_auc_score(observed.event, said) < oracle + 0.01
        assert said.mean() == pytest.approx(observed.event.mean(), abs=0.05)


def naive(examples: Examples) -> Examples:
    """The same patients, of whom the dead are held for lost."""
    targets = {name: Observed(o.event, o.time, o.horizon) for name, o in examples.targets.items()}
    return replace(examples, targets=targets)


def test_the_risk_is_the_cumulative_incidence_beside_a_competing_event(competing):
    """Who holds the dead for lost expects a third more illness by a year than there is among mortals."""
    development, examples = competing
    records, truth = make_competing(7, 6000)
    fresh = make_examples(records, CompetingVisits)
    wrong = develop_small(naive(examples), PREDICTORS, ("logistic",), outcome=CompetingVisits.study().outcome)
    told, overstated = development.predict(fresh.X), wrong.predict(fresh.X)
    for horizon, off in ((HORIZON, 0.85), (SOONER, 0.92)):
        name = f"{horizon:g} days"
        column, observed = "risk_ensemble" if horizon == HORIZON else f"also_{name}", fresh.targets[name]
        weight, counts = observed.weights()[None, :], np.ones((1, 6000))
        ratio, ratio_off = (
            float(oe_ratio(said[column].to_numpy(), observed.by_horizon(), weight, counts)[0])
            for said in (told, overstated)
        )
        assert ratio == pytest.approx(1, abs=0.1)
        assert ratio_off < off
        assert told[column].mean() == pytest.approx(truth[name].mean(), rel=0.1)
        assert overstated[column].mean() > truth[name].mean() / off
        assert np.corrcoef(told[column], truth[name])[0, 1] > 0.9


def test_an_earlier_risk_never_exceeds_a_later_one(competing):
    told = competing[0].predict(make_examples(make_competing(3, 2000)[0], CompetingVisits).X)
    assert (told[f"also_{SOONER:g} days"] <= told["risk_ensemble"]).all()


def test_a_target_with_too_few_patients_refuses_the_development():
    records, _ = make_kinds(0, 200)
    few = records["kind"].mask((records["kind"] == "bleed") & (records.index > 30), "none")
    assert 0 < (few == "bleed").sum() < 10
    examples = make_examples(records.assign(kind=few), KindVisits)
    with pytest.raises(DataRefusedError, match="patients for training have the event, expected at least 10"):
        develop_small(examples, PREDICTORS, ("logistic",), outcome=Classes("kind", "stroke", "a stroke"))
