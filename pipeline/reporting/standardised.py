"""How far apart two groups of patients are, in standard deviations: no test, and no matter of their size."""

import numpy as np
import numpy.typing as npt

from pipeline.arrays import FloatArray, IntArray


def difference_of_numbers(one: FloatArray, other: FloatArray) -> float | None:
    """The standardised difference of the means of two groups of at least two values, without its sign.

    Over the root of the mean of both variances (Austin 2009, Stat Med 28:3083). None where neither group varies and
    their values differ.
    """
    apart = abs(float(one.mean() - other.mean()))
    spread = float(np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2))
    return apart / spread if spread > 0 else (None if apart > 0 else 0.0)


def difference_of_shares(one: IntArray, other: IntArray) -> float | None:
    """The standardised difference of two groups, neither empty, in a category, from the counts of its levels, (k,).

    The Mahalanobis distance of the shares by the mean of both multinomial covariances (Yang and Dalton 2012, SAS Global
    Forum, 335); with two levels that is Austin's for a share. None where no patient of one group has a level that some
    of the other has.
    """
    used = (one + other) > 0
    p, q = (counts[used][1:] / counts.sum() for counts in (one, other))
    covariance = (_covariance(p) + _covariance(q)) / 2
    if len(p) and np.linalg.matrix_rank(covariance) < len(p):
        return None
    return float(np.sqrt((p - q) @ np.linalg.solve(covariance, p - q))) if len(p) else 0.0


def _covariance(p: npt.NDArray[np.float64]) -> FloatArray:
    covariance: FloatArray = np.diag(p) - np.outer(p, p)
    return covariance
