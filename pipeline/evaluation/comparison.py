"""Whether one model does better than another on the same patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.estimates import Estimate, Z
from pipeline.evaluation.calibration import brier, log_loss, log_ratio, oe_ratio
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.intervals import bootstrap
from pipeline.evaluation.performance import net_benefits
from pipeline.evaluation.resampling import Sample, Table, mean_figures
from pipeline.outcomes import Observed
from pipeline.patients import count_patients
from pipeline.phrases import phrase

ONE_OUTCOME = phrase("the AUROC needs patients with the event and patients without")
FEW_PATIENTS = phrase("its spread needs at least two patients with the event and two without")
NO_SPREAD = phrase("the difference is the same for every patient")


@dataclass(frozen=True)
class Comparison:
    """AUROC of two models, `auroc_a` - `auroc_b` with its 95% interval, and the test that it is 0.

    What cannot be computed is None, and `reason` says why. Never NaN.
    """

    auroc_a: float | None
    auroc_b: float | None
    difference: float | None
    lo: float | None
    hi: float | None
    z: float | None
    p: float | None
    reason: str | None = None


def compare(
    risk_a: FloatArray,
    risk_b: FloatArray,
    observed: Observed,
    patient: IntArray,
    thresholds: Sequence[float],
    resamples: int,
    seed: int,
) -> dict[str, Estimate]:
    """Figures of model a less those of model b, with intervals from resamples of the same patients for both.

    AUROC, Brier score, log-loss and net benefit at each threshold, by the names of `measure`, and `oe_distance`: how
    far observed are from expected events, as the size of the logarithm of their ratio. Risks are (n,), or
    (r, n) for r repeats, not necessarily as many for both: a figure is its mean over repeats within a resample.
    """
    first, second = np.atleast_2d(risk_a), np.atleast_2d(risk_b)
    sample, at = Sample(np.vstack([first, second]), observed, patient), np.asarray(thresholds, dtype=float)

    def figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
        each = [_compared(table, at) for table in tables[0]]
        a, b = mean_figures(each[: len(first)]), mean_figures(each[len(first) :])
        return {name: a[name] - b[name] for name in a}

    return bootstrap(figures, [sample], thresholds, resamples, seed)


def _compared(table: Table, at: FloatArray) -> dict[str, FloatArray]:
    risk, y, weight, counts = table.risk, table.y, table.weight, table.counts
    return {
        "auroc": auroc(risk, y, weight),
        "brier": brier(risk, y, weight, counts),
        "log_loss": log_loss(risk, y, weight, counts),
        "oe_distance": np.abs(log_ratio(oe_ratio(risk, y, weight, counts))),
    } | net_benefits(table, at)


def delong(risk_a: FloatArray, risk_b: FloatArray, y: FloatArray, patient: IntArray | None = None) -> Comparison:
    """The paired test of DeLong et al. (1988, Biometrics 44:837), by ranks (Sun and Xu 2014, IEEE SPL 21:1389).

    Risks are (n,), or (r, n) for r repeats, whose mean is compared; `y` (n,) is 1.0 or 0.0 and known for everybody:
    after censoring there is only `compare`. With several rows per `patient` (n,) the variance is that of clusters
    (Obuchowski 1997, Biometrics 53:567), which without is DeLong's.
    """
    case, control = y == 1, y == 0
    if not (case.any() and control.any()):
        return Comparison(None, None, None, None, None, None, None, ONE_OUTCOME)
    parts = [_components(np.atleast_2d(risk).mean(axis=0), case, control) for risk in (risk_a, risk_b)]
    area_a, area_b = (float(won[case].mean()) for won in parts)
    difference = area_a - area_b
    who = np.arange(len(y)) if patient is None else patient
    variance = _variance(parts[0] - parts[1] - difference, case, control, who)
    if variance is None:
        return Comparison(area_a, area_b, difference, None, None, None, None, FEW_PATIENTS)
    error = sqrt(variance)
    if not error:
        z, p = (0.0, 1.0) if not difference else (None, None)
        return Comparison(area_a, area_b, difference, difference, difference, z, p, None if p else NO_SPREAD)
    z = difference / error
    lo, hi = difference - Z * error, difference + Z * error
    return Comparison(area_a, area_b, difference, lo, hi, z, erfc(abs(z) / sqrt(2)))


def _components(risk: FloatArray, case: BoolArray, control: BoolArray) -> FloatArray:
    """For each row the share of rows with the other outcome that it is ordered rightly against, ties half, (n,)."""
    order = np.argsort(risk)
    new = np.diff(risk[order], prepend=-np.inf) > 0
    tie, cases = np.cumsum(new) - 1, np.cumsum(case[order])
    last = np.append(np.flatnonzero(new)[1:], len(risk)) - 1  # of each run of equal risks
    up_to = cases[last], last + 1 - cases[last]
    below = [np.diff(count, prepend=0) / 2 + np.append(0, count[:-1]) for count in up_to]
    won = np.empty(len(risk))
    won[order] = np.where(case[order], below[1][tie] / control.sum(), 1 - below[0][tie] / case.sum())
    return won


def _variance(centred: FloatArray, case: BoolArray, control: BoolArray, who: IntArray) -> float | None:
    """Variance of the mean over cases of `centred` components (n,), in clusters `who` (n,), numbers from 0."""
    sums = np.stack([np.bincount(who, centred * kind) / kind.sum() for kind in (case, control)])
    clusters = [count_patients(who, kind) for kind in (case, control)]
    if min(clusters) < 2:
        return None
    own = [k / (k - 1) * float(part @ part) for k, part in zip(clusters, sums, strict=True)]
    everyone = count_patients(who)
    return own[0] + own[1] + 2 * everyone / (everyone - 1) * float(sums[0] @ sums[1])
