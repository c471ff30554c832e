"""Cluster numbers that stay with their clusters from one release to the next."""

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.arrays import FloatArray, IntArray
from pipeline.phenotypes.clusterers import squared_distances
from pipeline.phenotypes.model import PhenotypeModel

NEAR = 0.5
"""A cluster is an earlier one if their centres are nearer than half the way to the next cluster's centre."""


def keep_numbers(model: PhenotypeModel, earlier: PhenotypeModel | None) -> tuple[PhenotypeModel, dict[int, str]]:
    """The model with the earlier one's numbers where centres match, and per number `kept` or `new`.

    Centres are compared in the model's space, so that units and logarithms agree, and matched one to one with the
    least sum of squared distances. A new cluster takes the next number above the earlier model's.
    """
    if earlier is None or not _share_predictors(model, earlier):
        return model, {}
    centres = model.shapes.centres
    before = earlier.space.move(earlier.shapes.centres, model.space)
    squared = squared_distances(centres, before)
    near = NEAR**2 * _to_next(centres)
    matched = {
        int(own): int(earlier.shapes.numbers[other])
        for own, other in zip(*linear_sum_assignment(squared), strict=True)
        if squared[own, other] <= near[own]
    }
    fresh = iter(range(int(earlier.shapes.numbers.max()) + 1, int(earlier.shapes.numbers.max()) + 1 + len(centres)))
    numbers: IntArray = np.array([matched.get(place) or next(fresh) for place in range(len(centres))])
    status = {int(number): "kept" if place in matched else "new" for place, number in enumerate(numbers)}
    return replace(model, shapes=replace(model.shapes, numbers=numbers)), status


def _share_predictors(model: PhenotypeModel, earlier: PhenotypeModel) -> bool:
    return bool({c.predictor for c in model.space.coordinates} & {c.predictor for c in earlier.space.coordinates})


def _to_next(centres: FloatArray) -> FloatArray:
    """Squared distance of each centre to the nearest other one, (k,)."""
    apart = squared_distances(centres, centres)
    np.fill_diagonal(apart, np.inf)
    nearest: FloatArray = apart.min(axis=1)
    return nearest
