import numpy as np
import pandas as pd
import pytest

from pipeline.phenotypes.clusterers import Rows
from pipeline.phenotypes.reference import Reference
from pipeline.phenotypes.space import fit_space


def as_rows(X: np.ndarray) -> Rows:
    return Rows(X, tuple(slice(j, j + 1) for j in range(X.shape[1])), np.ones(X.shape, dtype=bool))


@pytest.mark.parametrize("seed", range(3))
def test_reference_keeps_margins_and_correlations_and_breaks_clusters(seed):
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0], [4, 4, -4], [-4, 4, 4.0]])
    X = centres[rng.integers(0, 3, 600)] + rng.normal(size=(600, 3))
    X[:, 2] = np.exp(X[:, 2] / 3)
    drawn = Reference(as_rows(X), rng).draw().X
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.corrcoef(X.T), atol=0.08)
    assert not np.array_equal(drawn, X)


def test_correlated_flags_keep_their_correlation():
    rng = np.random.default_rng(1)
    X = (rng.normal(size=(800, 3)) + 1.5 * rng.normal(size=(800, 1)) > 0).astype(float)
    reference = Reference(as_rows(X), rng)
    mean = np.mean([np.corrcoef(reference.draw().X.T) for _ in range(20)], axis=0)
    # Normal scores without the adjustment lose about a third of these correlations.
    np.testing.assert_allclose(mean, np.corrcoef(X.T), atol=0.04)


def test_levels_of_a_category_stay_whole():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=300), "site": pd.Categorical(rng.choice(list("abc"), 300))})
    space = fit_space(frame)
    X = space.transform(frame)
    drawn = Reference(Rows(X, space.blocks, space.find_known(frame)), rng).draw().X
    kinds, counts = np.unique(X[:, 1:].round(9), axis=0, return_counts=True)
    kinds_drawn, counts_drawn = np.unique(drawn[:, 1:].round(9), axis=0, return_counts=True)
    np.testing.assert_array_equal(kinds_drawn, kinds)
    np.testing.assert_array_equal(counts_drawn, counts)


def test_more_predictors_than_patients():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(10, 15))
    drawn = Reference(as_rows(X), rng).draw().X
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))


@pytest.mark.parametrize("seed", range(3))
def test_gaps_are_those_of_the_patients_and_what_is_known_stays_as_correlated(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(800, 4)) + 1.5 * rng.normal(size=(800, 1)), columns=list("abcd"))
    frame = frame.mask(rng.random(frame.shape) < [0.4, 0.4, 0.0, 0.0])
    frame.loc[:200, ["a", "b"]] = np.nan
    space = fit_space(frame)
    rows = Rows(space.transform(frame), space.blocks, space.find_known(frame))
    reference = Reference(rows, rng)
    drawn = reference.draw()
    patterns = [np.unique(each.known, axis=0, return_counts=True)[1].tolist() for each in (rows, drawn)]
    assert patterns[0] == patterns[1]
    assert (drawn.X[~drawn.known[:, 0], 0] == rows.X[~rows.known[:, 0], 0][0]).all()
    np.testing.assert_array_equal(np.sort(drawn.X[:, 2:], axis=0), np.sort(rows.X[:, 2:], axis=0))
    both = [pd.DataFrame(each.X).where(each.known).corr() for each in (rows, *(reference.draw() for _ in range(20)))]
    np.testing.assert_allclose(np.mean(both[1:], axis=0), both[0], atol=0.05)


def test_patients_extreme_in_everything_are_in_the_reference_too():
    """Squared distances of a multivariate t have heavier tails than those of a normal copula with its margins."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 6)) / np.sqrt(rng.chisquare(3, (2000, 1)) / 3)
    extreme = (np.abs(X) > np.quantile(np.abs(X), 0.98, axis=0)).sum(axis=1)
    drawn = Reference(as_rows(X), rng).draw().X
    again = (np.abs(drawn) > np.quantile(np.abs(X), 0.98, axis=0)).sum(axis=1)
    alone = 2000 * 15 * 0.02**2  # pairs of predictors, if extremes came by chance
    assert 0.5 * (extreme >= 2).sum() < (again >= 2).sum() < 1.5 * (extreme >= 2).sum()
    assert (again >= 2).sum() > 2 * alone


def test_a_predictor_that_nobody_here_has_is_drawn_as_it_is():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    X[:, 1] = 0.3
    known = np.ones(X.shape, dtype=bool)
    known[:, 1] = False
    drawn = Reference(Rows(X, as_rows(X).blocks, known), rng).draw()
    assert (drawn.X[:, 1] == 0.3).all()
    np.testing.assert_array_equal(np.sort(drawn.X[:, 0]), np.sort(X[:, 0]))
