import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from pipeline.models import linear
from pipeline.models.folds import make_folds
from pipeline.models.linear import INVERSE_PENALTIES, LogisticCandidate, regress
from tests.models.builders import SITES, weighed_visits

PLAIN = LogisticCandidate("plain", splines=False)
SPLINES = LogisticCandidate("splines", splines=True)
NUMBERS = ["marker", "pressure"]
CODES = ["grade", "drug"]


class Limits(FunctionTransformer):
    """The 0.5% and 99.5% quantiles of the training patients, then the median and a flag for what is missing."""

    def fit(self, X, y=None):
        self.low_, self.high_ = np.nanquantile(X, [0.005, 0.995], axis=0)
        return super().fit(X, y)

    def transform(self, X):
        return np.clip(X, self.low_, self.high_)


def independent(inverse_penalty: float) -> Pipeline:
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(Limits(), SimpleImputer(strategy="median", add_indicator=True)), NUMBERS),
            ("codes", "passthrough", CODES),
            ("site", OneHotEncoder(categories=[list(SITES.values())], handle_unknown="ignore"), ["site"]),
        ],
        sparse_threshold=0,
    )
    regression = LogisticRegression(C=inverse_penalty, solver="newton-cg", tol=1e-9, max_iter=500)
    return Pipeline([("columns", columns), ("scale", StandardScaler()), ("regression", regression)])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("inverse_penalty", [0.01, 1.0])
def test_log_odds_equal_an_independent_scikit_learn_pipeline(seed, inverse_penalty):
    X, y, weight = weighed_visits(seed)
    new = weighed_visits(seed + 50)[0]
    model = PLAIN.fit(X, y, weight, {"inverse_penalty": inverse_penalty})
    pipeline = independent(inverse_penalty).fit(X, y, regression__sample_weight=weight)
    assert_allclose(model.log_odds(new), pipeline.decision_function(new), atol=2e-5)


def search(X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, folds: list) -> dict[float, tuple[float, np.ndarray]]:
    """Held-out loss and log-odds under every ridge penalty."""
    found = {penalty: np.empty(len(y)) for penalty in INVERSE_PENALTIES}
    for training, held_out in folds:
        design = independent(1.0)[:-1].fit(X.iloc[training])
        seen, unseen = design.transform(X.iloc[training]), design.transform(X.iloc[held_out])
        for penalty, out in found.items():
            regression = independent(penalty)[-1].fit(seen, y[training], weight[training])
            out[held_out] = regression.decision_function(unseen)
    return {p: (log_loss(y, 1 / (1 + np.exp(-out)), sample_weight=weight), out) for p, out in found.items()}


@pytest.mark.parametrize("seed", range(3))
def test_tuning_finds_the_best_of_an_independent_search(seed, monkeypatch):
    monkeypatch.setattr(linear, "L1_RATIOS", (0.0,))
    X, y, weight = weighed_visits(seed)
    folds = make_folds(y, np.arange(len(y)), 3)
    learnt, found = PLAIN.learn(X, y, weight, folds), search(X, y, weight, folds)
    loss, scores = found[learnt.settings["inverse_penalty"]]
    assert learnt.settings["l1_ratio"] == 0
    assert loss < min(loss for loss, _ in found.values()) + 2e-5
    assert_allclose(learnt.scores, scores, atol=5e-3)


