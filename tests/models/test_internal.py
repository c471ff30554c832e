from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal

from pipeline.errors import DataRefusedError
from pipeline.models import internal
from pipeline.models.development import Plan, develop, learn_alone
from pipeline.models.ensemble import Portfolio
from pipeline.models.internal import (
    COLUMNS,
    Trial,
    apparent_risks,
    learning_trials,
    optimism_trials,
    run_trials,
    site_trials,
)
from pipeline.models.outcomes import Examples, make_examples
from tests.models.builders import ILL, KindVisits, Planted, make_kinds, make_numbers, numbers

SEEDS = range(5)


@dataclass(frozen=True)
class Roster:
    """A model that betrays who taught it: risk 1 for those patients, 0 for others. X holds their number."""

    taught: frozenset[int]

    def risk(self, X: pd.DataFrame) -> np.ndarray:
        return X["number"].isin(self.taught).to_numpy(float)


def betray_alone(examples: Examples) -> Roster:
    return Roster(frozenset(examples.X["number"]))


def betray(examples: Examples):
    return SimpleNamespace(deployed=SimpleNamespace(model=betray_alone(examples)))


def visits(seed: int, patients: int = 60) -> Examples:
    """Patients with one to three rows each; X holds their number."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    n = len(patient)
    examples = make_numbers(seed, n, (1.0,))[0]
    pseudonym = pd.Series([f"p{i:03d}" for i in patient], dtype="string")
    return replace(examples, X=pd.DataFrame({"number": patient}), patient=patient, pseudonym=pseudonym)


def sites(seed: int, n: int) -> pd.Series:
    """Rows of three sites, one of them small, and rows of which the site is not known."""
    drawn = np.random.default_rng(seed).choice(["north", "south", "west", None], n, p=[0.5, 0.3, 0.1, 0.1])
    return pd.Series(drawn, dtype="string")


@pytest.mark.parametrize("seed", SEEDS)
def test_resamples_draw_patients_of_the_development_part_with_all_their_rows(seed):
    patient = visits(seed).patient
    development = patient % 3 > 0
    trials = optimism_trials(patient, development, 20, seed)
    assert [(trial.check, trial.part) for trial in trials] == [("optimism", str(k)) for k in range(1, 21)]
    absent = []
    for trial in trials:
        assert_array_equal(trial.tested, np.flatnonzero(development))
        times = np.bincount(trial.taught, minlength=len(patient))
        assert not times[~development].any()
        per_patient = pd.Series(times[development]).groupby(patient[development])
        assert (per_patient.nunique() == 1).all()
        assert per_patient.first().sum() == len(np.unique(patient[development]))
        absent.append((per_patient.first() == 0).mean())
    assert np.mean(absent) == pytest.approx((1 - 1 / 40) ** 40, abs=0.05)
    again = optimism_trials(patient, development, 20, seed)
    other = optimism_trials(patient, development, 20, seed + 1)
    assert all(np.array_equal(a.taught, b.taught) for a, b in zip(trials, again, strict=True))
    assert not any(np.array_equal(a.taught, b.taught) for a, b in zip(trials, other, strict=True))
    assert optimism_trials(patient, development, 0, seed) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_each_site_is_left_out_with_all_that_its_patients_have_elsewhere(seed):
    examples = visits(seed)
    patient, site = examples.patient, sites(seed, len(examples.patient))
    trials = site_trials(patient, site)
    assert [trial.part for trial in trials] == ["north", "south", "west"]
    for trial in trials:
        assert_array_equal(trial.tested, np.flatnonzero((site == trial.part).fillna(False)))
        assert not set(patient[trial.taught]) & set(patient[trial.tested])
        left = set(range(len(patient))) - set(trial.taught) - set(trial.tested)
        assert set(patient[list(left)]) <= set(patient[trial.tested])
        assert site.iloc[trial.taught].isna().any()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_share_of_the_patients_teaches_and_the_same_patients_test(seed):
    patient = visits(seed).patient
    fold = np.random.default_rng(seed).integers(0, 3, 60)[patient]
    pairs = [(fold != k, fold == k) for k in range(3)]
    trials = learning_trials(patient, pairs, (0.25, 0.5))
    assert [trial.part for trial in trials] == ["0.25"] * 3 + ["0.5"] * 3
    for trial, (teaches, tested) in zip(trials, pairs * 2, strict=True):
        assert_array_equal(trial.tested, np.flatnonzero(tested))
        taught, everyone = set(patient[trial.taught]), np.unique(patient[teaches])
        assert taught == set(everyone[: round(float(trial.part) * len(everyone))])
        assert_array_equal(trial.taught, np.flatnonzero(np.isin(patient, list(taught))))
    for fewer, more in zip(trials[:3], trials[3:], strict=True):
        assert set(fewer.taught) < set(more.taught)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_patient_is_told_a_risk_by_a_development_that_saw_the_patient_but_for_optimism(seed):
    examples = visits(seed)
    patient, site = examples.patient, sites(seed, len(examples.patient))
    fold = np.random.default_rng(seed).integers(0, 3, 60)[patient]
    trials = learning_trials(patient, [(fold != k, fold == k) for k in range(3)], (0.5,))
    trials += site_trials(patient, site)
    trials += optimism_trials(patient, np.ones(len(patient), dtype=bool), 3, seed)
    found = run_trials(examples, trials, betray_alone)
    seen = found["check"] == "optimism"
    assert (found.loc[~seen, "risk"] == 0).all()
    assert (found.loc[~seen, "times"] == 0).all()
    assert_array_equal(found.loc[seen, "risk"], found.loc[seen, "times"] > 0)
    assert found.loc[seen, "times"].max() > 1


def test_rows_say_which_record_was_told_what_by_how_many_patients():
    examples = visits(0)
    trials = [Trial("a", "1", np.array([0, 0, 5, 7]), np.array([3, 0])), Trial("b", "x", np.arange(9), np.arange(9))]
    found = run_trials(examples, trials, betray_alone)
    assert found.dtypes.astype(str).to_dict() == COLUMNS
    assert list(found["check"]) == ["a"] * 2 + ["b"] * 9
    assert list(found["record"]) == [3, 0, *range(9)]
    assert list(found["times"]) == [0, 2, *[1] * 9]
    assert set(found.loc[:1, "patients"]) == {len(set(examples.patient[[0, 5, 7]]))}
    assert set(found.loc[2:, "patients"]) == {len(set(examples.patient[:9]))}


def test_a_trial_with_too_few_to_learn_from_has_no_rows():
    examples = visits(0)

    def refuse(taught: Examples):
        if len(taught.X) < 5:
            raise DataRefusedError("too few")
        return betray_alone(taught)

    trials = [Trial("a", str(n), np.arange(n), np.arange(10)) for n in (0, 3, 6)]
    found = run_trials(examples, trials, refuse)
    assert set(found["part"]) == {"6"}
    nothing = run_trials(examples, trials[:2], refuse)
    assert nothing.empty
    assert nothing.dtypes.astype(str).to_dict() == COLUMNS
    assert run_trials(examples, [], refuse).empty


def test_of_several_targets_the_headline_one_alone_is_learnt():
    """So that none is given up because another class is too rare among those who teach."""
    examples = make_examples(make_kinds(0, 60)[0], KindVisits)
    learnt = []

    def look(taught: Examples):
        learnt.append(list(taught.targets))
        return betray_alone(replace(taught, X=pd.DataFrame({"number": taught.patient})))

    examples = replace(examples, X=pd.DataFrame({"number": examples.patient}))
    assert list(examples.targets) == ["stroke", "none", "bleed"]
    run_trials(examples, [Trial("a", "1", np.arange(40), np.arange(40, 60))], look)
    assert learnt == [["stroke"]]


def test_real_developments_are_tried_whatever_the_number_of_workers():
    examples, _ = make_numbers(0, 300, (1.0, 0.0))
    plan = Plan(Portfolio({"a": Planted("a")}, (), ("a",)), 3, ILL, numbers(examples.X))
    trials = optimism_trials(examples.patient, np.ones(300, dtype=bool), 2, 0)
    trials.append(Trial("learning curve", "0.01", np.arange(12), np.arange(200, 300)))
    with parallel_config(backend="threading"):
        one, two = (run_trials(examples, trials, lambda taught: learn_alone(taught, plan), jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert list(one["part"].unique()) == ["1", "2"]
    by_hand = develop(examples.take(trials[0].taught), plan).deployed.model.risk(examples.X)
    assert_array_equal(one.loc[one["part"] == "1", "risk"], by_hand)


def test_apparent_risks_are_those_of_the_deployed_model_for_those_who_taught_it(monkeypatch):
    examples = visits(1)
    taught = examples.patient % 2 == 0
    development = betray(examples.take(taught))
    found = apparent_risks(development, examples, taught)
    assert found.dtypes.astype(str).to_dict() == COLUMNS
    assert_array_equal(found["record"], np.flatnonzero(taught))
    assert (found["risk"] == 1).all()
    assert set(found["patients"]) == {30}
    monkeypatch.setattr(internal, "APPARENT_AT_MOST", 7)
    assert_array_equal(apparent_risks(development, examples, taught)["record"], np.flatnonzero(taught)[:7])
