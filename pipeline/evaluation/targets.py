"""Further horizons and classes beside the one that headline figures are about."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from data_schemas.columns import Classes, Outcome
from pipeline.arrays import FloatArray, IntArray
from pipeline.disclosure import are_enough, hide_among
from pipeline.estimates import Estimate, nothing
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.intervals import bootstrap
from pipeline.evaluation.performance import measure
from pipeline.evaluation.resampling import Sample, Table
from pipeline.evaluation.subgroups import hide_levels
from pipeline.outcomes import Observed
from pipeline.patients import count_patients
from pipeline.sections import Evaluate

SHOWN = ("auroc", "brier", "log_loss", "calibration_slope", "oe_ratio")
LEAST_RISK = 1e-15


def by_target(
    risks: Mapping[str, FloatArray],
    targets: Mapping[str, Observed],
    patient: IntArray,
    outcome: Outcome,
    smallest: int,
    settings: Evaluate,
) -> list[dict[str, Any]]:
    """One row per target with its figures; `risks` (r, n) as in `measure`, by target.

    With fewer than `smallest` patients with the event, or known to be without it, the row has no count and no figure,
    nor have further classes from whose counts, with the total, a hidden one would follow.
    """
    rows: list[dict[str, Any]] = []
    hidden = _hide(targets, patient, outcome, smallest)
    for name, observed in targets.items():
        if name in hidden:
            blank = asdict(nothing(hidden[name]))
            rows.append({"target": name, "events": None} | dict.fromkeys(SHOWN, blank))
            continue
        found = measure(risks[name], observed, patient, (), settings.resamples, settings.seed)
        events = int(observed.by_horizon().sum())
        rows.append({"target": name, "events": events} | {key: asdict(found[key]) for key in SHOWN})
    return rows


def _hide(targets: Mapping[str, Observed], patient: IntArray, outcome: Outcome, smallest: int) -> dict[str, str]:
    if isinstance(outcome, Classes):
        first = next(iter(targets))
        came = {name: observed.by_horizon() == 1 for name, observed in targets.items()}
        rest = np.ones(len(patient), dtype=bool)
        if are_enough([count_patients(patient, came[first])], smallest):
            rest = ~came.pop(first)  # how many had it is told with the headline figures, so that it hides no other
        levels = {name: members[rest] for name, members in came.items()}
        return hide_among(levels, (np.ones(int(rest.sum()), dtype=bool),), patient[rest], smallest)
    everyone = np.ones(len(patient), dtype=bool)
    return {
        name: reason
        for name, observed in targets.items()
        for reason in hide_levels({name: everyone}, observed, patient, smallest).values()
    }


def over_classes(
    risks: Mapping[str, FloatArray],
    targets: Mapping[str, Observed],
    patient: IntArray,
    outcome: Outcome,
    settings: Evaluate,
) -> dict[str, Estimate]:
    """`macro_auroc`, the plain mean of the classes' AUROCs, and `log_loss`, of the risk of the class that came.

    Empty where the outcome has no classes. Both come from the same resamples, and are means over repeats as in
    `measure`.
    """
    if not isinstance(outcome, Classes):
        return {}

    def figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
        areas = [auroc(table.risk, table.y, table.weight) for repeats in tables for table in repeats]
        lost = [_lost(table) for repeats in tables for table in repeats]
        return {"macro_auroc": np.mean(areas, axis=0), "log_loss": np.mean(lost, axis=0) * len(tables)}

    samples = [Sample(risks[name], observed, patient) for name, observed in targets.items()]
    return bootstrap(figures, samples, (), settings.resamples, settings.seed)


def _lost(table: Table) -> FloatArray:
    """What the patients of this class add to the mean logarithmic loss, (b,)."""
    loss = table.y * -np.log(np.maximum(table.risk, LEAST_RISK))
    lost: FloatArray = table.weight @ loss / table.counts.sum(axis=1)
    return lost
