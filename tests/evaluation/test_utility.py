import numpy as np
import pytest

from pipeline.evaluation.utility import net_benefit, treat_all
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
