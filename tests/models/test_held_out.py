from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.metrics import roc_auc_score

from pipeline.errors import DataRefusedError
from pipeline.models import held_out as module
from pipeline.models.development import Development, Plan, develop
from pipeline.models.ensemble import Portfolio
from pipeline.models.held_out import cross_validate, develop_and_test, predict_held_out
from pipeline.models.outcomes import Examples, make_examples
from tests.models.builders import (
    ILL,
    FollowedVisits,
    Planted,
    Unpenalised,
    develop_small,
    make_numbers,
    make_records,
    numbers,
)


@dataclass(frozen=True)
class Roster:
    """A development that betrays who taught it: risk 1 for those patients, 0 for others. X holds their number."""

    taught: frozenset[int]

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        known = X["number"].isin(self.taught).to_numpy(float)
        return pd.DataFrame({"outside": known > 0, "risk_model": known}, index=X.index)


class Recorder:
    """A development that fits nothing and keeps the pseudonyms it saw."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def __call__(self, examples: Examples) -> Development:
        self.seen.append(list(examples.pseudonym))
        return Roster(frozenset(examples.X["number"]))  # type: ignore[return-value]


def visits(n: int = 30) -> Examples:
    """Every third patient has a second row."""
    records = make_records(0, n)
    records = pd.concat([records, records.iloc[::3]]).sort_values("pseudonym", kind="stable", ignore_index=True)
    examples = make_examples(records, FollowedVisits)
    return replace(examples, X=pd.DataFrame({"number": examples.patient}))


def fold_columns(examples: Examples, repeats: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    folds = {f"fold_{r}": rng.integers(0, 4, examples.patient.max() + 1) for r in range(1, repeats + 1)}
    return pd.DataFrame({name: fold[examples.patient] for name, fold in folds.items()})


@pytest.mark.parametrize("seed", range(3))
def test_no_patient_is_predicted_by_a_model_taught_with_that_patient(seed):
    examples, recorder = visits(), Recorder()
    found = cross_validate(examples, fold_columns(examples, 3, seed), recorder)
    assert (found["risk_model"] == 0).all()
    assert len(recorder.seen) == 12
    everyone = set(examples.pseudonym)
    assert all(set(seen) < everyone for seen in recorder.seen)


def test_every_record_has_exactly_one_risk_a_repeat():
    examples = visits()
    found = cross_validate(examples, fold_columns(examples, 3), Recorder())
    assert list(found) == ["pseudonym", "repeat", "event", "time", "outside", "risk_model"]
    for repeat, part in found.groupby("repeat"):
        assert repeat in (1, 2, 3)
        assert list(part["pseudonym"]) == list(examples.pseudonym)
        assert_array_equal(part["event"], examples.observed.event)
        assert_array_equal(part["time"], examples.observed.time)


def test_all_patients_in_one_fold_are_refused():
    examples = visits()
    folds = pd.DataFrame({"fold_1": np.zeros(len(examples.patient), dtype=int)})
    with pytest.raises(DataRefusedError, match="all patients fall into one fold"):
        cross_validate(examples, folds, Recorder())


def test_with_a_test_part_only_its_patients_are_predicted():
    examples, recorder = visits(), Recorder()
    held_out = examples.patient % 3 == 0
    split = pd.DataFrame({"part": np.where(held_out, "test", "development")})
    development, found = develop_and_test(examples, split, recorder)
    assert len(recorder.seen) == 1
    assert recorder.seen[0] == list(examples.pseudonym[~held_out])
    assert list(found["pseudonym"]) == list(examples.pseudonym[held_out])
    assert (found["risk_model"] == 0).all()
    assert (found["repeat"] == 1).all()
    assert development.predict(examples.X[~held_out])["risk_model"].all()


def test_without_a_test_part_all_teach_the_final_model_and_folds_judge_it():
    examples, recorder = visits(), Recorder()
    split = fold_columns(examples, 2).assign(part="development", pseudonym=examples.pseudonym)
    development, found = develop_and_test(examples, split, recorder)
    assert recorder.seen[0] == list(examples.pseudonym)
    assert development.predict(examples.X)["risk_model"].all()
    assert len(recorder.seen) == 1 + 8
    assert (found["risk_model"] == 0).all()
    assert len(found) == 2 * len(examples.patient)


def test_a_binary_outcome_has_no_time():
    examples, _ = make_numbers(0, 200, (1.0, 0.0))
    development = develop_small(examples, numbers(examples.X), ("logistic",))
    some = examples.take(np.arange(200) % 2 == 1)
    found = predict_held_out(development, some, repeat=4)
    assert found["time"].isna().all()
    assert set(found["repeat"]) == {4}
    assert list(found.index) == list(range(100))
    assert_array_equal(found["pseudonym"], some.pseudonym)
    said = development.predict(some.X)
    assert list(found)[4:] == list(said)
    for name in said:
        assert_array_equal(found[name], said[name])


def test_the_records_that_test_are_the_test_part_or_each_fold_of_the_first_repeat():
    split = pd.DataFrame({"part": ["development", "test", "development"]})
    ((teach, test),) = module.testing_rows(split)
    assert_array_equal(teach, [True, False, True])
    assert_array_equal(test, ~teach)
    folds = pd.DataFrame({"part": ["development"] * 4, "fold_1": [2, 0, 2, 1], "fold_2": [0, 0, 1, 1]})
    pairs = module.testing_rows(folds)
    assert [list(test) for _, test in pairs] == [
        [False, True, False, False], [False, False, False, True], [True, False, True, False]
    ]  # fmt: skip
    assert all((teach == ~test).all() for teach, test in pairs)


def test_every_fold_tells_of_the_same_models_though_searches_end_differently():
    """Half of the patients are such that a second member pays, in the other half a third one does."""
    examples, _ = make_numbers(0, 1200, (1.0, 1.0, 1.0))
    X, first = examples.X.copy(), np.arange(1200) < 600
    X.loc[first, "c"], X.loc[~first, "b"] = 0.0, 0.0
    candidates = {name: Planted(name) for name in X}
    portfolio = Portfolio(candidates, (), ("a",), ("b", "c"))
    plan = Plan(portfolio, 3, ILL, numbers(X))
    developed = []

    def learn(taught: Examples) -> Development:
        developed.append(develop(taught, plan))
        return developed[-1]

    found = cross_validate(replace(examples, X=X), pd.DataFrame({"fold_1": first.astype(int)}), learn)
    assert [list(one.deployed.model.members) for one in developed] == [["a", "b"], ["a"]]
    assert [name for name in found if str(name).startswith("risk_")] == ["risk_ensemble", "risk_a"]
    assert found.filter(like="risk_").notna().all(axis=None)


def test_the_number_of_workers_does_not_matter():
    examples, _ = make_numbers(0, 400, (1.0, -1.0))
    folds = pd.DataFrame({"fold_1": np.arange(400) % 3, "fold_2": np.arange(400) // 200})
    plan = Plan(Portfolio({"a": Planted("a")}, (), ("a",)), 3, ILL, numbers(examples.X))
    with parallel_config(backend="threading"):
        alone, together = (cross_validate(examples, folds, partial(develop, plan=plan), jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(alone, together)


def aurocs_of_noise(seed: int, *, leak: bool) -> list[float]:
    """One for each fold where 20 predictors have nothing to do with the outcome, unless all got the mean risk."""
    examples, _ = make_numbers(seed, 120, (0.0,) * 20)
    known = numbers(examples.X[["a"]])  # one is enough for what is no risk
    plan = Plan(Portfolio({"it": Unpenalised()}, (), ("it",)), 3, ILL, known)
    folds = pd.DataFrame({"fold_1": np.random.default_rng(seed).integers(0, 3, 120)})
    out = cross_validate(examples, folds, lambda taught: develop(examples if leak else taught, plan))
    parts = [part for _, part in out.groupby(folds["fold_1"].to_numpy())]
    return [roc_auc_score(p["event"], p["risk_ensemble"]) for p in parts if np.ptp(p["risk_ensemble"])]


def test_noise_is_not_predicted():
    """The mean of a dozen AUROCs and more of about 15 events and 25 others, each with a standard error of about .095.

    Folds of the same patients go together, which about doubles the variance: the mean's standard error is at most .04,
    and .12 is three of them. A development that sees all patients would fail by far.
    """
    blind = [found for seed in range(10) for found in aurocs_of_noise(seed, leak=False)]
    assert len(blind) >= 12
    assert np.mean(blind) == pytest.approx(0.5, abs=0.12)
    leaking = [found for seed in range(3) for found in aurocs_of_noise(seed, leak=True)]
    assert np.mean(leaking) > 0.7
