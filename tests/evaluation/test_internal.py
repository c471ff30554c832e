import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import t
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from pipeline.evaluation.internal import compare_sites, correct_optimism, pool_aurocs, trace_learning
from pipeline.evaluation.performance import measure
from pipeline.models.internal import optimism_trials
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate
from tests.evaluation.simulated import binary, censored

FEW = Evaluate(resamples=100, seed=1)
FIGURES = ["auroc", "brier", "log_loss", "calibration_slope"]


def rows(check: str, part: str, record: np.ndarray, risk: np.ndarray, times=1, patients: int = 9) -> pd.DataFrame:
    """Some rows of `internal.parquet`."""
    told = {"check": check, "part": part, "record": record, "times": times, "patients": patients, "risk": risk}
    return pd.DataFrame(told)


def draw(seed: int, n: int, noise: int) -> tuple[np.ndarray, np.ndarray]:
    """One cause and `noise` predictors that are none."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 1 + noise))
    return X, (rng.random(n) < expit(-0.3 + X[:, 0])).astype(float)


def correct_overfitter(seed: int, n: int, noise: int) -> tuple[dict[str, dict], float]:
    """Optimism of a regression without penalty, and its AUROC for 20,000 fresh patients."""
    X, y = draw(seed, n, noise)

    def learn(record: np.ndarray) -> LogisticRegression:
        return LogisticRegression(C=1e3, max_iter=1000).fit(X[record], y[record])

    everyone = np.arange(n)
    model = learn(everyone)
    parts = [rows("apparent", "", everyone, model.predict_proba(X)[:, 1])]
    for trial in optimism_trials(everyone, np.ones(n, dtype=bool), 20, seed):
        times, risk = np.bincount(trial.taught, minlength=n), learn(trial.taught).predict_proba(X)[:, 1]
        parts.append(rows("optimism", trial.part, trial.tested, risk, times))
    found = {row["figure"]: row for row in correct_optimism(pd.concat(parts), Observed(y))}
    fresh, event = draw(seed + 100, 20_000, noise)
    return found, float(roc_auc_score(event, model.predict_proba(fresh)[:, 1]))


def test_what_an_overfitter_flatters_itself_by_is_taken_off():
    """One patient in thirteen per predictor: over seeds, what is left is near what fresh patients show."""
    each = [correct_overfitter(seed, 200, 15) for seed in range(6)]
    apparent, corrected, truth = np.mean(
        [(found["auroc"]["apparent"], found["auroc"]["corrected"], fresh) for found, fresh in each], axis=0
    )
    assert apparent > truth + 0.05
    assert corrected == pytest.approx(truth, abs=0.03)
    for found, _ in each:
        assert list(found) == FIGURES
        assert found["auroc"]["optimism"]["lo"] > 0
        assert found["brier"]["optimism"]["hi"] < 0
        assert found["calibration_slope"]["corrected"] < 0.9 < found["calibration_slope"]["apparent"]


def test_of_a_gross_overfitter_half_is_taken_off():
    """With three patients per predictor the bootstrap is known to leave part: its resamples share many patients."""
    each = [correct_overfitter(seed, 100, 30) for seed in range(3)]
    for found, fresh in each:
        assert found["auroc"]["optimism"]["value"] > 0.1
        assert found["auroc"]["apparent"] > found["auroc"]["corrected"] > fresh


@pytest.mark.parametrize("seed", range(3))
def test_optimism_is_the_mean_difference_of_figures_that_scikit_learn_gives(seed):
    rng = np.random.default_rng(seed)
    risk, observed = binary(seed, 150)
    record, parts = np.arange(150), [rows("apparent", "", np.arange(150), risk)]
    scores = {"auroc": roc_auc_score, "brier": brier_score_loss, "log_loss": log_loss}
    gaps: dict[str, list[float]] = {name: [] for name in scores}
    for number in range(4):
        other, times = np.clip(risk + rng.normal(0, 0.05, 150), 0.01, 0.99), rng.multinomial(150, np.full(150, 1 / 150))
        parts.append(rows("optimism", str(number), record, other, times))
        for name, score in scores.items():
            gaps[name].append(score(observed.event, other, sample_weight=times) - score(observed.event, other))
    found = {row["figure"]: row for row in correct_optimism(pd.concat(parts), observed)}
    for name, score in scores.items():
        row, apparent = found[name], score(observed.event, risk)
        assert row["apparent"] == pytest.approx(apparent)
        assert row["optimism"]["value"] == pytest.approx(np.mean(gaps[name]))
        half = 1.959964 * np.std(gaps[name], ddof=1) / 2
        assert row["optimism"]["hi"] - row["optimism"]["value"] == pytest.approx(half)
        assert row["corrected"] == pytest.approx(apparent - np.mean(gaps[name]))
        assert row["resamples"] == 4


@pytest.mark.parametrize("make", [binary, censored])
def test_a_model_that_learns_nothing_is_not_optimistic(make):
    """The same risks whoever teaches: a resample's figures stray from those of all by chance alone."""
    risk, observed = make(0, 400)
    record, rng = np.arange(400), np.random.default_rng(0)
    parts = [rows("apparent", "", record, risk)]
    parts += [
        rows("optimism", str(k), record, risk, rng.multinomial(400, np.full(400, 1 / 400))) for k in range(60)
    ]  # fmt: skip
    for row in correct_optimism(pd.concat(parts), observed):
        assert abs(row["optimism"]["value"]) < 4 * (row["optimism"]["hi"] - row["optimism"]["value"]) / 1.96
        assert row["optimism"]["lo"] < row["optimism"]["hi"]


