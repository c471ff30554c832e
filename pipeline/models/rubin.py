"""Pooling what several imputed tables say."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from pipeline.arrays import FloatArray


@dataclass(frozen=True)
class Pooled:
    """k estimates over m imputations: every array is (k,); `lo` and `hi` bound the 95% interval.

    `within` is the mean variance of an estimate, `between` the variance among imputations, `total` that of the pooled
    estimate, `df` the degrees of freedom of its t distribution, `fmi` the fraction of information that is missing.
    """

    estimate: FloatArray
    within: FloatArray
    between: FloatArray
    total: FloatArray
    df: FloatArray
    fmi: FloatArray
    lo: FloatArray
    hi: FloatArray


def pool(estimates: FloatArray, variances: FloatArray, n: int) -> Pooled:
    """Rubin's rules (1987, Multiple imputation for nonresponse in surveys, section 3.1) for n patients.

    `estimates` and their `variances` are (m, k), m at least 2, for all k coefficients of a model, so that complete
    data would leave n - k degrees of freedom, of which `df` is that of Barnard and Rubin (1999, Biometrika 86:948).
    """
    m, k = estimates.shape
    assert m >= 2, "one imputation does not tell how far imputations differ"
    complete = max(1, n - k)
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    added = (1 + 1 / m) * between
    total = within + added
    share = added / total
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = 1 / (share**2 / (m - 1) + 1 / observed)
    increase = added / within
    fmi = (increase + 2 / (df + 3)) / (increase + 1)
    estimate, half = estimates.mean(axis=0), stats.t.ppf(0.975, df) * np.sqrt(total)
    return Pooled(estimate, within, between, total, df, fmi, estimate - half, estimate + half)
