from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shap
from numpy.testing import assert_allclose, assert_array_equal

from data_schemas.columns import Cohort
from pipeline.explanation.attributions import FEW, attribute
from pipeline.models.ensemble import ENSEMBLE, RiskModel
from pipeline.models.features import model_frame
from pipeline.models.folds import make_folds
from pipeline.models.linear import LogisticCandidate
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.trees import TreesCandidate, TreesModel
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.read import read_source
from pipeline.settings import load_cohort, load_settings
from tests.models.builders import FollowedVisits, Visits, develop_small, make_numbers, make_records

ROOT = Path(__file__).parents[2]
ALL_MEMBERS = ("logistic", "spline_logistic", "boosted_trees")


def by_itself(member) -> RiskModel:
    return RiskModel({"it": member}, {"it": 1.0}, 0.0, 1.0)


def demo(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Examples, type[Cohort]]:
    monkeypatch.chdir(ROOT)
    settings, cohort = load_settings(), load_cohort(name)
    text = read_source(settings.cohorts[name].source, cohort.columns())
    return make_examples(validate_records(text, cohort, settings.validate_).valid, cohort), cohort


@pytest.mark.parametrize("name", ["breast_cancer_recurrence", "breast_cancer_diagnosis"])
def test_parts_add_up_to_the_log_odds_on_the_demo_cohorts(name, monkeypatch):
    examples, cohort = demo(name, monkeypatch)
    models = develop_small(examples, cohort.predictors(), ALL_MEMBERS).models
    assert len(examples.X) > 500
    assert len(models[ENSEMBLE].members["boosted_trees"].boosters) == 3
    assert len(set(models[ENSEMBLE].weights.values())) == 3
    for model in models.values():
        parts = attribute(model, examples.X)
        assert_allclose(parts.log_odds(), model.log_odds(examples.X), rtol=0, atol=1e-5)
        assert list(parts.contributions) == list(cohort.predictors())
        assert parts.contributions.abs().to_numpy().mean() > 0.01


@pytest.mark.parametrize("seed", range(3))
def test_parts_add_up_with_categories_gaps_and_patients_beyond_what_was_seen(seed):
    examples = make_examples(make_records(seed, 250), FollowedVisits)
    model = develop_small(examples, Visits.predictors(), ALL_MEMBERS).models[ENSEMBLE]
    new = model_frame(make_records(seed + 9, 300, missing=0.4), Visits.predictors())
    new.loc[:20, "marker"] = 1e6
    new.loc[5:30, "grade"] = np.nan
    parts = attribute(model, new)
    assert_allclose(parts.log_odds(), model.log_odds(new), rtol=0, atol=1e-5)
    assert parts.contributions.index.equals(new.index)


def test_contributions_are_the_members_weighted_and_rescaled():
    examples = make_examples(make_records(0, 250), Visits)
    members = develop_small(examples, Visits.predictors()).models[ENSEMBLE].members
    one, two = (attribute(by_itself(member), examples.X) for member in members.values())
    model = RiskModel(members, dict(zip(members, (0.8, 0.2), strict=True)), 0.5, 1.5)
    parts = attribute(model, examples.X)
    assert_allclose(parts.contributions, 1.5 * (0.8 * one.contributions + 0.2 * two.contributions), rtol=1e-12)
    assert parts.base == pytest.approx(0.5 + 1.5 * (0.8 * one.base + 0.2 * two.base))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("splines", [True, False])
def test_linear_attributions_equal_shaps(seed, splines):
    """shap.LinearExplainer on the design's columns, the training patients as background, summed by predictor."""
    records = make_records(seed, 200)
    X, y = model_frame(records, Visits.predictors()), (records["status"] == "ill").to_numpy(float)
    member = LogisticCandidate("", splines=splines).fit(X, y, np.ones(200), {"inverse_penalty": 1.0})
    new = model_frame(make_records(seed + 40, 50), Visits.predictors())
    background = shap.maskers.Independent(member.design.transform(X), max_samples=200)
    explainer = shap.LinearExplainer((member.coefficients, member.intercept), background)
    expected = (
        pd.DataFrame(explainer.shap_values(member.design.transform(new)).T).groupby(member.design.owners()).sum().T
    )
    parts = attribute(by_itself(member), new)
    assert_allclose(parts.contributions, expected[list(new)], atol=1e-9)
    assert parts.base == pytest.approx(explainer.expected_value, abs=1e-9)
    assert parts.base == pytest.approx(member.log_odds(X).mean(), abs=1e-9)


def expectation(tree: pd.DataFrame, node: str, row: pd.Series, known: tuple[str, ...]) -> float:
    """What a tree says if only `known` predictors are: at other splits, both sides by the patients they hold."""
    at = tree.loc[node]
    if at["Feature"] == "Leaf":
        return float(at["Gain"])
    if at["Feature"] in known:
        side = "Yes" if np.float32(row[at["Feature"]]) < np.float32(at["Split"]) else "No"
        return expectation(tree, at[side], row, known)
    share = tree.loc[at["Yes"], "Cover"] / (tree.loc[at["Yes"], "Cover"] + tree.loc[at["No"], "Cover"])
    return share * expectation(tree, at["Yes"], row, known) + (1 - share) * expectation(tree, at["No"], row, known)


