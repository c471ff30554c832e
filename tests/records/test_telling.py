import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from pipeline.records.telling import bin_values, cross_fitted_auroc, gaps_auroc, share_decided


def auroc(values, event):
    return cross_fitted_auroc(bin_values(values), event)


def decided(values, event):
    return share_decided(bin_values(values), event)


@pytest.mark.parametrize("seed", range(20))
def test_the_auroc_of_noise_is_near_a_half_and_that_of_a_signal_near_sklearns(seed):
    rng = np.random.default_rng(seed)
    event = rng.random(4000) < 0.3
    assert abs(auroc(pd.Series(rng.normal(size=4000)), event) - 0.5) < 0.05
    signal = rng.normal(size=4000) + 1.5 * event
    assert auroc(pd.Series(signal), event) == pytest.approx(roc_auc_score(event, signal), abs=0.015)


def test_a_group_counts_only_where_its_emptiness_is_no_chance():
    event = np.repeat([True, False], 500)
    assert decided(pd.Series(pd.Categorical(["a"] * 950 + ["b"] * 50)), event) == 0.0
    assert decided(pd.Series(pd.Categorical(["a"] * 850 + ["b"] * 150)), event) == 0.15


@pytest.mark.parametrize("seed", range(3))
def test_the_auroc_of_gaps_is_that_of_a_regression_in_other_folds(seed):
    rng = np.random.default_rng(seed)
    gaps = rng.random((3000, 4)) < 0.3
    event = rng.random(3000) < 1 / (1 + np.exp(1.5 - gaps @ np.array([1.0, 1.0, -1.0, 0.0])))
    expected = np.empty(3000)
    for training, rest in KFold(5).split(gaps):
        model = LogisticRegression(C=np.inf).fit(gaps[training], event[training])
        expected[rest] = model.predict_proba(gaps[rest])[:, 1]
    assert gaps_auroc(gaps, event) == pytest.approx(roc_auc_score(event, expected), abs=0.01)
    assert abs(gaps_auroc(gaps, rng.permutation(event)) - 0.5) < 0.05
