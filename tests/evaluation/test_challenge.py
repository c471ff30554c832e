"""Challenger and champion on the same patients, by hand and by planted differences."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.calibration import log_odds
from pipeline.evaluation.challenge import Challenge, compare_with_champion, describe_agreement
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate

SETTINGS = Evaluate(resamples=200, seed=1)


def make_challenge(n: int = 1500, seed: int = 0, noise: float = 1.0, shift: float = 0.0) -> Challenge:
    """The challenger tells the true risks; the champion's have `noise` and a `shift` on the log-odds scale."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(-1, 1, n)
    risk = 1 / (1 + np.exp(-truth))
    worse = 1 / (1 + np.exp(-(truth + shift + generator.normal(0, noise, n))))
    site = pd.Categorical(generator.choice(["a", "b"], n), ["a", "b", ""])
    event = (generator.random(n) < risk).astype(float)
    return Challenge(risk, worse, Observed(event), np.arange(n), {"Site": site})


@pytest.mark.parametrize("seed", range(3))
def test_the_better_of_two_is_found_in_every_figure(seed: int) -> None:
    found = compare_with_champion(make_challenge(seed=seed, shift=0.8), (0.2, 0.4), 10, SETTINGS)
    differences = found["differences"]
    assert differences["auroc"]["lo"] > 0
    assert differences["brier"]["hi"] < 0
    assert differences["oe_distance"]["hi"] < 0
    assert differences["net_benefit_at_0.40"]["value"] > 0
    own = found["figures"]
    gained = own["challenger"]["auroc"]["value"] - own["champion"]["auroc"]["value"]
    assert differences["auroc"]["value"] == pytest.approx(gained, abs=1e-12)
    assert [row["level"] for row in found["subgroups"]] == ["a", "b"]
    assert found["worst_subgroup"] == min(found["subgroups"], key=lambda row: row["auroc"]["value"])


def test_who_is_the_same_differs_in_nothing() -> None:
    same = make_challenge(noise=0.0)
    found = compare_with_champion(Challenge(same.challenger, same.challenger, same.observed, same.patient, same.groups),
                                  (0.2,), 10, SETTINGS)  # fmt: skip
    assert {each[key] for each in found["differences"].values() for key in ("value", "lo", "hi")} == {0.0}
    agreement = found["agreement"]
    assert (agreement["mean_difference"]["value"], agreement["limits"], agreement["far"]["value"]) == (0, [0, 0], 0)


def test_the_distance_of_observed_from_expected_is_that_of_the_logarithms() -> None:
    made = make_challenge(noise=0.3, shift=0.5)
    found = compare_with_champion(made, (), 10, SETTINGS)
    ratios = [made.observed.event.sum() / risk.sum() for risk in (made.challenger, made.champion)]
    expected = abs(np.log(ratios[0])) - abs(np.log(ratios[1]))
    assert found["differences"]["oe_distance"]["value"] == pytest.approx(expected, rel=1e-9)


def test_agreement_by_hand() -> None:
    """Risks that move by -.05, .15 and .05: the third crosses .2, the second moves far; the fourth is the third's."""
    champion = np.array([0.35, 0.35, 0.17, 0.17])
    challenger = np.array([0.30, 0.50, 0.22, 0.22])
    found = describe_agreement(challenger, champion, np.array([0, 1, 2, 2]), (0.2,))
    moved = np.array([-0.05, 0.15, 0.05])
    assert found["mean_difference"]["value"] == pytest.approx(moved.mean())
    error = moved.std(ddof=1) / np.sqrt(3)
    assert found["mean_difference"]["lo"] == pytest.approx(moved.mean() - 1.959964 * error)
    assert found["limits"] == pytest.approx([moved.mean() - 1.959964 * moved.std(ddof=1),
                                             moved.mean() + 1.959964 * moved.std(ddof=1)])  # fmt: skip
    assert found["far"]["value"] == pytest.approx(1 / 3)
    assert found["crossing"][0]["share"]["value"] == pytest.approx(1 / 3)
    assert (
        describe_agreement(challenger[:1], champion[:1], np.array([0]), ())["far"]["reason"] == "there is one patient"
    )


def test_the_mean_over_repeats_is_compared() -> None:
    made = make_challenge(n=400)
    apart = np.stack([log_odds(made.challenger) + step for step in (-0.2, 0.2)])
    repeats = 1 / (1 + np.exp(-apart))
    several = Challenge(repeats, made.champion, made.observed, made.patient, made.groups)
    found = compare_with_champion(several, (), 10, SETTINGS)["agreement"]["mean_difference"]["value"]
    assert found == pytest.approx((repeats.mean(axis=0) - made.champion).mean())
    part = several.take(np.arange(400) < 100)
    assert (np.shape(part.challenger), np.shape(part.champion), len(part.groups["Site"])) == ((2, 100), (1, 100), 100)
