from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.metrics import roc_auc_score

from pipeline.errors import DataRefusedError
from pipeline.models import linear
from pipeline.models.ensemble import ENSEMBLE, Development
from pipeline.models.held_out import cross_validate, develop_and_test, predict_held_out
from pipeline.models.outcomes import Examples, make_examples
from tests.models.builders import FollowedVisits, develop_small, make_numbers, make_records


@dataclass(frozen=True)
class Roster:
    """A model that betrays who taught it: risk 1 for those patients, 0 for others. X holds their number."""

    taught: frozenset[int]

    def risk(self, X: pd.DataFrame) -> np.ndarray:
        return X["number"].isin(self.taught).to_numpy(float)


class Recorder:
    """A development that fits nothing and keeps the pseudonyms it saw."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def __call__(self, examples: Examples) -> Development:
        self.seen.append(list(examples.pseudonym))
        return Development({"model": Roster(frozenset(examples.X["number"]))}, {})  # type: ignore[dict-item]


def visits(n: int = 30) -> Examples:
    """Every third patient has a second row."""
    records = make_records(0, n)
    records = pd.concat([records, records.iloc[::3]]).sort_values("pseudonym", kind="stable", ignore_index=True)
    examples = make_examples(records, FollowedVisits)
    X = pd.DataFrame({"number": examples.patient})
    return Examples(X, examples.observed, examples.patient, examples.pseudonym)


def fold_columns(examples: Examples, repeats: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    folds = {f"fold_{r}": rng.integers(0, 4, examples.patient.max() + 1) for r in range(1, repeats + 1)}
    return pd.DataFrame({name: fold[examples.patient] for name, fold in folds.items()})


@pytest.mark.parametrize("seed", range(3))
def test_no_patient_is_predicted_by_a_model_taught_with_that_patient(seed):
    examples, recorder = visits(), Recorder()
    found = cross_validate(examples, fold_columns(examples, 3, seed), recorder)
    assert (found["model"] == 0).all()
    assert len(recorder.seen) == 12
    everyone = set(examples.pseudonym)
    assert all(set(seen) < everyone for seen in recorder.seen)


def test_every_record_has_exactly_one_risk_a_repeat():
    examples = visits()
    found = cross_validate(examples, fold_columns(examples, 3), Recorder())
    assert list(found) == ["pseudonym", "repeat", "event", "time", "model"]
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
    assert (found["model"] == 0).all()
    assert (found["repeat"] == 1).all()
    assert development.models["model"].risk(examples.X[~held_out]).all()


def test_without_a_test_part_all_teach_the_final_model_and_folds_judge_it():
    examples, recorder = visits(), Recorder()
    split = fold_columns(examples, 2).assign(part="development", pseudonym=examples.pseudonym)
    development, found = develop_and_test(examples, split, recorder)
    assert recorder.seen[0] == list(examples.pseudonym)
    assert development.models["model"].risk(examples.X).all()
    assert len(recorder.seen) == 1 + 8
    assert (found["model"] == 0).all()
    assert len(found) == 2 * len(examples.patient)


def test_a_binary_outcome_has_no_time():
    examples, _ = make_numbers(0, 200, (1.0,))
    development = develop_small(examples, {}, ("logistic",))
    found = predict_held_out(development, examples, repeat=4)
    assert found["time"].isna().all()
    assert set(found["repeat"]) == {4}
    assert list(found)[4:] == [ENSEMBLE, "logistic"]
    assert_array_equal(found[ENSEMBLE], development.models[ENSEMBLE].risk(examples.X))


def mean_auroc_of_noise(leak: bool) -> float:
    """The mean over seeds and folds where 20 predictors have nothing to do with the outcome."""
    found = []
    for seed in range(12):
        examples, _ = make_numbers(seed, 120, (0.0,) * 20)
        folds = pd.DataFrame({"fold_1": np.random.default_rng(seed).integers(0, 3, 120)})

        def learn(taught: Examples, everyone: Examples = examples) -> Development:
            return develop_small(everyone if leak else taught, {}, ("spline_logistic",))

        out = cross_validate(examples, folds, learn)
        parts = out.groupby(folds["fold_1"].to_numpy())
        found += [roc_auc_score(part["event"], part[ENSEMBLE]) for _, part in parts]
    return float(np.mean(found))


def test_noise_is_not_predicted(monkeypatch):
    """The mean of 36 AUROCs of about 15 events and 25 others, each with a standard error of about .095.

    Folds of the same patients go together, which about doubles the variance: the mean's standard error is .022, and
    .09 is four of them. A development that sees all patients would fail.
    """
    monkeypatch.setattr(linear, "PENALTIES", (0.01, 0.1))
    assert abs(mean_auroc_of_noise(leak=False) - 0.5) < 0.09
    assert mean_auroc_of_noise(leak=True) > 0.6
