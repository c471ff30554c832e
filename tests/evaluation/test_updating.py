from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom, chi2

from pipeline.evaluation import updating
from pipeline.evaluation.calibration import log_odds
from pipeline.evaluation.performance import measure
from pipeline.evaluation.updating import (
    BOTH,
    INTERCEPT,
    NONE,
    SIGNIFICANT,
    Update,
    choose_update,
    describe_updates,
    estimate_optimism,
)
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate
from tests.evaluation.simulated import binary, censored, competing

SETTINGS = Evaluate(resamples=100, seed=3)


def alone(observed):
    """Everybody is a patient of their own."""
    return np.arange(len(observed))


def moved(risk, intercept, slope):
    """Risks for which the update that makes them true has these parameters."""
    return expit((log_odds(risk) - intercept) / slope)


def figures(risk, observed, thresholds):
    """Those of the risks as they are."""
    return measure(risk, observed, alone(observed), thresholds, SETTINGS.resamples, SETTINGS.seed)


def loss_of(score, y):
    return lambda parameters: np.sum(
        np.logaddexp(0, parameters[0] + parameters[1] * score) - y * (parameters @ [np.ones_like(score), score])
    )


@pytest.mark.parametrize("seed", range(5))
def test_parameters_and_tests_are_those_of_an_independent_fit(seed):
    risk, observed = binary(seed, n=400)
    score, y = log_odds(moved(risk, 0.4, 0.8)), observed.event
    choice = choose_update(expit(score), observed, alone(observed))
    fit = loss_of(score, y)
    both = minimize(fit, [0, 1], method="BFGS", tol=1e-10)
    intercept = minimize(lambda a: fit(np.array([a[0], 1])), [0.0], method="BFGS", tol=1e-10)
    assert [choice.updates[BOTH].intercept, choice.updates[BOTH].slope] == pytest.approx(both.x, abs=1e-4)
    assert choice.updates[INTERCEPT] == Update(pytest.approx(intercept.x[0], abs=1e-4), 1.0)
    assert choice.updates[NONE] == Update(0.0, 1.0)
    for test, at, degrees in zip(choice.tests, (fit(np.array([0, 1])), intercept.fun), (2, 1), strict=True):
        assert test["statistic"] == pytest.approx(2 * (at - both.fun), abs=1e-4)
        assert test["p"] == pytest.approx(chi2.sf(2 * (at - both.fun), degrees), abs=1e-4)
        assert test["degrees"] == degrees


@pytest.mark.parametrize(
    ("truth", "supported", "word"),
    [((0, 1), NONE, "chance"), ((0.7, 1), INTERCEPT, "too low"), ((-0.7, 1), INTERCEPT, "too high"),
     ((0.5, 0.6), BOTH, "too far apart"), ((0, 1.8), BOTH, "not far enough apart")],
)  # fmt: skip
def test_what_was_planted_is_supported(truth, supported, word):
    found = []
    for seed in range(20):
        risk, observed = binary(seed, n=2000)
        found.append(choose_update(moved(risk, *truth), observed, alone(observed)))
    right = [choice for choice in found if choice.supported == supported]
    assert len(right) >= binom.ppf(0.0001, 20, 0.95)
    assert all(word in choice.says for choice in right)
    mean = np.mean([[choice.updates[BOTH].intercept, choice.updates[BOTH].slope] for choice in found], axis=0)
    assert mean == pytest.approx(truth, abs=0.08)


@pytest.mark.parametrize("kind", ["plain", "censored", "competing", "repeated"])
def test_true_risks_are_left_alone_19_times_in_20(kind):
    """Also where weights differ or patients repeat, which unadjusted tests would take for evidence."""
    runs, rejected = 100, 0
    for seed in range(runs):
        if kind == "censored":
            risk, observed = censored(seed)
        elif kind == "competing":
            risk, observed = competing(seed)
        else:
            risk, observed = binary(seed)
        patient = alone(observed)
        if kind == "repeated":
            twice = np.repeat(patient, 2)
            risk, observed, patient = risk[twice], observed.take(twice), twice
        rejected += choose_update(risk, observed, patient).supported != NONE
    assert binom.ppf(0.001, runs, SIGNIFICANT) <= rejected <= binom.ppf(0.999, runs, SIGNIFICANT)


