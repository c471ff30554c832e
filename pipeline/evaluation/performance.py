"""All figures of one model from one bootstrap, and the tables behind the calibration and risk figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import hide_in_bins
from pipeline.estimates import Estimate
from pipeline.evaluation.calibration import (
    brier,
    calibration_intercept,
    calibration_slope,
    log_loss,
    oe_ratio,
    scaled_brier,
)
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.flexible import Curve, fit_curve, ici
from pipeline.evaluation.intervals import say_why_undefined, summarise, summarise_distance
from pipeline.evaluation.rates import event_rate
from pipeline.evaluation.resampling import Resampled, Sample, Table, mean_figures, resample, tabulate_rows
from pipeline.evaluation.utility import net_benefit, treat_all
from pipeline.outcomes import Observed

STRAYS = "ici_strays"


def measure(
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    thresholds: Sequence[float],
    resamples: int,
    seed: int,
) -> dict[str, Estimate]:
    """AUROC, Brier score, log-loss, calibration, O:E and net benefit at each threshold, each with its interval.

    `risk` is (n,), or (r, n) for r repeats of cross-validation: a figure is then its mean over repeats, and a
    resample draws the same patients in each.
    """
    return summarise_figures(resample_figures(risk, observed, patient, thresholds, resamples, seed), observed)


def resample_figures(
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    thresholds: Sequence[float],
    resamples: int,
    seed: int,
) -> Resampled:
    """What `measure` summarises: of two models, resample by resample of the same patients."""
    sample, at = Sample(np.atleast_2d(risk), observed, patient), np.asarray(thresholds, dtype=float)
    curves = [fit_curve(p, table) for p, table in zip(sample.risks, tabulate_rows(sample, thresholds), strict=True)]

    def figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
        return mean_figures([_figures(table, at, curve) for table, curve in zip(tables[0], curves, strict=True)])

    return resample(figures, [sample], thresholds, resamples, seed)


def summarise_figures(drawn: Resampled, observed: Observed) -> dict[str, Estimate]:
    """The estimate of each figure that `resample_figures` drew."""
    reason = say_why_undefined(observed)
    index = summarise_distance(drawn.points["ici"], drawn.values[STRAYS], reason)
    names = [name for name in drawn.points if name != STRAYS]
    return {name: summarise(drawn.points[name], drawn.values[name], reason) for name in names} | {"ici": index}


def _figures(table: Table, at: FloatArray, curve: Curve) -> dict[str, FloatArray]:
    risk, y, weight, counts = table.risk, table.y, table.weight, table.counts
    index, strays = ici(risk, y, weight, counts, curve)
    figures = {
        "auroc": auroc(risk, y, weight),
        "brier": brier(risk, y, weight, counts),
        "scaled_brier": scaled_brier(risk, y, weight, counts),
        "log_loss": log_loss(risk, y, weight, counts),
        "calibration_slope": calibration_slope(risk, y, weight),
        "calibration_intercept": calibration_intercept(risk, y, weight),
        "oe_ratio": oe_ratio(risk, y, weight, counts),
        "ici": index,
        STRAYS: strays,
    }
    all_treated = treat_all(y, weight, counts, at)
    figures |= net_benefits(table, at)
    return figures | {f"treat_all_at_{t:.2f}": all_treated[:, i] for i, t in enumerate(at)}


def net_benefits(table: Table, at: FloatArray) -> dict[str, FloatArray]:
    """Net benefit by the name of each threshold, (b,)."""
    benefit = net_benefit(table.risk, table.y, table.weight, table.counts, at)
    return {f"net_benefit_at_{t:.2f}": benefit[:, i] for i, t in enumerate(at)}


def calibration_curve(risk: FloatArray, observed: Observed, groups: int, smallest: int) -> list[dict[str, Any]]:
    """Mean predicted risk and observed rate with interval, in up to `groups` equal groups by risk.

    `risk` is (n,). Neighbouring groups are joined until each holds `smallest` patients and its rate can be estimated,
    so that everybody counts; equal risks are never parted.
    """
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, min(groups, max(1, len(risk) // smallest)) + 1)[1:-1]))
    place = np.searchsorted(edges, risk, side="left")
    rows = []
    for members in _merged([place == k for k in range(len(edges) + 1)], observed, smallest):
        rate = event_rate(observed.take(members))
        row: dict[str, Any] = {"predicted": float(risk[members].mean()), "n": int(members.sum())}
        rows.append(row | {"observed": rate.value, "lo": rate.lo, "hi": rate.hi})
    return [row for row in rows if row["lo"] is not None]


def _merged(groups: list[BoolArray], observed: Observed, smallest: int) -> list[BoolArray]:
    """Neighbours joined until every group has `smallest` members and a rate."""

    def stands(members: BoolArray) -> bool:
        return int(members.sum()) >= smallest and event_rate(observed.take(members)).value is not None

    merged: list[BoolArray] = []
    for group in groups:
        if merged and not (stands(merged[-1]) and stands(group)):
            merged[-1] = merged[-1] | group
        else:
            merged.append(group)
    return merged


def risk_distribution(risk: FloatArray, observed: Observed, bins: int, smallest: int) -> list[dict[str, Any]]:
    """How many patients have which risk, by what became of them.

    `risk` is (n,); bins are equal parts of [0, 1]. Counts are as `hide_in_bins` leaves them.
    """
    place = np.minimum((risk * bins).astype(int), bins - 1)
    event, known = observed.by_horizon() == 1, observed.known()
    kinds: Mapping[str, BoolArray] = {"event": event, "no_event": known & ~event, "unknown": ~known}
    counts = {kind: hide_in_bins(np.bincount(place[m], minlength=bins).tolist(), smallest) for kind, m in kinds.items()}
    return [{"low": k / bins, "high": (k + 1) / bins} | {kind: counts[kind][k] for kind in kinds} for k in range(bins)]
