"""Intervals of what an explanation says, from the model learnt again."""

from typing import Any

import numpy as np

from pipeline.arrays import FloatArray

ENDS = (0.025, 0.975)


def spread(again: Any) -> FloatArray:
    """The ends of the 95% interval, (2, ...): quantiles over the refits of what each says, (refits, ...)."""
    ends: FloatArray = np.quantile(np.asarray(again, dtype=float), ENDS, axis=0)
    return ends
