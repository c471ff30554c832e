"""Whether the model serves every group alike."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Column, Subgroup
from pipeline.arrays import FloatArray, IntArray
from pipeline.disclosure import hide_among
from pipeline.estimates import Estimate, nothing
from pipeline.evaluation.calibration import log_ratio, oe_ratio
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.intervals import bootstrap, summarise_distance
from pipeline.evaluation.rates import event_rate
from pipeline.evaluation.resampling import Sample, Table, mean_figures, resample
from pipeline.outcomes import Observed
from pipeline.phrases import phrase

FEWER_THAN_TWO = phrase("fewer than two groups are shown")


def by_subgroup(
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    groups: Mapping[str, npt.NDArray[np.object_] | pd.Categorical],
    smallest: int,
    resamples: int,
    seed: int,
) -> list[dict[str, Any]]:
    """AUROC and O:E of every level of every grouping, with intervals.

    `groups` maps a name to labels, shape (n,), empty text where missing; levels come in the order of a Categorical's
    categories, or else of the alphabet. `risk` is as in `measure`. A level with
    fewer than `smallest` patients, events or known non-events (each patient once) shows no figure and no count, and
    neither do the next smallest levels, until two are hidden that have `smallest` of each between them.
    """
    rows = []
    for name, labels in groups.items():
        levels = _members(labels)
        hidden = hide_levels(levels, observed, patient, smallest)
        for level, members in levels.items():
            row: dict[str, Any] = {"column": name, "level": level}
            if level in hidden:
                empty = asdict(nothing(hidden[level]))
                blank = {"n": None, "events": None, "auroc": empty, "oe_ratio": empty}
                rows.append(row | blank | {"suppressed": hidden[level]})
                continue
            part = observed.take(members)
            sample = Sample(np.atleast_2d(risk)[:, members], part, patient[members])
            found = bootstrap(lambda tables: _level_figures(tables[0]), [sample], (), resamples, seed)
            counts = {"n": int(members.sum()), "events": int(part.by_horizon().sum())}
            shown = {key: asdict(estimate) for key, estimate in found.items()}
            rows.append(row | counts | shown | {"suppressed": None})
    return rows


def worst_gap(
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    groups: Mapping[str, npt.NDArray[np.object_] | pd.Categorical],
    smallest: int,
    resamples: int,
    seed: int,
) -> list[dict[str, Any]]:
    """The largest difference between any two shown levels of every grouping, of AUROC and of the log of O:E.

    Arguments are those of `by_subgroup`, and hidden levels take no part. Each row has `column`, `compared` (how many
    levels), `auroc` and `log_oe` (estimates of the gap), `auroc_levels` and `log_oe_levels` (those with the highest
    and the lowest figure), and `suppressed`: why there is no gap, where fewer than two levels are shown. Resamples
    draw the same patients for all levels. The gap of the truths differs from that of the figures by no more than the
    largest difference between the errors of two levels, of which the interval is made, as Tukey's is for means: it
    holds for whichever levels differ most, and begins at 0 where chance explains the gap.
    """
    rows = []
    for name, labels in groups.items():
        levels = _members(labels)
        hidden = hide_levels(levels, observed, patient, smallest)
        samples = {
            level: Sample(np.atleast_2d(risk)[:, members], observed.take(members), patient[members])
            for level, members in levels.items()
            if level not in hidden
        }
        row: dict[str, Any] = {"column": name, "compared": len(samples)}
        if len(samples) > 1:
            rows.append(row | _gaps(samples, resamples, seed) | {"suppressed": None})
            continue
        empty = asdict(nothing(FEWER_THAN_TWO))
        blank = {"auroc": empty, "auroc_levels": None, "log_oe": empty, "log_oe_levels": None}
        rows.append(row | blank | {"suppressed": FEWER_THAN_TWO})
    return rows


def _gaps(samples: Mapping[str, Sample], resamples: int, seed: int) -> dict[str, Any]:
    """The gaps between all levels, and between which they are."""
    levels = list(samples)

    def figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
        each = dict(zip(levels, map(_level_figures, tables), strict=True))
        areas = {f"auroc {level}": found["auroc"] for level, found in each.items()}
        return areas | {f"log_oe {level}": log_ratio(found["oe_ratio"]) for level, found in each.items()}

    drawn = resample(figures, list(samples.values()), (), resamples, seed)
    gaps: dict[str, Any] = {}
    for key, most in (("auroc", 1.0), ("log_oe", np.inf)):
        points = np.array([drawn.points[f"{key} {level}"] for level in levels])
        values = np.stack([drawn.values[f"{key} {level}"] for level in levels])
        strays = np.ptp(values - points[:, None], axis=0)
        gaps[key] = asdict(summarise_distance(float(np.ptp(points)), strays, most=most))
        ends = [levels[points.argmax()], levels[points.argmin()]]
        gaps[f"{key}_levels"] = ends if np.isfinite(points).all() else None
    return gaps


def _members(labels: npt.NDArray[np.object_] | pd.Categorical) -> dict[str, npt.NDArray[np.bool_]]:
    """Which records each level has, (n,), in the order in which levels are shown."""
    return {level: np.asarray(labels == level) for level in pd.Categorical(labels).categories if level}


def _level_figures(repeats: Sequence[Table]) -> dict[str, FloatArray]:
    """What levels are compared by, each the mean over `repeats`, (b,)."""
    return mean_figures(
        [
            {"auroc": auroc(t.risk, t.y, t.weight), "oe_ratio": oe_ratio(t.risk, t.y, t.weight, t.counts)}
            for t in repeats
        ]
    )


def label_groups(
    records: pd.DataFrame, subgroups: Sequence[Subgroup], columns: Mapping[str, Column]
) -> dict[str, pd.Categorical]:
    """The level of each record in each declared subgroup, shape (n,), by the column's label; empty where missing."""
    return {columns[g.column].label: _levels(records[g.column], g, columns[g.column]) for g in subgroups}


def _levels(values: pd.Series, subgroup: Subgroup, column: Column) -> pd.Categorical:
    if not column.numeric:
        return pd.Categorical(values.astype(object).where(values.notna(), ""), [*column.labels, ""])
    unit = f" {column.unit}" if column.unit else ""
    cuts = [f"{cut:g}" for cut in subgroup.cuts]
    inner = [f"{low} to under {high}{unit}" for low, high in pairwise(cuts)]
    names = np.array([f"under {cuts[0]}{unit}", *inner, f"{cuts[-1]}{unit} or more", ""], dtype=object)
    place = np.searchsorted(subgroup.cuts, values.astype("Float64").to_numpy(float, na_value=np.nan), side="right")
    return pd.Categorical(names[np.where(values.isna(), len(names) - 1, place)], names)


def rates_by_group(observed: Observed, patient: IntArray, labels: IntArray, smallest: int) -> dict[int, Estimate]:
    """How often the outcome came in each group, by label; hidden, with the reason, as in `by_subgroup`."""
    groups = {str(label): labels == label for label in np.unique(labels)}
    hidden = hide_levels(groups, observed, patient, smallest)
    return {
        int(label): nothing(hidden[label]) if label in hidden else event_rate(observed.take(members))
        for label, members in groups.items()
    }


def hide_levels(
    levels: Mapping[str, npt.NDArray[np.bool_]], observed: Observed, patient: IntArray, smallest: int
) -> dict[str, str]:
    """The levels, by the records (n,) they have, that must not be shown as `by_subgroup` says, with the reason."""
    event, known = observed.by_horizon() == 1, observed.known()
    return hide_among(levels, (np.ones(len(event), dtype=bool), event, known & ~event), patient, smallest)