def test_without_resamples_nothing_is_corrected():
    risk, observed = binary(0, 100)
    alone = rows("apparent", "", np.arange(100), risk)
    assert correct_optimism(alone, observed) == []
    one = rows("optimism", "1", np.arange(100), risk, np.ones(100, dtype=int))
    assert correct_optimism(pd.concat([alone, one]), observed) == []


def test_the_learning_curve_has_a_row_per_share_measured_on_those_who_test():
    risk, observed = binary(0, 300)
    patient, order = np.arange(300), np.random.default_rng(0).permutation(300)
    noisy = expit(np.log(risk / (1 - risk)) + np.random.default_rng(1).normal(0, 2, 300))
    parts = [
        rows("learning curve", "0.5", order[:150], risk[order[:150]], patients=100),
        rows("learning curve", "0.5", order[150:], risk[order[150:]], patients=103),
        rows("learning curve", "0.25", order, noisy[order], patients=51),
        rows("site", "x", order, noisy[order]),
    ]
    found = trace_learning(pd.concat(parts), observed, patient, FEW)
    assert [(row["share"], row["patients"]) for row in found] == [(0.25, 51), (0.5, 102)]
    for row, said in zip(found, (noisy, risk), strict=True):
        expected = measure(said, observed, patient, (), 100, 1)
        for name in ("auroc", "log_loss", "calibration_slope"):
            assert row[name]["value"] == pytest.approx(expected[name].value)
            assert row[name]["lo"] < row[name]["value"] < row[name]["hi"]
    assert found[0]["auroc"]["value"] < found[1]["auroc"]["value"]
    assert trace_learning(parts[3], observed, patient, FEW) == []


def at_sites(sizes: dict[str, int]) -> tuple[pd.DataFrame, Observed]:
    n = sum(sizes.values())
    risk, observed = binary(3, n)
    names = np.repeat(list(sizes), list(sizes.values()))
    parts = [rows("site", name, np.flatnonzero(names == name), risk[names == name]) for name in sizes]
    return pd.concat(parts), observed


def test_sites_are_measured_by_themselves_and_pooled():
    table, observed = at_sites({"east": 150, "north": 200, "west": 250})
    found = compare_sites(table, observed, np.arange(600), FEW, 10)
    assert [(row["site"], row["n"]) for row in found["sites"]] == [("east", 150), ("north", 200), ("west", 250)]
    assert found["hidden"] == 0
    for row, (_, part) in zip(found["sites"], table.groupby("part"), strict=True):
        event = observed.event[part["record"]]
        assert row["events"] == event.sum()
        assert row["auroc"]["value"] == pytest.approx(roc_auc_score(event, part["risk"]))
        assert row["oe_ratio"]["value"] == pytest.approx(event.mean() / part["risk"].mean())
    pooled, each = found["pooled"], [row["auroc"]["value"] for row in found["sites"]]
    assert min(each) < pooled["value"] < max(each)
    assert pooled["lo"] < min(each) < max(each) < pooled["hi"]


