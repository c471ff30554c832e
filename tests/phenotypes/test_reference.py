import numpy as np
import pandas as pd
import pytest

from pipeline.phenotypes.reference import Reference
from pipeline.phenotypes.space import fit_space


@pytest.mark.parametrize("seed", range(3))
def test_reference_keeps_margins_and_correlations_and_breaks_clusters(seed):
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0], [4, 4, -4], [-4, 4, 4.0]])
    X = centres[rng.integers(0, 3, 600)] + rng.normal(size=(600, 3))
    X[:, 2] = np.exp(X[:, 2] / 3)
    drawn = Reference(X, [slice(0, 1), slice(1, 2), slice(2, 3)], rng).draw()
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.corrcoef(X.T), atol=0.08)
    assert not np.array_equal(drawn, X)


def test_correlated_flags_keep_their_correlation():
    rng = np.random.default_rng(1)
    X = (rng.normal(size=(800, 3)) + 1.5 * rng.normal(size=(800, 1)) > 0).astype(float)
    reference = Reference(X, [slice(i, i + 1) for i in range(3)], rng)
    mean = np.mean([np.corrcoef(reference.draw().T) for _ in range(20)], axis=0)
    # Normal scores without the adjustment lose about a third of these correlations.
    np.testing.assert_allclose(mean, np.corrcoef(X.T), atol=0.04)


def test_levels_of_a_category_stay_whole():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=300), "site": pd.Categorical(rng.choice(list("abc"), 300))})
    space = fit_space(frame)
    X = space.transform(frame)
    drawn = Reference(X, space.blocks, rng).draw()
    kinds, counts = np.unique(X[:, 1:].round(9), axis=0, return_counts=True)
    kinds_drawn, counts_drawn = np.unique(drawn[:, 1:].round(9), axis=0, return_counts=True)
    np.testing.assert_array_equal(kinds_drawn, kinds)
    np.testing.assert_array_equal(counts_drawn, counts)


def test_more_predictors_than_patients():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(10, 15))
    drawn = Reference(X, [slice(i, i + 1) for i in range(15)], rng).draw()
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))
