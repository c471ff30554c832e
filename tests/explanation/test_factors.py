import dataclasses

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from pipeline.explanation.attributions import Attributions
from pipeline.explanation.explained import Explained
from pipeline.explanation.factors import direction_of, learnt_direction, tabulate_factors, trace_curves
from pipeline.explanation.groups import group_values
from pipeline.explanation.risk_points import share_risk
from tests.models.builders import DOWN, UP, coded, number

X_VALUES = np.linspace(-2, 2, 400)
PREDICTORS = {
    "weak": number(unit="mm"),
    "strong": number(expected=UP),
    "site": coded("n", "e", "s", expected=DOWN),
    "rare": coded("no", "yes"),
}


def explained(seed: int = 0, refits: int = 40) -> Explained:
    """Contributions that are known: `strong` twice its value, `weak` minus half of it, and noise in refits."""
    rng = np.random.default_rng(seed)
    site = pd.Categorical(rng.choice(["n", "e", "s"], 400), categories=["n", "e", "s"])
    X = pd.DataFrame({"weak": rng.normal(size=400), "strong": rng.permutation(X_VALUES), "site": site})
    X["rare"] = (np.arange(400) < 3).astype(float)
    said = pd.DataFrame({"weak": -0.5 * X["weak"], "strong": 2 * X["strong"], "site": 0.0, "rare": 0.0})
    score = said.sum(axis=1).to_numpy()
    again = [Attributions(0.0, said * rng.uniform(0.5, 1.5, 4)) for _ in range(refits)]
    return Explained(X, 1 / (1 + np.exp(-score)), Attributions(0.0, said), again)


def test_factors_are_ranked_by_mean_absolute_contribution():
    what = explained()
    table = tabulate_factors(what, PREDICTORS, 10)
    assert list(table["predictor"]) == ["strong", "weak", "site", "rare"]
    assert list(table["rank"]) == [1, 2, 3, 4]
    assert table["importance"].to_numpy() == pytest.approx(
        [2 * np.abs(what.X["strong"]).mean(), 0.5 * np.abs(what.X["weak"]).mean(), 0, 0]
    )
    assert list(table["unit"]) == ["", "mm", "", ""]
    assert list(table["expected"]) == ["increases", "", "decreases", ""]
    assert list(table["expected_source"]) == ["made up", "", "made up", ""]
    assert set(table["factor"]) == {"marker"}


def test_intervals_are_quantiles_over_refits():
    what = explained()
    row = tabulate_factors(what, PREDICTORS, 10).set_index("predictor").loc["strong"]
    values = sorted(np.abs(refit.contributions["strong"]).mean() for refit in what.refits)
    # 40 refits: the 2.5% quantile lies at position 0.975, counting from 0, the 97.5% quantile at 38.025.
    assert row["importance_lo"] == pytest.approx(values[0] + 0.975 * (values[1] - values[0]))
    assert row["importance_hi"] == pytest.approx(values[38] + 0.025 * (values[39] - values[38]))
    assert row["importance_lo"] < row["importance"] < row["importance_hi"]


def test_points_are_the_mean_part_of_the_risk_itself():
    what = explained()
    row = tabulate_factors(what, PREDICTORS, 10).set_index("predictor")
    parts = share_risk(0.0, what.attributions.contributions.to_numpy())
    assert_allclose(row.loc[list(PREDICTORS), "points"], np.abs(parts).mean(axis=0), atol=1e-9)
    again = np.abs(what.contributions_again()[0]["strong"])
    assert row.loc["strong", "points_lo"] < row.loc["strong", "points"] < row.loc["strong", "points_hi"] < 1
    assert row.loc["site", "points_hi"] == 0 < again.mean()


def test_a_category_without_an_order_has_no_direction():
    assert learnt_direction(explained(), "site", PREDICTORS["site"], 10) == "unordered"
    assert learnt_direction(explained(), "strong", PREDICTORS["strong"], 10) == "increases"
    assert learnt_direction(explained(), "weak", PREDICTORS["weak"], 10) == "decreases"


def test_how_often_a_factor_is_among_the_first_five():
    rng = np.random.default_rng(0)
    names = [f"p{k}" for k in range(8)]
    X = pd.DataFrame(rng.normal(size=(60, 8)), columns=names)
    flipped = [
        Attributions(0.0, X * np.r_[np.full(4, 9.0), np.where(k < 3, [5, 1, 1, 1], [1, 1, 1, 5])]) for k in range(4)
    ]
    table = tabulate_factors(Explained(X, np.full(60, 0.5), flipped[0], flipped), dict.fromkeys(names, number()), 10)
    assert table.set_index("predictor")["top_share"].to_dict() == dict.fromkeys(names[:4], 1.0) | {
        "p4": 0.75, "p5": 0.0, "p6": 0.0, "p7": 0.25,
    }  # fmt: skip


