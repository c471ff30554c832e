"""The deployed model learnt again from resampled patients, to see what of its explanation is stable."""

from typing import Any

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.models.candidates import Candidate
from pipeline.models.ensemble import RiskModel
from pipeline.models.outcomes import Examples
from pipeline.progress import progress


def refit(
    model: RiskModel,
    examples: Examples,
    candidates: dict[str, Candidate],
    settings: dict[str, Any],
    count: int,
    seed: int,
) -> list[RiskModel]:
    """`count` models like `model`, each fitted to a bootstrap resample of the patients of `examples`.

    Members keep the settings that tuning chose; weights and recalibration stay those of `model`, so that the
    refits differ by the patients alone. Censoring weights are estimated in each resample.
    """
    generator = np.random.default_rng(seed)
    patients, place = np.unique(examples.patient, return_inverse=True)
    draws = [generator.integers(0, len(patients), len(patients)) for _ in range(count)]
    drawn = [np.bincount(draw, minlength=len(patients))[place].astype(float) for draw in draws]
    return [_refit_once(model, examples, counts, candidates, settings) for counts in progress(drawn, "Refitting")]


def _refit_once(
    model: RiskModel, examples: Examples, counts: FloatArray, candidates: dict[str, Candidate], settings: dict[str, Any]
) -> RiskModel:
    weights = counts * examples.observed.weights_for(counts[None, :])[0]
    used = weights > 0
    X, y, weight = examples.X[used], examples.observed.by_horizon()[used], weights[used]
    members = {name: candidates[name].fit(X, y, weight, settings[name]) for name in model.members}
    return RiskModel(members, model.weights, model.intercept, model.slope)