@pytest.mark.parametrize("seed", range(3))
def test_a_table_written_out_twice_tells_no_more_than_once(seed):
    risk, observed = binary(seed, n=500)
    risk = moved(risk, 0.4, 0.8)
    twice = np.tile(alone(observed), 2)
    once, again = (choose_update(risk[rows], observed.take(rows), rows) for rows in (alone(observed), twice))
    assert again.updates[BOTH].slope == pytest.approx(once.updates[BOTH].slope)
    for one, other in zip(once.tests, again.tests, strict=True):
        assert other["statistic"] == pytest.approx(one["statistic"], rel=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_an_update_of_everybody_makes_risks_true_in_the_large_and_in_spread(seed):
    risk, observed = binary(seed, n=1500)
    choice = choose_update(moved(risk, 0.5, 0.7), observed, alone(observed))
    new = choose_update(choice.update.apply(moved(risk, 0.5, 0.7)), observed, alone(observed))
    assert choice.supported == BOTH
    assert new.supported == NONE
    assert (new.updates[BOTH].intercept, new.updates[BOTH].slope) == pytest.approx((0, 1), abs=1e-4)


@pytest.mark.parametrize("backwards", [True, False])
def test_where_risks_do_not_order_or_part_patients_nothing_is_supported(backwards):
    risk, observed = binary(0, n=300)
    given = 1 - risk if backwards else np.where(observed.event == 1, 0.9, 0.1)
    choice = choose_update(given, observed, alone(observed))
    assert choice.supported == NONE
    assert BOTH not in choice.updates
    assert ("no better than chance" in choice.says) == backwards
    described = describe_updates(
        choice, figures(given, observed, (0.2,)), given, observed, alone(observed), (0.2,), SETTINGS
    )
    assert [row["update"] for row in described["updates"]] == [NONE, INTERCEPT]
    assert described["tests"] == []


def loss(risk, observed):
    return -np.mean(observed.event * np.log(risk) + (1 - observed.event) * np.log1p(-risk))


@pytest.mark.parametrize(("name", "parameters"), [(INTERCEPT, 1), (BOTH, 2)])
def test_optimism_is_what_fresh_patients_lose(monkeypatch, name, parameters):
    """Of the log-loss it is the number of parameters over that of patients (Akaike 1974)."""
    monkeypatch.setattr(updating, "RESAMPLES", 100)
    n, runs, found = 150, 10, []
    for seed in range(runs):
        (risk, observed), (fresh, after) = binary(seed, n=n), binary(1000 + seed, n=20_000)
        update = choose_update(risk, observed, alone(observed)).updates[name]
        lost = (loss(update.apply(fresh), after) - loss(fresh, after)) - (
            loss(update.apply(risk), observed) - loss(risk, observed)
        )
        found.append((lost, -estimate_optimism(name, risk, observed, alone(observed), (), seed)["log_loss"]))
    truth, estimate = np.array(found).T
    assert estimate.mean() == pytest.approx(parameters / n, rel=0.2)
    assert estimate.mean() == pytest.approx(truth.mean(), abs=3 * truth.std() / np.sqrt(runs))


def test_a_new_intercept_flatters_no_slope():
    risk, observed = binary(6, n=200)
    assert "calibration_slope" not in estimate_optimism(INTERCEPT, risk, observed, alone(observed), (), 0)


def test_figures_of_updates_are_those_of_the_apparent_ones_less_optimism():
    risk, observed = binary(5, n=400)
    given = moved(risk, 0.5, 0.7)
    choice = choose_update(given, observed, alone(observed))
    described = describe_updates(
        choice, figures(given, observed, (0.3,)), given, observed, alone(observed), (0.3,), SETTINGS
    )
    assert described["supported"] == choice.supported == BOTH
    none, _, both = (row["estimates"] for row in described["updates"])
    assert both["auroc"] == pytest.approx(none["auroc"])
    optimism = estimate_optimism(BOTH, given, observed, alone(observed), (0.3,), SETTINGS.seed)
    assert optimism["log_loss"] < 0
    assert both["calibration_slope"]["value"] == pytest.approx(1 - optimism["calibration_slope"], abs=1e-6)
    assert both["log_loss"]["value"] < none["log_loss"]["value"]
    for row in described["updates"]:
        for estimate in row["estimates"].values():
            assert estimate["lo"] <= estimate["value"] <= estimate["hi"]


def test_the_order_of_rows_changes_nothing():
    risk, observed = censored(2, n=500)
    given, patient = moved(risk, 0.5, 0.7), np.repeat(np.arange(250), 2)
    order = np.random.default_rng(0).permutation(500)
    one, other = (
        choose_update(given, observed, patient),
        choose_update(given[order], observed.take(order), patient[order]),
    )
    assert one.supported == other.supported
    assert one.update == Update(pytest.approx(other.update.intercept), pytest.approx(other.update.slope))
    assert [t["p"] for t in one.tests] == pytest.approx([t["p"] for t in other.tests], rel=1e-4)


def test_who_is_censored_early_counts_through_the_weights_alone():
    """With a horizon that all were followed to, outcomes are those of no horizon."""
    risk, observed = binary(7, n=600)
    timed = replace(Observed(observed.event, np.where(observed.event == 1, 1.0, 9.0), 5.0))
    one, other = (choose_update(moved(risk, 0.5, 0.7), o, alone(o)) for o in (observed, timed))
    assert one == other
