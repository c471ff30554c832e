import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from pipeline.models.rubin import pool


def draw(seed: int, m: int = 7, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, k)), rng.uniform(0.5, 2, (m, k))


@pytest.mark.parametrize("seed", range(5))
def test_every_part_follows_its_published_formula(seed):
    """Rubin 1987, equations 3.1.2 to 3.1.10; Barnard and Rubin 1999, equation 3, in the form they print it."""
    estimates, variances = draw(seed)
    m, k, n = 7, 3, 60
    found = pool(estimates, variances, n)
    for j in range(k):
        q, u = estimates[:, j].tolist(), variances[:, j].tolist()
        mean, within = sum(q) / m, sum(u) / m
        between = sum((one - mean) ** 2 for one in q) / (m - 1)
        total = within + (m + 1) / m * between
        gamma = (m + 1) / m * between / total
        old, complete = (m - 1) / gamma**2, n - k
        observed = (1 - gamma) * complete * (complete + 1) / (complete + 3)
        df = old * observed / (old + observed)
        r = (m + 1) / m * between / within
        half = stats.t(df).isf(0.025) * total**0.5
        expected = (mean, within, between, total, df, (r + 2 / (df + 3)) / (1 + r), mean - half, mean + half)
        names = ("estimate", "within", "between", "total", "df", "fmi", "lo", "hi")
        assert_allclose([getattr(found, name)[j] for name in names], expected, rtol=1e-12)


def test_without_a_gap_the_interval_is_that_of_complete_data():
    """Imputations that agree: the ordinary t interval, its degrees of freedom Barnard and Rubin's least loss."""
    estimates, variances = np.full((4, 1), 2.0), np.full((4, 1), 0.25)
    found = pool(estimates, variances, 40)
    df = 39 * 40 / 42
    assert found.total[0] == 0.25
    assert found.df[0] == pytest.approx(df)
    assert found.fmi[0] == pytest.approx(2 / (df + 3))
    assert (found.lo[0], found.hi[0]) == pytest.approx(stats.t.interval(0.95, df, 2.0, 0.5))


def test_the_interval_of_a_mean_half_of_which_is_missing_covers_it():
    """Properly drawn imputations of a normal variable, whose mean 0 the interval holds in 95% of 2,000 samples.

    The fraction of missing information is near the fraction missing; a single imputation's interval misses.
    """
    rng, n, m, repeats = np.random.default_rng(1), 80, 20, 2000
    covered, naive, fractions = 0, 0, []
    for _ in range(repeats):
        seen = rng.normal(size=n // 2)
        spread = seen.std(ddof=1) * np.sqrt((len(seen) - 1) / rng.chisquare(len(seen) - 1, m))
        middle = rng.normal(seen.mean(), spread / np.sqrt(len(seen)))
        drawn = rng.normal(middle[:, None], spread[:, None], (m, n - len(seen)))
        whole = np.hstack([np.tile(seen, (m, 1)), drawn])
        found = pool(whole.mean(axis=1)[:, None], whole.var(axis=1, ddof=1)[:, None] / n, n)
        covered += bool(found.lo[0] <= 0 <= found.hi[0])
        half = 1.99 * whole[0].std(ddof=1) / np.sqrt(n)
        naive += bool(abs(whole[0].mean()) <= half)
        fractions.append(found.fmi[0])
    assert abs(covered / repeats - 0.95) < 4 * np.sqrt(0.95 * 0.05 / repeats)
    assert naive / repeats < 0.90
    assert np.mean(fractions) == pytest.approx(0.5, abs=0.1)


def test_one_imputation_is_no_multiple_imputation():
    with pytest.raises(AssertionError, match="one imputation"):
        pool(np.ones((1, 2)), np.ones((1, 2)), 10)
