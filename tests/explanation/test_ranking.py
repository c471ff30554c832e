import numpy as np
import pandas as pd
import pytest

from pipeline.explanation.ranking import NOISE, enough_patients, rank_agreement


def said(seed: int, scales: list[float], n: int = 4000) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(n, len(scales))) * scales
    return pd.DataFrame(values, columns=[f"p{k}" for k in range(len(scales))])


def wobble(frame: pd.DataFrame, seed: int, deviation: float, count: int = 150) -> list[pd.DataFrame]:
    rng = np.random.default_rng(seed)
    return [frame * rng.normal(1, deviation, frame.shape[1]) for _ in range(count)]


@pytest.mark.parametrize("deviation", [0.05, 0.2])
def test_one_predictor_needs_what_the_formula_says(deviation):
    """|N(0, 1)| has mean sqrt(2 / pi) and variance 1 - 2 / pi; refits vary by `deviation` of the mean."""
    frame = said(0, [1.0])
    needed = (1 - 2 / np.pi) / (NOISE * deviation) ** 2 / (2 / np.pi)
    assert enough_patients(frame, wobble(frame, 1, deviation)).patients == pytest.approx(needed, rel=0.3)


def test_steadier_refits_and_closer_neighbours_need_more_patients():
    apart, close = said(0, [4.0, 2.0, 1.0]), said(0, [4.0, 3.9, 3.8])
    few, more = (enough_patients(frame, wobble(frame, 1, 0.1)).patients for frame in (apart, close))
    many = enough_patients(close, wobble(close, 1, 0.02)).patients
    assert 1 < few <= more < many
    assert enough_patients(close, wobble(close, 1, 0.1), top=1).patients <= more


@pytest.mark.parametrize("seed", range(3))
def test_so_many_patients_rank_as_all_do(seed):
    """What sampling adds to the refits' deviation of an importance is a fifth of it at most."""
    frame = said(seed, [3.0, 2.0, 1.0, 0.5], 20_000)
    refits = wobble(frame, seed, 0.1)
    n = enough_patients(frame, refits).patients
    assert n < 10_000
    rng = np.random.default_rng(seed)
    samples = pd.DataFrame([frame.iloc[rng.integers(0, len(frame), n)].abs().mean() for _ in range(60)])
    refitted = pd.DataFrame([refit.abs().mean() for refit in refits])
    assert (samples.std() < 1.4 * NOISE * refitted.std()).all()
    assert (samples.rank(axis=1).nunique() == 1).all()


def test_idle_predictors_need_nobody():
    frame = said(0, [0.0, 0.0])
    assert enough_patients(frame, [frame, frame]).patients == 1


def test_agreement_of_known_refits():
    frame = said(0, [4.0, 3.0, 1.0])
    swapped = frame.rename(columns={"p0": "p1", "p1": "p0"})[list(frame)]
    assert rank_agreement(frame, [frame, frame]) == pytest.approx(1)
    assert rank_agreement(frame, [frame, swapped]) == pytest.approx((1 + 0.5) / 2)
