import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from pipeline.explanation.correlated import associations, correlated_groups, group_importance


def table(seed: int, n: int = 800) -> pd.DataFrame:
    """`waist` and `weight` go together, `ward` copies `unit`, `site` follows `age`; `noise` is by itself."""
    rng = np.random.default_rng(seed)
    size, age, unit = rng.normal(size=n), rng.normal(size=n), rng.integers(0, 4, n)
    X = pd.DataFrame(
        {"waist": size, "noise": rng.normal(size=n), "unit": pd.Categorical.from_codes(unit, list("abcd"))}
    )
    X["weight"] = np.exp(size + rng.normal(0, 0.2, n))
    X["ward"] = pd.Categorical.from_codes((unit + 1) % 4, list("wxyz"))
    X["age"], X["site"] = age, pd.Categorical(np.where(age > 0, "old", "young"))
    return X


@pytest.mark.parametrize("seed", range(3))
def test_planted_groups_are_found_in_the_order_of_the_columns(seed):
    assert correlated_groups(table(seed)) == [["waist", "weight"], ["unit", "ward"], ["age", "site"]]
    assert correlated_groups(table(seed), 0.999) == [["unit", "ward"]]
    assert correlated_groups(table(seed)[["noise"]]) == []


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_associated_by_spearman_over_the_patients_who_have_both(seed):
    X = table(seed)[["waist", "weight", "noise"]].mask(np.random.default_rng(seed).random((800, 3)) < 0.3)
    found = associations(X)
    for one, two in (("waist", "weight"), ("waist", "noise")):
        both = X[[one, two]].dropna()
        assert found.loc[one, two] == pytest.approx(abs(spearmanr(both[one], both[two]).statistic))
    assert found.equals(found.T)


def test_chance_associates_nothing_however_many_levels():
    """Without the correction, V of 20 x 20 levels in 300 patients would be about .25."""
    rng = np.random.default_rng(0)
    codes = pd.DataFrame(rng.integers(0, 20, (300, 12))).astype("category")
    numbers = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    found = associations(pd.concat([codes, numbers], axis=1).rename(columns=str)).to_numpy()
    assert found[np.triu_indices(14, 1)].mean() < 0.08


def test_identical_codes_and_predictors_that_say_nothing():
    X = table(0)
    X["constant"], X["empty"] = 1.0, np.nan
    X["one level"] = pd.Categorical(["a"] * 800)
    found = associations(X)
    assert found.loc["unit", "ward"] == pytest.approx(1)
    assert (found.loc[["constant", "empty", "one level"], list(table(0))] == 0).all(axis=None)
    assert np.isfinite(found.to_numpy()).all()


def test_a_chain_of_neighbours_is_no_group():
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(2000, 7))
    chain = pd.DataFrame({f"s{k}": steps[:, k : k + 4].sum(axis=1) for k in range(4)})
    found = associations(chain)
    assert found.loc["s0", "s1"] > 0.6 > found.loc["s0", "s2"]
    assert all(len(group) == 2 for group in correlated_groups(chain, 0.6))


def test_a_group_counts_as_one_factor():
    rng = np.random.default_rng(0)
    part = pd.Series(rng.normal(size=500))
    against = pd.DataFrame({"a": part, "b": -part, "c": part})
    refits = [against * scale for scale in np.linspace(0.5, 1.5, 41)]
    told = group_importance(against, refits, [["a", "b"], ["a", "c"]])
    size = part.abs().mean()
    assert told["importance"].tolist() == pytest.approx([0, 2 * size])
    assert told["apart"].tolist() == pytest.approx([2 * size, 2 * size])
    assert told.loc[1, ["importance_lo", "importance_hi"]].tolist() == pytest.approx([1.05 * size, 2.95 * size])
    assert group_importance(against, refits, []).empty
