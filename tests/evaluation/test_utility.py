import numpy as np
import pytest

from pipeline.evaluation.performance import measure
from pipeline.evaluation.utility import DECISIONS, describe_decisions, net_benefit, treat_all
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored, drawn


def test_by_hand():
    risk, y = np.array([0.05, 0.2, 0.2, 0.6, 0.9]), np.array([0, 0, 1, 0, 1.0])
    counts = np.array([[1, 1, 1, 1, 1], [1, 2, 0, 0, 2.0]])
    found = net_benefit(risk, y, counts, counts, np.array([0.2, 0.5, 0.95]))
    # Acted on at 0.2 (a risk of 0.2 is included): 2 right, 2 wrong; second resample 2 right, 2 wrong.
    expected = [[2 / 5 - 2 / 5 / 4, 1 / 5 - 1 / 5, 0], [2 / 5 - 2 / 5 / 4, 2 / 5, 0]]
    np.testing.assert_allclose(found, expected, atol=1e-15)


@pytest.mark.parametrize("seed", range(4))
def test_acting_on_everybody_is_the_rate_less_the_others_at_the_odds(seed):
    _, observed = censored(seed)
    y, counts, at = observed.by_horizon(), drawn(seed, 300), np.array([0.1, 0.3, 0.5])
    weight = counts * observed.weights_for(counts)
    rate = (weight @ y / 300)[:, None]
    others = (weight @ (1 - y) / 300)[:, None]
    np.testing.assert_allclose(treat_all(y, weight, counts, at), rate - others * at / (1 - at))


def test_acting_on_everybody_gains_nothing_at_the_prevalence():
    _, observed = binary(0)
    counts = np.ones((1, 300))
    assert treat_all(observed.event, counts, counts, np.array([observed.event.mean()]))[0, 0] == pytest.approx(0)


def test_perfect_risks_gain_the_prevalence_at_every_threshold():
    _, observed = binary(1)
    counts = np.ones((1, 300))
    found = net_benefit(observed.event, observed.event, counts, counts, np.array([0.05, 0.5, 0.95]))
    np.testing.assert_allclose(found[0], observed.event.mean())


AT = (0.2, 0.3, 0.4, 0.5, 0.6)


def decide(risk, observed, smallest=10, thresholds=AT, resamples=50):
    patient = np.arange(len(observed))
    return describe_decisions(np.atleast_2d(risk), observed, patient, thresholds, smallest, resamples, seed=3)


def test_decisions_by_hand():
    risk, event = np.repeat([0.1, 0.1, 0.3, 0.3, 0.7, 0.7], 20), np.tile(np.repeat([0.0, 1.0], 20), 3)
    low, high = decide(risk, Observed(event), thresholds=(0.2, 0.5))
    shares = [[row[name]["value"] for name in DECISIONS] for row in (low, high)]
    np.testing.assert_allclose(shares, [[4 / 6, 2 / 6, 2 / 6, 1 / 6], [2 / 6, 1 / 6, 1 / 6, 2 / 6]])
    assert [row["suppressed"] for row in (low, high)] == [None, None]


@pytest.mark.parametrize("simulate", [binary, censored])
@pytest.mark.parametrize("seed", range(3))
def test_decisions_are_those_that_net_benefit_weighs(simulate, seed):
    """Two repeats, the second with noise: value and limits are those of the same resamples as the net benefit's."""
    risk, observed = simulate(seed, n=2000)
    risks = np.stack([risk, np.clip(risk + np.random.default_rng(seed).normal(0, 0.05, len(risk)), 0, 1)])
    benefit = measure(risks, observed, np.arange(len(risk)), AT, 50, seed=3)
    shown = [row for row in decide(risks, observed) if not row["suppressed"]]
    assert len(shown) >= 4
    for row in shown:
        at, share = row["threshold"], {name: row[name]["value"] for name in DECISIONS}
        expected = share["true_positives"] - share["false_positives"] * at / (1 - at)
        assert benefit[f"net_benefit_at_{at:.2f}"].value == pytest.approx(expected)
        assert share["treated"] == pytest.approx(share["true_positives"] + share["false_positives"])
        assert all(row[name]["lo"] <= row[name]["value"] <= row[name]["hi"] for name in DECISIONS)
    missed = [row["missed"]["value"] + row["true_positives"]["value"] for row in shown]
    np.testing.assert_allclose(missed, missed[0])


@pytest.mark.parametrize("smallest", [1, 10, 40])
@pytest.mark.parametrize("seed", range(4))
def test_no_share_tells_of_few(seed, smallest):
    """Whatever two thresholds are compared, and each with none and with all: enough of either outcome lie between."""
    risk, observed = binary(seed)
    at = tuple(np.round(np.linspace(0.05, 0.95, 19), 2))
    shown = [row["threshold"] for row in decide(risk, observed, smallest, at, 20) if not row["suppressed"]]
    edges = [-1, *shown, 2]
    for outcome in (0, 1):
        assert np.histogram(risk[observed.event == outcome], edges)[0].min() >= smallest
    assert len(shown) > 0


def test_a_hidden_threshold_says_why_and_no_number():
    _, observed = binary(0)
    for row in decide(observed.event, observed):
        assert row["suppressed"]
        assert all(
            row[name] == {"value": None, "lo": None, "hi": None, "reason": row["suppressed"]} for name in DECISIONS
        )
    assert decide(observed.event, observed, thresholds=()) == []
