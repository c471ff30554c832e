from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from pipeline.explanation.agnostic import sampled_shap

WEIGHTS = np.array([1.0, -2.0, 0.5])


def patients(seed: int, n: int) -> pd.DataFrame:
    X = pd.DataFrame(np.random.default_rng(seed).normal(size=(n, 3)), columns=list("abc"))
    return X.assign(site=pd.Categorical.from_codes(np.arange(n) % 3, ["n", "e", "s"]))


def linear(X: pd.DataFrame) -> np.ndarray:
    return X[list("abc")].to_numpy() @ WEIGHTS + 3.0 * (X["site"] == "e").to_numpy()


def tangled(X: pd.DataFrame) -> np.ndarray:
    a, b, c = X[list("abc")].to_numpy().T
    return np.tanh(a * b) + c * (X["site"] == "e").to_numpy() + a


def exact(X: pd.DataFrame, background: pd.DataFrame) -> np.ndarray:
    """Shapley values by all orders and all rows of the background."""
    total, orders = np.zeros(X.shape), list(permutations(range(X.shape[1])))
    for order in orders:
        for row in range(len(background)):
            now = background.iloc[[row] * len(X)].set_axis(X.index)
            for k in order:
                then = now.assign(**{X.columns[k]: X.iloc[:, k]})
                total[:, k] += tangled(then) - tangled(now)
                now = then
    return total / len(orders) / len(background)


@pytest.mark.parametrize("seed", range(2))
def test_a_linear_model_is_explained_exactly_once_the_background_is_through(seed):
    X, background = patients(seed, 30), patients(seed + 9, 12)
    found = sampled_shap(linear, X, background, draws=12, seed=seed)
    expected = (X[list("abc")] - background[list("abc")].mean()) * WEIGHTS
    assert_allclose(found.attributions.contributions[list("abc")], expected, atol=1e-12)
    site = 3.0 * ((X["site"] == "e") - (background["site"] == "e").mean())
    assert_allclose(found.attributions.contributions["site"], site, atol=1e-12)
    assert found.attributions.base == pytest.approx(linear(background).mean())


@pytest.mark.parametrize("draws", [2, 7, 31])
def test_contributions_add_up_however_few_are_drawn(draws):
    X = patients(0, 20)
    found = sampled_shap(tangled, X, patients(1, 15), draws, seed=3)
    assert_allclose(found.attributions.log_odds(), tangled(X), atol=1e-12)
    assert found.attributions.contributions.index.equals(X.index)


def test_estimates_are_within_their_errors_of_the_exact_values():
    X, background = patients(0, 6), patients(1, 5)
    expected = exact(X, background)
    z = []
    for seed in range(8):
        found = sampled_shap(tangled, X, background, 10, seed)
        z.append((found.attributions.contributions.to_numpy() - expected) / found.standard_error.to_numpy())
    z = np.array(z)
    assert np.abs(z.mean()) < 0.25
    # whole rounds through the background vary less than independent draws, so errors are stated too large, if anything
    assert (np.abs(z) < 2.8).mean() > 0.95


@pytest.mark.parametrize("draws", [12, 48])
def test_the_error_of_a_linear_model_is_that_of_the_background_mean(draws):
    """A linear contribution is w * (x - z) in any order, so its error is |w| sd(z) / sqrt(draws)."""
    background = patients(9, 48)
    found = sampled_shap(linear, patients(0, 5), background, draws, seed=1)
    rows = background if draws == 48 else _drawn(background, draws, 1)
    expected = np.abs(WEIGHTS) * rows[list("abc")].std(ddof=1) / np.sqrt(draws)
    assert_allclose(found.standard_error[list("abc")], np.tile(expected, (5, 1)), atol=1e-12)


def _drawn(background: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    return background.iloc[np.random.default_rng(seed).permutation(len(background))[:draws]]


def test_one_draw_tells_no_error():
    with pytest.raises(ValueError, match="at least 2 draws"):
        sampled_shap(linear, patients(0, 3), patients(1, 3), draws=1)
