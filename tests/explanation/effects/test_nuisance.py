import numpy as np
import pandas as pd
import pytest

from pipeline.explanation.effects.arms import Arms
from pipeline.explanation.effects.nuisance import PARTS, _deal_patients, fit_nuisance
from pipeline.outcomes import Observed


def draw(seed, n=600, share=0.5):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    treated = rng.random(n) < 1 / (1 + np.exp(-(X.a.to_numpy() + np.log(share / (1 - share)))))
    y = rng.random(n) < 1 / (1 + np.exp(-X.b.to_numpy()))
    return Arms(X, treated, Observed(y.astype(float)), np.arange(n))


def test_it_learns_who_is_treated_and_who_has_the_event():
    arms = draw(1, 1500)
    found = fit_nuisance(arms, randomised=False, seed=1)
    truth = [1 / (1 + np.exp(-arms.X[name].to_numpy())) for name in "abb"]
    for values, true in zip((found.propensity, found.control, found.treated), truth, strict=True):
        assert np.abs(values - true).mean() < 0.05
    np.testing.assert_array_equal(found.benefit(), found.treated - found.control)


def test_by_lot_everybody_is_as_likely_to_be_treated():
    arms = draw(2)
    found = fit_nuisance(arms, randomised=True, seed=1)
    assert set(found.propensity) == {arms.treated.mean()}


def test_the_same_seed_deals_alike_and_another_does_not():
    arms = draw(3, 200)
    np.testing.assert_array_equal(_deal_patients(arms, 5), _deal_patients(arms, 5))
    assert (_deal_patients(arms, 5) != _deal_patients(arms, 6)).any()


@pytest.mark.parametrize("seed", range(3))
def test_patients_stay_together_and_arms_and_events_are_spread(seed):
    arms = draw(seed, 500)
    arms = Arms(arms.X, arms.treated, arms.observed, arms.patient // 3)
    parts = _deal_patients(arms, seed)
    assert (pd.Series(parts).groupby(arms.patient).nunique() == 1).all()
    assert set(parts) == set(range(PARTS))
    shares = [arms.treated[parts == k].mean() for k in range(PARTS)]
    assert np.ptp(shares) < 0.2


def test_too_few_events_leave_the_mean():
    arms = draw(4, 300)
    y = np.zeros(300)
    y[np.flatnonzero(arms.treated)[:5]] = 1
    found = fit_nuisance(Arms(arms.X, arms.treated, Observed(y), arms.patient), randomised=True, seed=1)
    assert len(np.unique(found.treated)) <= PARTS
    assert set(found.control) == {0.0}