def test_sites_with_few_of_either_kind_are_hidden():
    table, observed = at_sites({"a": 200, "b": 25, "c": 200})
    few = observed.event[table["record"][table["part"] == "b"]]
    least = int(min(few.sum(), (1 - few).sum()))
    assert least > 2
    shown = compare_sites(table, observed, np.arange(425), FEW, least)
    hidden = compare_sites(table, observed, np.arange(425), FEW, least + 1)
    assert [row["site"] for row in shown["sites"]] == ["a", "b", "c"]
    assert [row["site"] for row in hidden["sites"]] == ["c"]  # the size of the only one hidden would follow
    assert (shown["hidden"], hidden["hidden"]) == (0, 2)
    assert hidden["pooled"]["value"] is None
    assert hidden["pooled"]["reason"] == "fewer than three sites have an interval"
    once = np.where(np.arange(425) < 225, np.minimum(np.arange(425), 200), np.arange(425))
    assert compare_sites(table, observed, once, FEW, least)["hidden"] == 2  # one patient with 25 rows is one patient


def test_without_sites_there_is_nothing_to_pool():
    found = compare_sites(at_sites({"a": 50})[0].iloc[:0], Observed(np.zeros(5)), np.arange(5), FEW, 10)
    assert (found["sites"], found["hidden"]) == ([], 0)
    assert found["pooled"]["value"] is None


def site(log_odds: float, error: float) -> dict[str, float]:
    low, high = log_odds - 1.959964 * error, log_odds + 1.959964 * error
    return {"value": float(expit(log_odds)), "lo": float(expit(low)), "hi": float(expit(high))}


def test_pooled_aurocs_equal_dersimonian_and_lairds_by_hand():
    """Log-odds .8, 1.2, 1.6 with errors .2, .25, .3, so that the fixed weights are 25, 16 and 11.1111.

    Their mean is 1.09339, Q is 5.18549 and its scale 52.1111 - 1004.457 / 52.1111 = 32.8358, so the variance between
    sites is (5.18549 - 2) / 32.8358 = .0970126. The weights become 7.29860, 6.26910 and 5.34724, the mean 1.15873 and
    its variance 1 / 18.9149 = .0528683; the interval has half a width of 12.7062 sqrt(.0970126 + .0528683).
    """
    found = pool_aurocs([site(0.8, 0.2), site(1.2, 0.25), site(1.6, 0.3)])
    half = 12.7062 * np.sqrt(0.0970126 + 0.0528683)
    assert found.value == pytest.approx(expit(1.15873), abs=1e-5)
    assert (found.lo, found.hi) == pytest.approx((expit(1.15873 - half), expit(1.15873 + half)), abs=1e-5)


def test_sites_that_agree_are_pooled_by_their_precision():
    found = pool_aurocs([site(1.0, error) for error in (0.1, 0.2, 0.4, 0.4)])
    half = t.ppf(0.975, 2) / np.sqrt(100 + 25 + 6.25 + 6.25)
    assert found.value == pytest.approx(expit(1.0))
    assert (found.lo, found.hi) == pytest.approx((expit(1 - half), expit(1 + half)), abs=1e-6)


@pytest.mark.parametrize("useless", [{"value": 0.7, "lo": None, "hi": None}, {"value": 1.0, "lo": 0.9, "hi": 1.0}])
def test_fewer_than_three_sites_with_a_usable_interval_are_not_pooled(useless):
    two = [site(0.8, 0.2), site(1.2, 0.25)]
    found = pool_aurocs([*two, useless])
    assert (found.value, found.lo, found.hi) == (None, None, None)
    assert found.reason == "fewer than three sites have an interval"
    assert pool_aurocs([*two, useless, site(0.9, 0.3)]) == pool_aurocs([*two, site(0.9, 0.3)])
