"""Statistics of a column that are no patient's own value: no least, no most, no great age, no lone quantile."""

import re

import numpy as np

from pipeline.arrays import FloatArray

OLDEST = 90
"""Ages from here on are one, as by the Safe Harbor rule of HIPAA (45 CFR 164.514(b)(2)(i)(C))."""
YEARS = {"a", "y", "yr", "yrs", "year", "years"}
AGE = re.compile(r"(?<![a-z])(age|ages|aged)(?![a-z])", re.IGNORECASE)


def is_age(name: str, label: str, unit: str | None) -> bool:
    """Whether a column holds ages: in years, by its unit, and an age, by its name or label."""
    return (unit or "").strip().lower() in YEARS and any(AGE.search(text) for text in (name, label))


def pool_ages(values: FloatArray, name: str, label: str, unit: str | None) -> FloatArray:
    """`values` (n,), with 90 for every age above; other columns as they are. NaN stays."""
    return np.minimum(values, OLDEST) if is_age(name, label, unit) else values


def quantile_of_several(values: FloatArray, share: float, smallest: int) -> float | None:
    """The `share` quantile of `values` (n,), none missing; None with fewer than `smallest` of them on either side.

    Between two values it lies where `numpy.quantile` puts it; on one that fewer than `smallest` have, it is the mean of
    this one and its neighbours.
    """
    if min(share, 1 - share) * len(values) < smallest:
        return None
    at = share * (len(values) - 1)
    if at == int(at):
        around = int(at) + np.arange(-1, 2)
        near = np.partition(values, around)[around]
        return float(near[1] if np.count_nonzero(values == near[1]) >= smallest else near.mean())
    return float(np.quantile(values, share))
