import json

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom, chi2, chi2_contingency
from sklearn.linear_model import LogisticRegression

from pipeline.disclosure import COMPLEMENT, TOO_FEW
from pipeline.evaluation import logistic_fit, phenotypes
from pipeline.evaluation.addition import say_addition
from pipeline.evaluation.calibration import log_odds
from pipeline.evaluation.performance import measure
from pipeline.evaluation.phenotypes import NO_FIT, assess_membership, describe_phenotypes
from pipeline.evaluation.rates import event_rate
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate
from tests.evaluation.simulated import binary, censored, competing
from tests.reporting.finders import find_causes

SETTINGS, SMALLEST = Evaluate(resamples=100, seed=3), 10


def related(risk, seed, cuts=(-1.0, 0.5)):
    """Clusters from 1 that go with the risk, and beyond it with nothing."""
    noise = np.random.default_rng(900 + seed).normal(size=len(risk))
    return np.digitize(log_odds(risk) + noise, cuts) + 1


def planted(seed, make=binary, n=1500, shift=1.0):
    """Risks that are too low for cluster 2 and too high for the others, outcomes, and clusters."""
    truth, observed = make(seed, n=n)
    labels = np.random.default_rng(800 + seed).integers(1, 4, n)
    return expit(log_odds(truth) - shift * (labels == 2)), observed, labels


def describe(risk, observed, labels, patient=None, thresholds=(0.3,)):
    who = np.arange(len(observed)) if patient is None else patient
    return describe_phenotypes(risk, observed, who, labels, thresholds, SMALLEST, SETTINGS)


def assess(risk, observed, labels, patient=None, thresholds=()):
    who = np.arange(len(observed)) if patient is None else patient
    return assess_membership(risk, observed, who, labels, thresholds, SMALLEST, SETTINGS)


def numbers(estimate):
    return [estimate[key] for key in ("value", "lo", "hi")]


def deviance(design, y):
    """Twice the least log-loss of all, by another search."""
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(design, y)
    return -2 * np.log(model.predict_proba(design)[np.arange(len(y)), y.astype(int)]).sum()


@pytest.mark.parametrize("make", [binary, censored, competing])
def test_a_cluster_is_described_as_if_alone(make):
    risk, observed = make(0, n=900)
    labels = related(risk, 0)
    clusters = describe(risk, observed, labels)["clusters"]
    assert [row["cluster"] for row in clusters] == [1, 2, 3]
    for row in clusters:
        members = labels == row["cluster"]
        part = observed.take(members)
        found = measure(risk[members], part, np.arange(members.sum()), (), SETTINGS.resamples, SETTINGS.seed)
        assert (row["n"], row["events"]) == (members.sum(), part.by_horizon().sum())
        assert row["rate"] == vars(event_rate(part))
        assert (row["oe_ratio"], row["auroc"]) == (vars(found["oe_ratio"]), vars(found["auroc"]))
        if make is binary:
            assert row["incidence"] == []
        else:
            assert row["incidence"][-1] == {"time": 3.0} | {key: row["rate"][key] for key in ("value", "lo", "hi")}
            assert len(row["incidence"]) >= 3


def test_a_small_cluster_and_the_next_smallest_show_nothing():
    risk, observed = censored(1, n=600)
    labels = np.where(np.arange(600) < 8, 3, np.where(np.arange(600) < 200, 2, 1))
    clusters = describe(risk, observed, labels)["clusters"]
    assert clusters[0]["n"] == 400
    for row, reason in zip(clusters[1:], (COMPLEMENT, TOO_FEW), strict=True):
        assert (row["n"], row["events"], row["incidence"]) == (None, None, [])
        assert [row[key]["value"] for key in ("rate", "oe_ratio", "auroc")] == [None] * 3
        assert [row[key]["reason"] for key in ("rate", "oe_ratio", "auroc")] == [reason] * 3


def test_few_patients_of_no_cluster_hide_the_smallest_cluster():
    risk, observed = binary(1)
    labels = np.where(np.arange(300) < 8, 0, np.where(np.arange(300) < 120, 2, 1))
    assert [(row["cluster"], row["n"]) for row in describe(risk, observed, labels)["clusters"]] == [(1, 180), (2, None)]
    assert [row["n"] for row in describe(risk, observed, np.maximum(labels, 1))["clusters"]] == [188, 112]