def numbers(seed: int, n: int, effects: tuple[float, ...], idle: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Normal numbers with the given effects and `idle` ones without, and outcomes."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, len(effects) + idle))).rename(columns=str)
    score = X.to_numpy()[:, : len(effects)] @ np.array(effects) - 0.5
    return X, (rng.random(n) < 1 / (1 + np.exp(-score))).astype(float)


@pytest.mark.parametrize(("n", "m"), [(400, 20), (60, 90)])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("inverse_penalty", [0.05, 1.0])
def test_coefficients_meet_the_conditions_of_an_optimum(n, m, l1_ratio, inverse_penalty):
    """Karush-Kuhn-Tucker: a coefficient balances the loss's slope, or is 0 where the penalty outweighs it."""
    rng = np.random.default_rng(n)
    matrix, weight = rng.normal(size=(n, m)), rng.uniform(0.5, 2, n)
    matrix[:, 1] = matrix[:, 0]
    y = (rng.random(n) < 1 / (1 + np.exp(1 - 2 * matrix[:, 0] + matrix[:, 2]))).astype(float)
    found, intercept = regress(matrix, y, weight, {"inverse_penalty": inverse_penalty, "l1_ratio": l1_ratio})
    error = weight * (1 / (1 + np.exp(-intercept - matrix @ found)) - y)
    slope = inverse_penalty * matrix.T @ error + (1 - l1_ratio) * found
    near = 1e-5 * n
    assert abs(error.sum()) < near
    assert (np.abs(slope) < l1_ratio + near).all()
    assert_allclose(slope[found != 0], -l1_ratio * np.sign(found[found != 0]), atol=near)
    if inverse_penalty < 1:
        assert (found == 0).any() == (l1_ratio > 0)


@pytest.mark.parametrize("seed", range(2))
def test_where_few_predictors_matter_columns_are_left_out_and_it_pays(seed, monkeypatch):
    X, y = numbers(seed, 240, (1.0, -1.0, 0.8), 40)
    fresh, outcome = numbers(seed + 50, 4000, (1.0, -1.0, 0.8), 40)
    folds = make_folds(y, np.arange(240), 4)
    both = PLAIN.learn(X, y, np.ones(240), folds)
    monkeypatch.setattr(linear, "L1_RATIOS", (0.0,))
    ridge = PLAIN.learn(X, y, np.ones(240), folds)
    net, shrunk = (log_loss(outcome, 1 / (1 + np.exp(-one.model.log_odds(fresh)))) for one in (both, ridge))
    assert both.settings["l1_ratio"] == 0.9
    assert net < shrunk - 0.01
    assert (both.model.coefficients == 0).sum() > 60
    assert "90% of it absolute" in PLAIN.describe(both.settings)
    assert "absolute" not in PLAIN.describe(ridge.settings)


@pytest.mark.parametrize("candidate", [PLAIN, SPLINES])
def test_learning_ends_with_a_fit_on_all_and_repeats_itself(candidate):
    X, y, weight = weighed_visits(1)
    folds = make_folds(y, np.arange(len(y)), 3)
    one, two = (candidate.learn(X, y, weight, folds) for _ in range(2))
    assert json.loads(json.dumps(one.settings)) == one.settings == two.settings
    assert_array_equal(one.scores, two.scores)
    fitted = candidate.fit(X, y, weight, one.settings)
    assert_array_equal(one.model.log_odds(X), two.model.log_odds(X))
    assert_array_equal(one.model.coefficients, fitted.coefficients)
    assert np.isfinite(one.scores).all()


def test_rows_that_no_fold_holds_out_have_no_score():
    X, y, weight = weighed_visits(2)
    training, held_out = make_folds(y, np.arange(len(y)), 5)[0]
    learnt = PLAIN.learn(X, y, weight, [(training, held_out)])
    assert_array_equal(np.flatnonzero(np.isfinite(learnt.scores)), held_out)


def test_penalties_are_searched_in_both_directions():
    """Noise calls for the strongest penalty and a strong effect for a weak one: the grid is used."""
    chosen = []
    for n, effects, idle in ((100, (0.0,), 9), (1000, (2.0, -2.0), 0)):
        X, y = numbers(0, n, effects, idle)
        chosen.append(PLAIN.learn(X, y, np.ones(n), make_folds(y, np.arange(n), 5)).settings)
    assert chosen[0]["inverse_penalty"] <= 0.01
    assert chosen[1]["inverse_penalty"] >= 0.1


@pytest.mark.parametrize("candidate", [PLAIN, SPLINES])
@pytest.mark.parametrize("seed", range(3))
def test_out_of_fold_log_odds_know_nothing_of_their_fold(candidate, seed, monkeypatch):
    """Other predictors and outcomes for half of a held-out fold change nothing for its other half."""
    monkeypatch.setattr(linear, "INVERSE_PENALTIES", (0.1,))
    monkeypatch.setattr(linear, "L1_RATIOS", (0.9,))
    X, y, weight = weighed_visits(seed)
    folds = make_folds(y, np.arange(len(y)), 3)
    changed, kept = np.array_split(folds[0][1], 2)
    before = candidate.learn(X, y, weight, folds).scores
    other, outcome = X.copy(), y.copy()
    other.iloc[changed, :2] = 999.0
    outcome[changed] = 1 - y[changed]
    after = candidate.learn(other, outcome, weight, folds).scores
    assert_array_equal(after[kept], before[kept])
    assert not np.allclose(after[folds[1][1]], before[folds[1][1]])


def test_of_many_rows_the_first_are_learnt_from(monkeypatch):
    X, y, weight = weighed_visits(3)
    folds = [(np.arange(240), np.arange(240, 300))]
    monkeypatch.setattr(linear, "MOST_ROWS", 100)
    before = PLAIN.learn(X, y, weight, folds)
    first = PLAIN.fit(X[:100], y[:100], weight[:100], before.settings)
    assert_array_equal(before.model.coefficients, first.coefficients)
    other = X.copy()
    other.iloc[100:240, :2] = 999.0
    after = PLAIN.learn(other, y, weight, folds)
    assert_array_equal(after.scores, before.scores)
    assert_array_equal(after.model.coefficients, before.model.coefficients)


def difficult(seed: int, n: int = 120) -> dict[str, pd.Series]:
    """Columns that upset solvers."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    return {
        "constant": pd.Series(np.full(n, 7.0)),
        "missing": pd.Series(np.full(n, np.nan)),
        "twins": pd.DataFrame({"a": a, "b": b, "twin": a, "sum": a + b, "near": a + 1e-7 * b}),
        "sizes": pd.DataFrame({"a": 1e12 * a, "b": 1e-12 * b}),
        "levels": pd.Series(pd.Categorical(rng.choice(["u", "v"], n), categories=["u", "v", "never"])),
        "no level": pd.Series(pd.Categorical([None] * n, categories=["u", "v"])),
        "separate": pd.Series(np.arange(n) < n // 3).astype(float),
        "heavy tails": pd.Series(rng.standard_cauchy(n)),
        "wide": pd.DataFrame(rng.normal(size=(n, n))).rename(columns=str),
    }


@pytest.mark.parametrize("candidate", [PLAIN, SPLINES])
@pytest.mark.parametrize("name", [*difficult(0)])
def test_difficult_columns_bring_neither_warnings_nor_missing_log_odds(candidate, name):
    columns = difficult(0)[name]
    X = columns.to_frame("x") if isinstance(columns, pd.Series) else columns
    y = (np.arange(120) < 40).astype(float)
    folds = [(np.arange(0, 120, 2), np.arange(1, 120, 2)), (np.arange(1, 120, 2), np.arange(0, 120, 2))]
    learnt = candidate.learn(X, y, np.random.default_rng(0).uniform(1, 9, 120), folds)
    assert np.isfinite(learnt.scores).all()
    assert np.isfinite(learnt.model.log_odds(X)).all()


def test_without_a_predictor_that_varies_all_get_the_mean_risk():
    X, y, weight = pd.DataFrame({"x": np.full(50, 3.0)}), np.repeat([1.0, 0.0], [10, 40]), np.repeat([2.0, 1.0], 25)
    scores = PLAIN.fit(X, y, weight, {"inverse_penalty": 1.0}).log_odds(X)
    assert_allclose(scores, np.log(20 / 55))


def test_a_weight_of_two_is_the_patient_twice():
    X, y, _ = weighed_visits(0, 120)
    weight = np.where(np.arange(120) < 60, 2.0, 1.0)
    settings = {"inverse_penalty": 1.0, "l1_ratio": 0.5}
    codes = X[CODES].to_numpy()
    weighted = regress(codes, y, weight, settings)[0]
    again = np.concatenate([codes, codes[:60]]), np.concatenate([y, y[:60]])
    assert_allclose(weighted, regress(*again, np.ones(180), settings)[0], atol=1e-5)
    ones = PLAIN.fit(X, y, np.ones(120), settings)
    assert not np.allclose(PLAIN.fit(X, y, weight, settings).coefficients, ones.coefficients)


@pytest.mark.parametrize("seed", range(3))
def test_splines_learn_a_u_shape_that_a_line_misses(seed):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.uniform(-2, 2, 2000)})
    y = (rng.random(2000) < 1 / (1 + np.exp(3 - 2 * X["x"] ** 2))).astype(float)
    at = pd.DataFrame({"x": [-1.8, 0.0, 1.8]})
    low, middle, high = SPLINES.fit(X, y, np.ones(2000), {"inverse_penalty": 1.0}).log_odds(at)
    assert min(low, high) - middle > 4
    line = PLAIN.fit(X, y, np.ones(2000), {"inverse_penalty": 1.0}).log_odds(at)
    assert np.ptp(line) < 1


def test_a_rare_flag_with_a_strong_effect_is_learnt():
    flag = np.zeros(4000)
    flag[:16] = 1
    y = (np.random.default_rng(0).random(4000) < 0.1).astype(float)
    y[:16] = 1
    X = pd.DataFrame({"flag": flag})
    low, high = PLAIN.fit(X, y, np.ones(4000), {"inverse_penalty": 1.0}).log_odds(pd.DataFrame({"flag": [0.0, 1.0]}))
    assert high - low > 2
