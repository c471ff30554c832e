"""Means and differences with 95% intervals from their influence on each patient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.arrays import FloatArray, IntArray
from pipeline.estimates import Estimate, Z
from pipeline.phrases import phrase

DESCRIBES = phrase("it describes these patients and has no interval")


def described(value: float) -> Estimate:
    """A value that describes these patients."""
    return Estimate(float(value), None, None, DESCRIBES)


def to_dicts(estimates: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
    """Estimates by name, for JSON."""
    return {name: estimate.to_dict() for name, estimate in estimates.items()}


def standard_error(influence: FloatArray, patient: IntArray) -> float:
    """Standard error of a mean whose `influence` (n,) on each row has mean 0; rows of one patient count together.

    The sandwich of Liang and Zeger (1986, Biometrika 73:13) with m / (m - 1) for m patients.
    """
    summed = np.bincount(np.unique(patient, return_inverse=True)[1], influence)
    count = len(summed)
    return float(np.sqrt(summed @ summed * count / max(count - 1, 1)) / len(influence))


def bounded(value: float, error: float, most: float = np.inf) -> Estimate:
    """Value and limits on the plain scale, which end at -`most` and `most`."""
    lo, hi = np.clip([value - Z * error, value + Z * error], -most, most)
    return Estimate(float(value), float(lo), float(hi))