def test_a_number_without_patients_has_no_row_and_hides_nothing_and_ten_come_after_nine():
    risk, observed = binary(1, n=3000)
    labels = 1 + np.arange(3000) % 11
    labels[labels == 4] = 3
    clusters = describe(risk, observed, labels)["clusters"]
    assert [row["cluster"] for row in clusters] == [1, 2, 3, *range(5, 12)]
    assert all(row["rate"]["value"] is not None for row in clusters)


@pytest.mark.parametrize("seed", range(4))
def test_the_test_is_the_likelihood_ratio_of_an_independent_fit(seed):
    risk, observed = binary(seed, n=500)
    labels, score, y = related(risk, seed), log_odds(risk), observed.event
    expected = deviance(score[:, None], y) - deviance(np.column_stack([score, labels == 2, labels == 3]), y)
    found = assess(risk, observed, labels)
    assert (found["statistic"], found["degrees"]) == (pytest.approx(expected, abs=1e-5), 2)
    assert found["p"] == pytest.approx(chi2.sf(expected, 2), abs=1e-6)


def test_beside_a_risk_that_is_the_same_for_all_it_is_the_test_of_the_table():
    _, observed = binary(3)
    labels = 1 + np.arange(300) % 3
    table = [[observed.event[labels == k].sum(), (1 - observed.event[labels == k]).sum()] for k in (1, 2, 3)]
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood")
    found = assess(np.full(300, 0.4), observed, labels)
    assert (found["statistic"], found["p"]) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-6)
    assert found["log_loss"]["lo"] is not None


def test_of_repeats_the_mean_log_odds_count():
    risk, observed = binary(2)
    noise = np.random.default_rng(0).normal(size=(3, 300))
    labels = related(risk, 2)
    repeats = expit(log_odds(risk) + noise - noise.mean(axis=0))
    one, other = assess(risk, observed, labels, thresholds=(0.3,)), assess(repeats, observed, labels, thresholds=(0.3,))
    assert other["statistic"] == pytest.approx(one["statistic"])
    assert other["log_loss"]["value"] == pytest.approx(one["log_loss"]["value"])


@pytest.mark.parametrize("kind", ["plain", "censored", "competing", "repeated"])
def test_membership_that_adds_nothing_is_found_to_add_once_in_20(kind, monkeypatch):
    """Also where weights differ or patients repeat, and clusters go with the risk."""
    monkeypatch.setattr(phenotypes, "_gains", lambda *_: {"log_loss": phenotypes.Estimate(None, None, None)})
    runs, rejected = 150, 0
    for seed in range(runs):
        risk, observed = {"censored": censored, "competing": competing}.get(kind, binary)(seed)
        labels, patient = related(risk, seed), np.arange(300)
        if kind == "repeated":
            patient = np.repeat(patient, 2)
            risk, observed, labels = risk[patient], observed.take(patient), labels[patient]
        rejected += assess(risk, observed, labels, patient)["p"] < 0.05
    assert binom.ppf(0.001, runs, 0.05) <= rejected <= binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize("make", [binary, censored, competing])
def test_a_planted_difference_is_found_and_worth_acting_on(make):
    runs = [assess(*planted(seed, make, n=3000), thresholds=(0.25,)) for seed in range(6)]
    assert all(found["p"] < 0.01 and found["reason"] is None for found in runs)
    assert all(found["log_loss"]["hi"] < 0 for found in runs)
    assert all(found["net_benefit"][0]["threshold"] == 0.25 for found in runs)
    gains = np.array([found["net_benefit"][0]["difference"]["value"] for found in runs])
    assert gains.mean() > 2 * gains.std() / np.sqrt(6)
    said = "Cluster membership adds to the risk model on held-out patients (p < 0.001)"
    assert all(found["says"].startswith(said) for found in runs if found["p"] < 0.001)


