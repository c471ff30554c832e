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
from pipeline.models.features import model_frame
from pipeline.models.folds import make_folds
from pipeline.models.linear import PENALTIES, LogisticCandidate
from tests.models.builders import SITES, Visits, make_numbers, make_records

PLAIN = LogisticCandidate("plain", splines=False)
SPLINES = LogisticCandidate("splines", splines=True)
NUMBERS = ["marker", "pressure"]
CODES = ["grade", "drug"]


def visits(seed: int, n: int = 300) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    records = make_records(seed, n)
    weight = np.random.default_rng(seed).uniform(1, 3, n)
    return model_frame(records, Visits.predictors()), (records["status"] == "ill").to_numpy(float), weight


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
    X, y, weight = visits(seed)
    new = visits(seed + 50)[0]
    model = PLAIN.fit(X, y, weight, {"inverse_penalty": inverse_penalty})
    pipeline = independent(inverse_penalty).fit(X, y, regression__sample_weight=weight)
    assert_allclose(model.log_odds(new), pipeline.decision_function(new), atol=2e-5)


@pytest.mark.parametrize("seed", range(3))
def test_tuning_equals_an_independent_search(seed):
    X, y, weight = visits(seed)
    folds = make_folds(y, np.arange(len(y)), 3)
    settings, scores = PLAIN.tune(X, y, weight, folds)
    losses, found = [], {}
    for penalty in PENALTIES:
        out = np.empty(len(y))
        for training, held_out in folds:
            fitted = independent(penalty).fit(X.iloc[training], y[training], regression__sample_weight=weight[training])
            out[held_out] = fitted.decision_function(X.iloc[held_out])
        losses.append(log_loss(y, 1 / (1 + np.exp(-out)), sample_weight=weight))
        found[penalty] = out
    assert settings == {"inverse_penalty": PENALTIES[int(np.argmin(losses))]}
    assert_allclose(scores, found[settings["inverse_penalty"]], atol=2e-5)


def test_penalties_are_searched_in_both_directions():
    """Noise calls for the strongest penalty and a strong effect for a weak one: the grid is used."""
    noise, _ = make_numbers(0, 100, (0.0,) * 10)
    strong, _ = make_numbers(0, 1000, (2.0, -2.0))
    chosen = []
    for examples in (noise, strong):
        y = examples.observed.event
        chosen.append(PLAIN.tune(examples.X, y, np.ones(len(y)), make_folds(y, examples.patient, 5))[0])
    assert chosen[0]["inverse_penalty"] <= 0.01
    assert chosen[1]["inverse_penalty"] >= 0.1


@pytest.mark.parametrize("candidate", [PLAIN, SPLINES])
@pytest.mark.parametrize("seed", range(3))
def test_out_of_fold_log_odds_know_nothing_of_their_fold(candidate, seed, monkeypatch):
    """Other predictors and outcomes for half of a held-out fold change nothing for its other half."""
    monkeypatch.setattr(linear, "PENALTIES", (0.1,))
    X, y, weight = visits(seed)
    folds = make_folds(y, np.arange(len(y)), 3)
    changed, kept = np.array_split(folds[0][1], 2)
    before = candidate.tune(X, y, weight, folds)[1]
    other, outcome = X.copy(), y.copy()
    other.iloc[changed, :2] = 999.0
    outcome[changed] = 1 - y[changed]
    after = candidate.tune(other, outcome, weight, folds)[1]
    assert_array_equal(after[kept], before[kept])
    assert not np.allclose(after[folds[1][1]], before[folds[1][1]])


def test_a_weight_of_two_is_the_patient_twice():
    X, y, _ = visits(0, 120)
    weight = np.where(np.arange(120) < 60, 2.0, 1.0)
    settings = {"inverse_penalty": 1.0}
    codes = X[CODES].to_numpy()
    weighted = linear._regress(codes, y, weight, 1.0)[0]
    again = np.concatenate([codes, codes[:60]]), np.concatenate([y, y[:60]])
    assert_allclose(weighted, linear._regress(*again, np.ones(180), 1.0)[0], atol=1e-6)
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
