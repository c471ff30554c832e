"""The deployed model learnt again from resampled patients, to see what of its explanation is stable."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.models.calibration import fit_recalibration
from pipeline.models.candidates import Candidate
from pipeline.models.ensemble import FEWEST, RiskModel
from pipeline.models.folds import Fitted
from pipeline.models.outcomes import Examples
from pipeline.patients import count_patients, renumber_patients
from pipeline.progress import progress

TAUGHT = 50_000
"""At most so many patients teach refits, so that their cost is bounded. Fewer patients make models that differ more."""


def sample_patients(rows: IntArray, patient: IntArray, most: int, seed: int) -> IntArray:
    """Those of `rows` (n,), of patients `patient` (n,), that are of `most` patients drawn at random, or all."""
    patients, place = renumber_patients(patient)
    if patients <= most:
        return rows
    drawn = np.zeros(patients, dtype=bool)
    drawn[np.random.default_rng(seed).choice(patients, most, replace=False)] = True
    return rows[drawn[place]]


def refit(
    model: RiskModel,
    examples: Examples,
    candidates: dict[str, Candidate],
    settings: dict[str, Any],
    count: int,
    seed: int,
) -> list[RiskModel]:
    """`count` models like `model`, each fitted to a bootstrap resample of the patients of `examples`.

    Members keep the settings that tuning chose, and `model`'s weights. Each refit is recalibrated on the patients who
    were not drawn, as `model` is on those held out; otherwise what it learnt too well of the patients drawn, some of
    them several times, would make every factor look more important than in `model`. Where fewer than ten events or
    non-events were left out, `model`'s recalibration stays. Where `examples` are a sample of the m patients who taught
    `model`, n of them, intervals are wider than those of a bootstrap of all, by about the root of m / n, which errs on
    the safe side. Censoring weights are estimated in each resample.
    """
    generator = np.random.default_rng(seed)
    patients, place = renumber_patients(examples.patient)
    draws = [generator.integers(0, patients, patients) for _ in range(count)]
    drawn = [np.bincount(draw, minlength=patients)[place].astype(float) for draw in draws]
    return [_refit_once(model, examples, counts, candidates, settings) for counts in progress(drawn, "Refitting")]


def fit_alone(
    names: Iterable[str], examples: Examples, candidates: dict[str, Candidate], settings: dict[str, Any]
) -> dict[str, RiskModel]:
    """Each named candidate by itself, fitted to `examples` with its tuned settings and not recalibrated."""
    weights = examples.observed.weights()
    return {
        name: RiskModel(_fit_members([name], examples, weights, candidates, settings), {name: 1.0}, 0.0, 1.0)
        for name in names
    }


def _refit_once(
    model: RiskModel, examples: Examples, counts: FloatArray, candidates: dict[str, Candidate], settings: dict[str, Any]
) -> RiskModel:
    weights = counts * examples.observed.weights_for(counts[None, :])[0]
    members = _fit_members(model.members, examples, weights, candidates, settings)
    return _recalibrate(RiskModel(members, model.weights, 0.0, 1.0), model, examples, counts == 0)


def _recalibrate(refitted: RiskModel, model: RiskModel, examples: Examples, left_out: BoolArray) -> RiskModel:
    weights = examples.observed.weights() * left_out
    used = weights > 0
    y, patient = examples.observed.by_horizon()[used], examples.patient[used]
    if min(count_patients(patient, y == outcome) for outcome in (0, 1)) < FEWEST:
        return replace(refitted, intercept=model.intercept, slope=model.slope)
    intercept, slope = fit_recalibration(refitted.log_odds(examples.X[used]), y, weights[used])
    return replace(refitted, intercept=intercept, slope=slope)


def _fit_members(
    names: Iterable[str],
    examples: Examples,
    weights: FloatArray,
    candidates: dict[str, Candidate],
    settings: dict[str, Any],
) -> dict[str, Fitted]:
    used = weights > 0
    X, y, weight = examples.X[used], examples.observed.by_horizon()[used], weights[used]
    return {name: candidates[name].fit(X, y, weight, settings[name]) for name in names}
