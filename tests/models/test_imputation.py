import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize

from pipeline.models import imputation
from pipeline.models.ensemble import RiskModel
from pipeline.models.features import model_frame
from pipeline.models.folds import make_folds
from pipeline.models.imputation import ImputedDesign, ImputedLogisticCandidate, impute
from pipeline.models.linear import INVERSE_PENALTIES
from pipeline.models.storage import model_from_dict, model_to_dict
from tests.models.builders import Visits, make_records

CANDIDATE = ImputedLogisticCandidate("imputed", seed=1)
COLUMNS = ["marker", "pressure", "grade", "drug", "site"]


def visits(seed: int, n: int = 300, missing: float = 0.2) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    records = make_records(seed, n, missing=missing)
    y = (records["status"] == "ill").to_numpy(float)
    return model_frame(records, Visits.predictors())[COLUMNS], y, np.ones(n)


def related(seed: int, n: int, gone: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Two numbers correlated by .8, of which `x` is missing the more often the higher `z`; y is logistic in x alone."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    x = 0.8 * z + 0.6 * rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(0.5 - x))).astype(float)
    lost = rng.random(n) < np.where(z > 0, 2 * gone, 0)
    return pd.DataFrame({"x": np.where(lost, np.nan, x), "z": z}), y


@pytest.mark.parametrize("seed", range(3))
def test_gaps_take_the_conditional_mean_of_a_normal_distribution(seed):
    """The textbook form by the covariance, patient by patient, against the one by its inverse."""
    X, y, _ = visits(seed)
    design = impute(X, y, 3, 0).design
    filled, covariance = design.transform(X), np.linalg.inv(design.precision)
    whole = X.notna().all(axis=1).to_numpy()
    raw = (imputation._expand(X, design.blocks) - design.mean) / design.scale
    assert_allclose(filled[whole], raw[whole], atol=1e-12)
    assert 0 < whole.sum() < len(X)
    for row, known in zip(filled, ~np.isnan(raw), strict=True):
        pull = covariance[np.ix_(~known, known)] @ np.linalg.pinv(covariance[np.ix_(known, known)])
        assert_allclose(row[~known], pull @ row[known], atol=1e-6)


def test_new_patients_gaps_do_not_depend_on_who_else_is_there():
    X, y, _ = visits(0)
    design, new = impute(X, y, 3, 0).design, visits(9)[0]
    together = design.transform(new)
    apart = np.vstack([design.transform(new.iloc[[i]]) for i in range(len(new))])
    assert_allclose(together, apart, atol=1e-10)
    assert design.transform(new.iloc[:0]).shape == (0, together.shape[1])


def test_a_correlated_predictor_tells_what_is_missing():
    """Of x given z = 2 the mean is 1.6, in standard deviations as learnt."""
    X, y = related(0, 4000, 0.3)
    design = impute(X, y, 5, 0).design
    said = design.transform(pd.DataFrame({"x": [np.nan], "z": [2.0]}))[0, 0] * design.scale[0] + design.mean[0]
    assert said == pytest.approx(1.6, abs=0.1)
    assert design.owners() == ["x", "z"]


@pytest.mark.parametrize("seed", range(3))
def test_pooled_odds_ratios_are_those_of_the_complete_table(seed):
    """Beside what dropping or median-filling would give; the interval is wider than that of the complete table."""
    X, y = related(seed, 4000, 0.35)
    learnt = CANDIDATE.learn(X, y, np.ones(len(y)), make_folds(y, np.arange(len(y)), 3))
    terms = {row["term"]: row for row in learnt.settings["pooled"]}
    for name, truth in (("x", 1.0), ("z", 0.0)):
        assert terms[name]["lo"] < truth < terms[name]["hi"]
        assert terms[name]["estimate"] == pytest.approx(truth, abs=0.3)
        assert 0.05 < terms[name]["fmi"] < 0.7
    assert json.loads(json.dumps(learnt.settings)) == learnt.settings


def test_without_gaps_pooled_terms_are_those_of_one_regression():
    """Against scipy's optimiser on the same loss, its standard errors by the sandwich of numerical scores."""
    X, y, weight = visits(4, 400, missing=0.0)
    weight = np.random.default_rng(0).uniform(0.5, 2, 400)
    rows = imputation.pool_terms(impute(X, y, 2, 0), y, weight)
    codes = pd.get_dummies(X["site"], drop_first=True).to_numpy(float)
    design = np.column_stack([np.ones(400), X[COLUMNS[:4]].clip(*limits(X), axis=1).to_numpy(), codes])

    def scores(b: np.ndarray) -> np.ndarray:
        return weight[:, None] * design * (y - 1 / (1 + np.exp(-design @ b)))[:, None]

    def slope(b: np.ndarray) -> np.ndarray:
        return scores(b).sum(axis=0)

    start = np.linalg.lstsq(design, y - y.mean(), rcond=None)[0]
    b = optimize.root(slope, start, method="lm", tol=1e-12).x
    bread = np.linalg.inv(optimize.approx_fprime(b, slope, 1e-6))
    variance = np.diag(bread @ (scores(b).T @ scores(b)) @ bread.T) * 400 / (400 - design.shape[1])
    # The weakest penalty, 10, is no more than a few thousandths of the information of 400 patients.
    assert INVERSE_PENALTIES[-1] == 10
    assert_allclose([row["estimate"] for row in rows], b[1:], atol=0.02)
    width = np.array([row["hi"] - row["lo"] for row in rows]) / 2
    assert_allclose(width / 1.966, np.sqrt(variance[1:]), rtol=0.02)
    assert [(row["term"], row["level"]) for row in rows[4:]] == [("site", s) for s in ("east", "south", "west")]


def limits(X: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """What numbers are limited to: 0.5% and 99.5% quantiles, or the range of a code."""
    few = X[COLUMNS[:4]].nunique() <= 10
    low, high = (X[COLUMNS[:4]].quantile(q) for q in (0.005, 0.995))
    return low.mask(few, X[COLUMNS[:4]].min()), high.mask(few, X[COLUMNS[:4]].max())


@pytest.mark.parametrize("seed", range(3))
def test_out_of_fold_log_odds_know_nothing_of_their_fold(seed, monkeypatch):
    monkeypatch.setattr("pipeline.models.linear.INVERSE_PENALTIES", (0.1,))
    X, y, weight = visits(seed, 150)
    folds = make_folds(y, np.arange(len(y)), 3)
    changed, kept = np.array_split(folds[0][1], 2)
    before = CANDIDATE.learn(X, y, weight, folds).scores
    other, outcome = X.copy(), y.copy()
    other.iloc[changed, :2] = 999.0
    outcome[changed] = 1 - y[changed]
    after = CANDIDATE.learn(other, outcome, weight, folds).scores
    assert_allclose(after[kept], before[kept], atol=1e-12)
    assert not np.allclose(after[folds[1][1]], before[folds[1][1]])


def test_the_same_seed_draws_the_same_and_another_one_others():
    X, y, _ = visits(1)
    one, two, other = impute(X, y, 2, 5), impute(X, y, 2, 5), impute(X, y, 2, 6)
    assert_array_equal(one.completed, two.completed)
    assert not np.allclose(one.completed[0], other.completed[0])
    assert not np.allclose(one.completed[0], one.completed[1])
    known = ~np.isnan(imputation._expand(X, one.design.blocks))
    assert_array_equal(one.completed[0][known], one.completed[1][known])


def test_a_stored_design_fills_the_same_to_the_last_bit():
    X, y, weight = visits(2)
    fitted = CANDIDATE.fit(X, y, weight, {"inverse_penalty": 0.3})
    model = RiskModel({"imputed": fitted}, {"imputed": 1.0}, 0.1, 0.9)
    again = model_from_dict(json.loads(json.dumps(model_to_dict(model), allow_nan=False)))
    assert isinstance(again.members["imputed"].design, ImputedDesign)
    new = visits(20, missing=0.4)[0]
    assert_array_equal(again.log_odds(new), model.log_odds(new))


def test_of_many_rows_the_first_are_learnt_from(monkeypatch):
    monkeypatch.setattr(imputation, "MOST_ROWS", 100)
    X, y, weight = visits(3)
    model = CANDIDATE.fit(X, y, weight, {"inverse_penalty": 1.0})
    first = CANDIDATE.fit(X[:100], y[:100], weight[:100], {"inverse_penalty": 1.0})
    assert_array_equal(model.coefficients, first.coefficients)


def test_more_columns_than_events_leave_no_odds_ratios():
    X, y, weight = visits(0, 40)
    few = np.where(np.cumsum(y) <= 5, y, 0.0)
    assert imputation.pool_terms(impute(X, few, 2, 0), few, weight) == []


def test_a_column_with_one_value_or_none_gets_no_term():
    X, y, weight = visits(0)
    X = X.assign(constant=4.0, missing=np.nan)
    imputed = impute(X, y, 2, 0)
    assert np.isfinite(imputed.design.transform(X)).all()
    assert {row["term"] for row in imputation.pool_terms(imputed, y, weight)} == set(COLUMNS)