def test_membership_that_adds_nothing_costs_what_it_cost_to_learn(monkeypatch):
    """Nothing is judged on what it was fitted to, so the log-loss rises by half a parameter per patient who taught."""
    k, n, runs, found = 7, 400, 60, []

    def compare_losses(adding, alone, observed, *_):
        return np.where(observed.event == 1, np.log(alone / adding), np.log((1 - alone) / (1 - adding))).mean()

    monkeypatch.setattr(phenotypes, "compare", compare_losses)
    for seed in range(runs):
        risk, observed = binary(seed, n=n)
        labels = np.random.default_rng(seed).integers(1, k + 1, n)
        found.append(phenotypes._gains(log_odds(risk), observed, np.arange(n), labels, (), SETTINGS))
    assert np.mean(found) == pytest.approx((k - 1) / (2 * 0.8 * n), abs=3 * np.std(found) / np.sqrt(runs))
    assert np.mean(found) > 3 * np.std(found) / np.sqrt(runs)


def test_folds_deal_out_patients_evenly_and_part_no_patient():
    labels, patient = related(binary(4, n=500)[0], 4), np.arange(500) // 2
    fold = phenotypes._deal_folds(np.arange(500), labels)
    assert all(np.ptp(np.bincount(fold[labels == label], minlength=5)) <= 1 for label in (1, 2, 3))
    together = phenotypes._deal_folds(patient, labels)
    assert (together[::2] == together[1::2]).all()
    assert np.ptp(np.bincount(together[::2])) <= 1


@pytest.mark.parametrize("seed", range(3))
def test_a_table_written_out_twice_tells_no_more_than_once(seed):
    risk, observed, labels = planted(seed, n=500, shift=0.5)
    rows = np.tile(np.arange(500), 2)
    once, twice = assess(risk, observed, labels), assess(risk[rows], observed.take(rows), labels[rows], rows)
    assert twice["statistic"] == pytest.approx(once["statistic"], rel=0.15)
    assert numbers(twice["log_loss"]) == pytest.approx(numbers(once["log_loss"]), rel=1e-4)


def test_a_small_cluster_counts_with_the_one_that_is_hidden_with_it():
    risk, observed, labels = planted(0)
    few, among = labels.copy(), np.flatnonzero(labels != 2)
    few[among[:5]], few[among[5:12]] = 0, 4
    beside = np.bincount(few)[1:4].argmin() + 1
    merged = np.where(np.isin(few, (0, 4)), beside, few)
    one, other = assess(risk, observed, few, thresholds=(0.3,)), assess(risk, observed, merged, thresholds=(0.3,))
    assert one["says"].endswith(
        f"; patients of no cluster and cluster 4 counted with cluster {beside}, having too few patients with or "
        "without the event."
    )
    assert {**one, "says": ""} == {**other, "says": ""}
    assert one["degrees"] == 2


def test_many_patients_of_no_cluster_are_a_group():
    risk, observed, labels = planted(0)
    assert assess(risk, observed, labels - 1)["statistic"] == pytest.approx(assess(risk, observed, labels)["statistic"])


def test_longer_follow_up_of_one_cluster_is_not_taken_for_another_risk():
    """A true risk, and two clusters of which one is followed longer: 5% of tests reject, and not nearly all."""
    rejected = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels, truth = rng.integers(1, 3, 600), rng.beta(2, 4, 600)
        until = rng.exponential(-3 / np.log1p(-truth))
        left = np.where(labels == 1, rng.uniform(0.5, 5, 600), rng.uniform(3, 10, 600))
        observed = Observed((until <= left).astype(float), np.minimum(until, left), 3.0)
        group, who = labels, np.arange(600)
        rejected += phenotypes._test(log_odds(truth), observed, who, group)["p"] < 0.05
    assert rejected <= binom(60, 0.05).ppf(0.999)


def untested(found):
    assert [found[key] for key in ("statistic", "degrees", "p")] == [None] * 3
    estimates = [found["log_loss"], *(row["difference"] for row in found["net_benefit"])]
    assert all(one["value"] is None and one["reason"] == found["reason"] for one in estimates)
    assert found["says"] == f"Whether cluster membership adds to the risk model was not tested: {found['reason']}."
    return found["reason"]