def shapley(member: TreesModel, row: pd.Series) -> dict[str, float]:
    """Shapley values by their definition: every subset of the other predictors, weighted by its orders."""
    names = list(row.index)
    (booster,) = member.boosters
    frame = booster.trees_to_dataframe().set_index("ID")
    frame["Feature"] = frame["Feature"].replace({f"f{i}": name for i, name in enumerate(names)})
    trees = [tree for _, tree in frame.groupby("Tree")]
    total = dict.fromkeys(names, 0.0)
    for name in names:
        others = [n for n in names if n != name]
        for size in range(len(names)):
            share = factorial(size) * factorial(len(names) - size - 1) / factorial(len(names))
            for subset in combinations(others, size):
                for tree in trees:
                    gain = expectation(tree, tree.index[0], row, (*subset, name))
                    total[name] += share * (gain - expectation(tree, tree.index[0], row, subset))
    return total


@pytest.mark.parametrize("seed", range(2))
def test_tree_attributions_equal_shapley_values_by_enumeration(seed):
    examples, _ = make_numbers(seed, 150, (1.0, -1.0, 0.5))
    y = examples.observed.event
    member = TreesCandidate("", seed).fit(examples.X, y, np.ones(150), {"rounds": 12})
    some = examples.X.iloc[:4]
    expected = [shapley(member, row) for _, row in some.iterrows()]
    parts = attribute(by_itself(member), some)
    assert_allclose(parts.contributions, pd.DataFrame(expected), atol=1e-5)
    assert parts.contributions.abs().to_numpy().max() > 0.1


def test_several_boosters_share_the_mean_of_their_attributions():
    examples, _ = make_numbers(0, 300, (1.0, -1.0, 0.5))
    X, y = examples.X, examples.observed.event
    folds = make_folds(y, np.arange(300), 3)
    member = TreesCandidate("", 0).learn(X, y, np.ones(300), folds).model
    assert len(member.boosters) == 3
    each = [attribute(by_itself(TreesModel((booster,))), X) for booster in member.boosters]
    together = attribute(by_itself(member), X)
    assert_allclose(together.contributions, np.mean([one.contributions for one in each], axis=0), atol=1e-9)
    assert together.base == pytest.approx(np.mean([one.base for one in each]))
    assert not np.allclose(each[0].contributions, each[1].contributions, atol=0.01)
    assert_allclose(together.log_odds(), member.log_odds(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize("candidate", [LogisticCandidate("", splines=True), TreesCandidate("", 0)])
def test_a_predictor_that_the_model_does_not_use_contributes_nothing(candidate):
    examples, _ = make_numbers(0, 300, (1.5, -1.0))
    X = examples.X.assign(idle=7.0)
    member = candidate.fit(X, examples.observed.event, np.ones(300), {"inverse_penalty": 1.0, "rounds": 30})
    new = X.assign(idle=np.linspace(-50, 50, 300))
    contributions = attribute(by_itself(member), new).contributions
    assert_array_equal(contributions["idle"], np.zeros(300))
    assert (contributions[["a", "b"]].abs().mean() > 0.1).all()


def test_twins_share_alike_in_a_linear_model():
    examples, _ = make_numbers(1, 300, (1.5, -1.0))
    X = examples.X.assign(twin=examples.X["a"])
    settings = {"inverse_penalty": 1.0}
    member = LogisticCandidate("", splines=True).fit(X, examples.observed.event, np.ones(300), settings)
    contributions = attribute(by_itself(member), X).contributions
    assert_allclose(contributions["a"], contributions["twin"], atol=1e-9)
    swapped = LogisticCandidate("", splines=True).fit(
        X[["twin", "b", "a"]], examples.observed.event, np.ones(300), settings
    )
    again = attribute(by_itself(swapped), X[["twin", "b", "a"]]).contributions
    assert_allclose(again[list(X)], contributions, atol=1e-6)
    assert contributions["a"].abs().mean() > 0.1


def test_few_patients_are_explained_like_many():
    examples = make_examples(make_records(1, FEW + 100), Visits)
    model = develop_small(examples, Visits.predictors(), ALL_MEMBERS).models[ENSEMBLE]
    whole, few = attribute(model, examples.X), attribute(model, examples.X.iloc[: FEW - 1])
    assert_allclose(few.contributions, whole.contributions.iloc[: FEW - 1], atol=1e-5)
    assert few.base == pytest.approx(whole.base, abs=1e-5)
    assert attribute(model, examples.X.iloc[:0]).base == pytest.approx(whole.base)