def test_unstable_ranks_show():
    what = explained()
    other = {"weak": "strong", "strong": "weak"}
    frames = [r if i % 2 else r.rename(columns=other) for i, r in enumerate(what.contributions_again())]
    swapped = [Attributions(0.0, frame) for frame in frames]
    table = tabulate_factors(dataclasses.replace(what, refits=swapped), PREDICTORS, 10).set_index("predictor")
    for name in ("weak", "strong"):
        assert (table.loc[name, "rank_lo"], table.loc[name, "rank_hi"]) == (1, 2)
    assert (table["top_share"] == 1).all()
    steady = tabulate_factors(what, PREDICTORS, 10).set_index("predictor")
    assert (steady.loc["strong", "rank_lo"], steady.loc["strong", "rank_hi"]) == (1, 1)


def test_the_contrast_is_the_mean_risk_of_the_lowest_and_highest_values():
    what = explained()
    table = tabulate_factors(what, PREDICTORS, 10).set_index("predictor")
    strong = table.loc["strong"]
    low, high = what.X["strong"] < -1, what.X["strong"] >= 1
    assert (strong["low"], strong["high"]) == ("under -1", "1 or more")
    assert strong["risk_low"] == pytest.approx(what.risk[low].mean())
    assert strong["risk_high"] == pytest.approx(what.risk[high].mean())
    assert strong["risk_high"] - strong["risk_low"] > 0.5


def test_the_contrast_is_empty_where_a_group_would_show_few_patients():
    rare = tabulate_factors(explained(), PREDICTORS, 10).set_index("predictor").loc["rare"]
    assert (rare["low"], rare["high"]) == ("", "")
    assert pd.isna(rare["risk_low"])
    assert pd.isna(rare["risk_high"])
    assert tabulate_factors(explained(), PREDICTORS, 3).set_index("predictor").loc["rare", "high"] == "yes"


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (lambda x: x, "increases"),
        (lambda x: -x, "decreases"),
        (lambda x: x**2 - 1, "not monotone"),
        (lambda x: -np.abs(x), "not monotone"),
        (lambda x: 0.01 * x, "flat"),
        (lambda x: np.maximum(x, 0), "increases"),
        (lambda x: x - 0.15 * np.sin(6 * x), "increases"),
        (lambda x: np.sin(3 * x), "not monotone"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_learnt_direction_of_planted_shapes(shape, says, seed):
    x = pd.Series(np.random.default_rng(seed).permutation(X_VALUES))
    contributions = shape(x) + np.random.default_rng(seed).normal(0, 0.001, 400)
    assert direction_of(contributions, group_values(x, number(), 10, 8)) == says


def test_a_small_step_back_is_noise_and_a_larger_one_is_not():
    def steps(*means: float) -> str:
        contributions = pd.Series(np.repeat(means, 10))
        place = np.repeat(np.arange(len(means)), 10)
        return direction_of(contributions, [(str(k), place == k) for k in range(len(means))])

    assert steps(0.0, 1.0, 0.9, 2.0) == "increases"
    assert steps(0.0, 1.0, 0.6, 2.0) == "not monotone"
    assert steps(2.0, 0.9, 1.0, 0.0) == "decreases"


def test_one_group_has_no_direction():
    x = pd.Series(X_VALUES)
    assert direction_of(x, group_values(x[:9], number(), 10, 8)) == "flat"
    assert direction_of(x, [("all values", np.ones(400, dtype=bool))]) == "flat"


def test_curves_show_the_mean_contribution_of_each_group():
    what = explained()
    curves = trace_curves(what, PREDICTORS, 10)
    assert list(curves) == list(PREDICTORS)
    assert len(curves["strong"]) == 8
    assert sum(row["n"] for row in curves["strong"]) == 400
    groups = group_values(what.X["strong"], PREDICTORS["strong"], 10, 8)
    for row, (label, members) in zip(curves["strong"], groups, strict=True):
        assert row["group"] == label
        assert row["n"] == members.sum()
        assert row["contribution"] == pytest.approx(2 * what.X["strong"][members].mean())
        assert_allclose(
            [row["lo"], row["hi"]],
            np.quantile([refit["strong"][members].mean() for refit in what.contributions_again()], [0.025, 0.975]),
        )
    assert [row["group"] for row in curves["site"]] == ["n", "e", "s"]
    assert [row["group"] for row in curves["rare"]] == ["no"]


def test_a_curve_stays_within_its_band():
    what = explained()
    beside = dataclasses.replace(what, refits=[Attributions(0.0, refit + 5) for refit in what.contributions_again()])
    for row in trace_curves(beside, PREDICTORS, 10)["strong"]:
        assert row["lo"] == row["contribution"] < row["hi"]


def test_the_few_of_no_group_do_not_follow_from_the_others():
    """Three of 400 have the rare level, which is left out: neither its size nor that of the other is told."""
    curves = trace_curves(explained(refits=5), PREDICTORS, 10)
    assert [row["n"] for row in curves["rare"]] == [None]
    assert sum(row["n"] for row in curves["site"]) == 400
