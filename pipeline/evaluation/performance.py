"""All figures of one model from one bootstrap, and the tables behind the calibration and risk figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.evaluation.calibration import brier, calibration_intercept, calibration_slope, oe_ratio, scaled_brier
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.intervals import Estimate, bootstrap
from pipeline.evaluation.rates import event_rate
from pipeline.evaluation.utility import net_benefit, treat_all
from pipeline.outcomes import Observed


def measure(
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    thresholds: Sequence[float],
    resamples: int,
    seed: int,
) -> dict[str, Estimate]:
    """AUROC, Brier score, calibration, O:E and net benefit at each threshold, each with its interval.

    `risk` is (n,), or (r, n) for r repeats of cross-validation: a figure is then its mean over repeats, and a
    resample draws the same patients in each.
    """
    repeats, y, at = np.atleast_2d(risk), observed.by_horizon(), np.asarray(thresholds, dtype=float)

    def statistics(weight: FloatArray, counts: FloatArray) -> dict[str, FloatArray]:
        each = [_figures(p, y, weight, counts, at) for p in repeats]
        return {name: np.mean([figures[name] for figures in each], axis=0) for name in each[0]}

    return bootstrap(statistics, observed, patient, resamples, seed)


def _figures(
    risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray, at: FloatArray
) -> dict[str, FloatArray]:
    figures = {
        "auroc": auroc(risk, y, weight),
        "brier": brier(risk, y, weight, counts),
        "scaled_brier": scaled_brier(risk, y, weight, counts),
        "calibration_slope": calibration_slope(risk, y, weight),
        "calibration_intercept": calibration_intercept(risk, y, weight),
        "oe_ratio": oe_ratio(risk, y, weight, counts),
    }
    benefit, all_treated = net_benefit(risk, y, weight, counts, at), treat_all(y, weight, counts, at)
    figures |= {f"net_benefit_at_{t:.2f}": benefit[:, i] for i, t in enumerate(at)}
    return figures | {f"treat_all_at_{t:.2f}": all_treated[:, i] for i, t in enumerate(at)}


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

    `risk` is (n,); bins are equal parts of [0, 1]. Counts are as `hide_small` leaves them.
    """
    place = np.minimum((risk * bins).astype(int), bins - 1)
    event, known = observed.by_horizon() == 1, observed.known()
    kinds: Mapping[str, BoolArray] = {"event": event, "no_event": known & ~event, "unknown": ~known}
    counts = {kind: hide_small(np.bincount(place[m], minlength=bins).tolist(), smallest) for kind, m in kinds.items()}
    return [{"low": k / bins, "high": (k + 1) / bins} | {kind: counts[kind][k] for kind in kinds} for k in range(bins)]


def hide_small(counts: Sequence[int], smallest: int) -> list[int | None]:
    """Counts whose total is known, with each from 1 to `smallest` - 1 hidden (None).

    Further counts, the smallest first, are hidden until at least two are and they hold `smallest` between them, so
    that none follows from the total.
    """
    shown: list[int | None] = [None if 0 < count < smallest else count for count in counts]
    while None in shown and any(shown):
        hidden = [count for count, kept in zip(counts, shown, strict=True) if kept is None]
        if len(hidden) > 1 and sum(hidden) >= smallest:
            break
        shown[shown.index(min(count for count in shown if count))] = None
    return shown