def test_fewer_than_two_clusters_of_enough_patients_are_not_tested():
    risk, observed = binary(0)
    for few in (0, 5):
        labels = np.where(np.arange(300) < few, 2, 1)
        assert "fewer than two clusters have 10 patients" in untested(assess(risk, observed, labels, thresholds=(0.3,)))
    assert "fewer than two" in untested(assess(risk, Observed(np.zeros(300)), 1 + np.arange(300) % 2))


def test_outcomes_that_the_risk_foretells_without_fail_are_not_tested():
    risk, labels = np.linspace(0.01, 0.99, 200), 1 + np.arange(200) % 2
    assert untested(assess(risk, Observed((risk > 0.5).astype(float)), labels, thresholds=(0.3,))) == NO_FIT
    within = (risk > np.where(labels == 1, 0.3, 0.7)).astype(float)  # within each cluster alone
    assert untested(assess(risk, Observed(within), labels)) == NO_FIT


def test_a_search_that_finds_nothing_is_a_reason(monkeypatch):
    risk, observed, labels = planted(1, n=300)
    gains = phenotypes._gains(log_odds(risk), observed, np.arange(300), labels, (0.3,), SETTINGS)
    assert gains["net_benefit_at_0.30"].value is not None
    monkeypatch.setattr(logistic_fit, "STEPS", 1)
    assert untested(assess(risk, observed, labels, thresholds=(0.3,))) == NO_FIT
    gains = phenotypes._gains(log_odds(risk), observed, np.arange(300), labels, (0.3,), SETTINGS)
    assert {gain.reason for gain in gains.values()} == {phenotypes.NO_FIT_IN_A_FOLD}


@pytest.mark.parametrize("make", [binary, censored, competing])
def test_the_order_of_rows_changes_nothing_but_rounding(make):
    risk, observed, labels = planted(2, make, n=400)
    patient = np.arange(400) // 2
    order = np.random.default_rng(0).permutation(400)
    one = assess(risk, observed, labels, patient, (0.3,))
    other = assess(risk[order], observed.take(order), labels[order], patient[order], (0.3,))
    assert other["p"] == pytest.approx(one["p"], rel=1e-6)
    assert numbers(other["log_loss"]) == pytest.approx(numbers(one["log_loss"]), rel=1e-6)


@pytest.mark.parametrize(
    ("p", "bounds", "said"),
    [
        (0.04, [(-0.01, 0.02)], ["adds to", "(p = 0.040)", "leaves out 0 at none of 1 threshold"]),
        (
            0.06,
            [(0.01, 0.02), (0.01, 0.03)],
            ["was not shown to add to", "0.060", "at 2 of 2 thresholds (above 0 at 20%, 30%)"],
        ),
        (
            1e-9,
            [(-0.02, -0.01), (0.01, 0.02), (None, None)],
            ["adds to", "p < 0.001", "leaves out 0 at 2 of 2 thresholds (above 0 at 30%; below 0 at 20%)"],
        ),
        (0.5, [(None, None)], ["was not shown to add to the risk model on held-out patients (p = 0.500)"]),
        (0.5, [], ["was not shown to add to the risk model on held-out patients (p = 0.500)"]),
    ],
)
def test_the_sentence_says_what_the_numbers_say(p, bounds, said):
    rows = [
        {"threshold": t, "difference": {"lo": lo, "hi": hi}}
        for t, (lo, hi) in zip((0.2, 0.3, 0.5), bounds, strict=False)
    ]
    sentence = say_addition(p, rows, (), 0).removesuffix(".")
    assert sentence.startswith("Cluster membership ")
    assert all(part in sentence for part in said)
    assert sentence.endswith(said[-1])
    assert find_causes(sentence) == []


@pytest.mark.parametrize("make", [binary, censored, competing])
def test_what_is_published_is_plain_and_finite(make):
    risk, observed = make(5)
    labels = related(risk, 5, cuts=(-2.5, -1.0, 0.5, 2.0)) - 1
    found = describe(np.stack([risk, risk**1.1]), observed, labels, thresholds=(0.1, 0.5))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found["adds"]) == {"statistic", "degrees", "p", "net_benefit", "log_loss", "says", "reason"}
    keys = {"cluster", "n", "events", "rate", "oe_ratio", "auroc", "incidence"}
    assert all(set(row) == keys for row in found["clusters"])
