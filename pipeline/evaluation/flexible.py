"""Observed risk as a smooth function of predicted risk."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.arrays import FloatArray, IntArray
from pipeline.evaluation.calibration import log_odds
from pipeline.evaluation.intervals import bootstrap, say_why_undefined
from pipeline.evaluation.logistic_fit import fit_logistic
from pipeline.evaluation.resampling import Sample, Table, tabulate_rows
from pipeline.outcomes import Observed
from pipeline.patients import count_patients, renumber_patients
from pipeline.phrases import phrase

KNOTS_AT = (0.05, 0.35, 0.65, 0.95)
FEWEST_FOR_SPLINE = 20
KNOT_DIGITS = 6
LEAST_SPREAD = 1e-6
RIDGE = 0.1
FARTHEST = 700.0
GRID, TAIL = 50, 0.01
TOO_FEW = phrase("the patients, their events or their non-events are too few to publish")
ALIKE = phrase("the predicted risks hardly differ")


@dataclass(frozen=True)
class Curve:
    """Log-odds of the observed risk as a function of predicted risk: a spline with k `knots`, or a straight line.

    `centre` (c,) and `rotation` (c, d) turn the c columns of the spline into d that have mean 0 and spread 1 and do
    not correlate; `coefficients` (1 + d,) are those of the whole sample, NaN where it has one outcome only.
    """

    knots: FloatArray
    centre: FloatArray
    rotation: FloatArray
    coefficients: FloatArray

    @property
    def name(self) -> str:
        """What the fit is called."""
        return phrase("restricted cubic spline") if len(self.knots) else phrase("straight line")

    def design(self, risk: FloatArray) -> FloatArray:
        """Intercept and columns at `risk` (n,), shape (1 + d, n)."""
        return _design(risk, self.knots, self.centre, self.rotation)

    def refit(self, risk: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
        """Coefficients in every resample, (b, 1 + d); NaN where one outcome is missing."""
        return _fit(self.design(risk), y, weight)


def fit_curve(risk: FloatArray, table: Table) -> Curve:
    """Weighted logistic regression of the outcome on a restricted cubic spline of log-odds.

    `risk` (n,) places the knots; `table` has the same rows, or cells of them, everybody once.

    Austin and Steyerberg 2014 (Stat Med 33:517) and Van Calster et al. 2019 (BMC Med 17:230), with four knots at
    quantiles .05, .35, .65 and .95 (Harrell 2015, 2.4.6). A straight line where fewer than 20 rows have the event or
    fewer than 20 are known to have none, or fewer than three knots are distinct. A ridge of `RIDGE` on all but the
    intercept keeps the fit finite where the outcomes do not overlap; it tells less than half a patient at an even
    risk does.
    """
    y, [counts] = table.y, table.counts
    knots = np.unique(np.quantile(log_odds(risk), KNOTS_AT).round(KNOT_DIGITS))
    if len(knots) < 3 or min(counts[(y == k) & (table.weight[0] > 0)].sum() for k in (0, 1)) < FEWEST_FOR_SPLINE:
        knots = np.empty(0)
    columns = _spline(log_odds(table.risk), knots)
    centre = counts @ columns / counts.sum()
    _, spread, axes = np.linalg.svd((columns - centre) * np.sqrt(counts / counts.sum())[:, None], full_matrices=False)
    kept = spread > LEAST_SPREAD * max(1.0, spread[0])
    rotation = axes[kept].T / spread[kept]
    [coefficients] = _fit(_design(table.risk, knots, centre, rotation), y, table.weight)
    return Curve(knots, centre, rotation, coefficients)


def _design(risk: FloatArray, knots: FloatArray, centre: FloatArray, rotation: FloatArray) -> FloatArray:
    columns = (_spline(log_odds(risk), knots) - centre) @ rotation
    return np.vstack([np.ones(len(risk)), columns.T])


def _spline(score: FloatArray, knots: FloatArray) -> FloatArray:
    """Columns of a restricted cubic spline, (n, k - 1), or (n, 1) without knots (Harrell 2015, 2.4.5)."""
    columns = [score]
    for knot in knots[:-2]:
        before, last = knots[-2:]
        first, second, third = (np.maximum(score - at, 0) ** 3 for at in (knot, before, last))
        bent = first - second * (last - knot) / (last - before) + third * (before - knot) / (last - before)
        columns.append(bent / (last - knots[0]) ** 2)
    return np.column_stack(columns)


def _fit(design: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    fitted = np.full((len(weight), len(design)), np.nan)
    solvable = (weight @ y > 0) & (weight @ (1 - y) > 0)
    fitted[solvable] = fit_logistic(design, np.zeros(len(y)), y, weight[solvable], RIDGE)
    return fitted


def _risks(coefficients: FloatArray, design: FloatArray) -> FloatArray:
    """Risks (b, n) from coefficients (b, d) and a design (d, n)."""
    risks: FloatArray = 1 / (1 + np.exp(-np.clip(coefficients @ design, -FARTHEST, FARTHEST)))
    return risks


def ici(
    risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray, curve: Curve
) -> tuple[FloatArray, FloatArray]:
    """Integrated calibration index, and how far each resample's curve strays from `curve`; both (b,).

    The index is the mean distance of smoothed observed from predicted risk, 0 if ideal (Austin and Steyerberg 2019,
    Stat Med 38:4051); with censoring weights, over all patients (Austin et al. 2020, Stat Med 39:2714). The second is
    the mean distance of the two curves: by the triangle inequality the index errs by no more, and its interval is
    made of it, since the index itself is never below 0 and grows with every resampling. NaN as in `refit`.
    """
    design = curve.design(risk)
    smooth = _risks(_fit(design, y, weight), design)
    total, reference = counts.sum(axis=1), _risks(curve.coefficients[None], design)
    index: FloatArray = np.einsum("bn,bn->b", np.abs(smooth - risk), counts) / total
    strays: FloatArray = np.einsum("bn,bn->b", np.abs(smooth - reference), counts) / total
    return index, strays


def e90(risk: FloatArray, curve: Curve) -> float:
    """Distance of smoothed observed from predicted risk that 90% of patients, `risk` (n,), do not exceed."""
    distance = np.abs(_risks(curve.coefficients[None], curve.design(risk))[0] - risk)
    return float(np.quantile(distance, 0.9))


def flexible_curve(
    risk: FloatArray, observed: Observed, patient: IntArray, resamples: int, seed: int, smallest: int
) -> dict[str, Any]:
    """The smooth calibration curve: `fit`, its name; `e90`; `points`; and `reason` where there are none.

    `risk` is (n,). Points are `predicted` and `observed` risk with a pointwise 95% band, `lo` and `hi`, on a grid
    between the 1% and 99% quantiles of patients' mean risks, at each end with at least `smallest` patients beyond.
    No curve for fewer than `smallest` patients, events or known non-events.
    """
    grid, reason = _grid(risk, patient, smallest), _why_none(observed, patient, smallest)
    if reason or grid[0] >= grid[-1]:
        return {"fit": None, "e90": None, "points": [], "reason": reason or ALIKE}
    sample = Sample(risk[None], observed, patient)
    curve = fit_curve(risk, tabulate_rows(sample, ())[0])
    design = curve.design(grid)

    def figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
        table = tables[0][0]
        smooth = _risks(curve.refit(table.risk, table.y, table.weight), design)
        return {str(k): smooth[:, k] for k in range(GRID)}

    found = bootstrap(figures, [sample], (), resamples, seed).values()
    points = [
        {"predicted": float(p), "observed": each.value, "lo": each.lo, "hi": each.hi}
        for p, each in zip(grid, found, strict=True)
        if each.lo is not None
    ]
    if not points:
        return {"fit": None, "e90": None, "points": [], "reason": next(iter(found)).reason}
    return {"fit": curve.name, "e90": e90(risk, curve), "points": points, "reason": None}


def _grid(risk: FloatArray, patient: IntArray, smallest: int) -> FloatArray:
    _, place = renumber_patients(patient)
    mean = np.bincount(place, risk) / np.bincount(place)
    tail = min(0.5, max(TAIL, smallest / len(mean)))
    low, high = np.quantile(mean, (tail, 1 - tail))
    grid: FloatArray = np.linspace(low, high, GRID)
    return grid


def _why_none(observed: Observed, patient: IntArray, smallest: int) -> str | None:
    event, known = observed.by_horizon() == 1, observed.known()
    if not event.any() or not (known & ~event).any():
        return say_why_undefined(observed)
    kinds = (np.ones(len(event), dtype=bool), event, known & ~event)
    return TOO_FEW if min(count_patients(patient, kind) for kind in kinds) < smallest else None
