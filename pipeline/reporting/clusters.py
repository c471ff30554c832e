"""Phenotypes as tables: clusters side by side, predictor by predictor. The only file that knows their JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_schemas.columns import Column
from pipeline.reporting import wording
from pipeline.reporting.tables import Table, make_table

Cluster = Mapping[str, Any]
SHOWN = 12


@dataclass(frozen=True)
class Profile:
    """One predictor across clusters: what is typical in each, and how many standard deviations it is off."""

    label: str
    inside: tuple[str, ...]
    differences: tuple[float | None, ...]


def summarise_clusters(phenotypes: Mapping[str, Any], event: str) -> Table:
    """Name, size, stability and observed outcome of each cluster."""
    rows = [
        (
            f"{c['cluster']}. {c['name']}",
            f"{wording.count(c['n'])} ({wording.percent(c['share'])})",
            wording.decimal(c["jaccard"]),
            wording.estimate(c["outcome"], wording.percent) if c.get("outcome") else wording.NOTHING,
        )
        for c in phenotypes["clusters"]
    ]
    head = ("Phenotype", "Patients", "Stability (Jaccard)", f"Observed: {event}")
    note = "Stability: mean Jaccard similarity over resamples; 1 means that the same patients are found every time."
    return make_table("clusters", "Phenotypes", head, rows, note)


def tried(phenotypes: Mapping[str, Any]) -> Table:
    """Each number of clusters tried and what became of it."""
    rows = [
        (
            str(t["k"]),
            wording.decimal(t["smallest_jaccard"]),
            wording.decimal(t["silhouette"]),
            wording.decimal(t["reference_quantile"]),
            "accepted" if t["accepted"] else "refused",
            wording.text(t.get("reason")),
        )
        for t in phenotypes["tried"]
    ]
    head = ("Clusters", "Least stability", "Separation", "To exceed", "Result", "Reason")
    note = "Separation: simplified silhouette, 0 to 1; 'to exceed' is what data without clusters reach by chance."
    return make_table("tried", "Numbers of clusters tried", head, rows, note)


def profile(clusters: Sequence[Cluster], columns: Mapping[str, Column]) -> list[Profile]:
    """The predictors that set clusters apart most, at most `SHOWN`, by their largest difference."""
    by_cluster = [{p["predictor"]: p for p in c["predictors"]} for c in clusters]
    made = []
    for name in dict.fromkeys(name for cluster in by_cluster for name in cluster):
        found = [cluster.get(name, {}) for cluster in by_cluster]
        column = columns.get(name)
        unit = f" ({column.unit})" if column and column.unit else ""
        label = next(p["label"] for p in found if p)
        differences = tuple(p.get("difference") for p in found)
        made.append(Profile(f"{label}{unit}", tuple(_typical(p) for p in found), differences))
    return sorted(made, key=lambda p: -max((abs(d) for d in p.differences if d is not None), default=0.0))[:SHOWN]


def profiles(rows: Sequence[Profile], clusters: Sequence[Cluster]) -> Table:
    """What is typical in each cluster, and in brackets the difference from everyone else."""
    cells = [
        (row.label, *[_cell(inside, d) for inside, d in zip(row.inside, row.differences, strict=True)]) for row in rows
    ]
    head = ("Characteristic", *[f"Phenotype {c['cluster']}" for c in clusters])
    note = (
        "Median, or the most frequent level with its share; in brackets, the difference from all other patients "
        f"in standard deviations. The {SHOWN} characteristics that differ most at the most."
    )
    return make_table("profiles-data", "What sets the phenotypes apart", head, cells, note)


def _cell(inside: str, difference: float | None) -> str:
    if difference is None:
        return inside
    return f"{inside} [{'+' if difference > 0 else ''}{wording.decimal(difference, 1)} SD]"


def _typical(predictor: Mapping[str, Any]) -> str:
    if predictor.get("median") is not None:
        return wording.significant(predictor["median"])
    shares = {k: v for k, v in (predictor.get("shares") or {}).items() if v is not None}
    if not shares:
        return wording.HIDDEN
    level = max(shares, key=lambda k: shares[k])
    return f"{level} {wording.percent(shares[level])}"
