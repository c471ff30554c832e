"""What acting on the risk would be worth."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.estimates import Estimate, nothing
from pipeline.evaluation.intervals import bootstrap
from pipeline.evaluation.resampling import Sample, Table, mean_figures
from pipeline.outcomes import Observed
from pipeline.patients import count_patients
from pipeline.phrases import phrase

DECISIONS = ("treated", "true_positives", "false_positives", "missed")
TOO_FEW = phrase("too few patients with or without the event are behind it to publish")


def net_benefit(
    risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray, thresholds: FloatArray
) -> FloatArray:
    """Net benefit of acting where risk is at least each threshold, shape (b, t).

    True positives less false positives at the odds of the threshold, per patient (Vickers and Elkin 2006, Med Decis
    Making 26:565; with censoring weights Vickers et al. 2008, BMC Med Inform 8:53). Acting on all is risk 1.
    """
    right, wrong = _positives(risk, y, weight, counts, thresholds)
    benefit: FloatArray = right - wrong * thresholds / (1 - thresholds)
    return benefit


def treat_all(y: FloatArray, weight: FloatArray, counts: FloatArray, thresholds: FloatArray) -> FloatArray:
    """Net benefit of acting on everybody, shape (b, t)."""
    return net_benefit(np.ones_like(y), y, weight, counts, thresholds)


def describe_decisions(
    risks: FloatArray,
    observed: Observed,
    patient: IntArray,
    thresholds: Sequence[float],
    smallest: int,
    resamples: int,
    seed: int,
) -> list[dict[str, Any]]:
    """What acting at each threshold comes to: `DECISIONS` as shares of patients, each an estimate, one row each.

    `risks` is (r, n), `patient` (n,). Shares of true and false positives are those of `net_benefit`, from the same
    resamples as `measure` for the same seed; `treated` is their sum. A threshold by which, from which, or between which
    and the one shown before it, fewer than `smallest` patients have the event, or are known not to, shows no share:
    with the others it would tell how many.
    """
    at, shown = np.asarray(thresholds, dtype=float), _publishable(risks, observed, patient, thresholds, smallest)

    def figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
        return mean_figures([_decide(table, at) for table in tables[0]])

    found = bootstrap(figures, [Sample(risks, observed, patient)], thresholds, resamples, seed) if shown else {}
    return [{"threshold": t} | _row(found, i, shown=t in shown) for i, t in enumerate(thresholds)]


def _row(found: dict[str, Estimate], place: int, *, shown: bool) -> dict[str, Any]:
    shares = {name: asdict(found[f"{name} {place}"] if shown else nothing(TOO_FEW)) for name in DECISIONS}
    return {"suppressed": None if shown else TOO_FEW} | shares


def _decide(table: Table, at: FloatArray) -> dict[str, FloatArray]:
    """`DECISIONS` by their names and the place of the threshold, (b,) each."""
    right, wrong = _positives(table.risk, table.y, table.weight, table.counts, at)
    events = (table.weight * table.y).sum(axis=1, keepdims=True) / table.counts.sum(axis=1, keepdims=True)
    shares = dict(zip(DECISIONS, (right + wrong, right, wrong, events - right), strict=True))
    return {f"{name} {i}": share[:, i] for name, share in shares.items() for i in range(len(at))}


def _positives(
    risk: FloatArray, y: FloatArray, weight: FloatArray, counts: FloatArray, thresholds: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """True and false positives where risk is at least each threshold, as shares of patients, (b, t) each."""
    acted = (risk[:, None] >= thresholds).astype(float)
    total = counts.sum(axis=1, keepdims=True)
    return (weight * y) @ acted / total, (weight * (1 - y)) @ acted / total


def _publishable(
    risks: FloatArray, observed: Observed, patient: IntArray, thresholds: Sequence[float], smallest: int
) -> list[float]:
    """The thresholds, ascending, whose counts and steps hold `smallest` patients of each outcome in every repeat."""
    event, known = observed.by_horizon() == 1, observed.known()
    kinds = (event, known & ~event)

    def least(low: float, high: float) -> int:
        between: list[BoolArray] = [(risk >= low) & (risk < high) & kind for risk in risks for kind in kinds]
        return min(count_patients(patient, members) for members in between)

    shown: list[float] = []
    for threshold in sorted(thresholds):
        before = shown[-1] if shown else -np.inf
        if min(least(before, threshold), least(threshold, np.inf)) >= smallest:
            shown.append(threshold)
    return shown
