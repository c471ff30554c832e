"""Phenotypes as tables: clusters side by side, predictor by predictor. The only file that knows their JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_schemas.columns import Column
from pipeline.reporting import words
from pipeline.reporting.tables import Row, Rows, Table, make_table
from pipeline.reporting.words import numbers

Cluster = Mapping[str, Any]
Phenotypes = Mapping[str, Any]
SHOWN = 12
EXPLAINED = 5
"""At most so many predictors are said to tell a cluster apart."""


@dataclass(frozen=True)
class Profile:
    """One predictor across clusters: what is typical in each, and how many standard deviations it is off."""

    label: str
    inside: tuple[str, ...]
    differences: tuple[float | None, ...]
    levels: tuple[str | None, ...] = ()


def name_cluster(cluster: Cluster) -> str:
    """Number and name."""
    return f"{cluster['cluster']}. {cluster['name']}"


def head_of(clusters: Rows) -> tuple[str, ...]:
    """The head of a column for each cluster."""
    return tuple(f"Phenotype {c['cluster']}" for c in clusters)


def summarise_clusters(clusters: Rows, risks: Mapping[int, Mapping[str, Any]], event: str) -> Table:
    """Name, size, stability, observed outcome and O:E ratio; `risks` by number holds those of held-out patients."""
    told, judged = any(c.get("status") for c in clusters), bool(risks)
    rows = [
        (
            name_cluster(c),
            f"{numbers.count(c['n'])} ({numbers.percent(c['share'])})",
            *((numbers.text(c.get("status")),) if told else ()),
            numbers.decimal(c["jaccard"]),
            _estimate(risks.get(c["cluster"], {}).get("rate") or c.get("outcome"), numbers.percent),
            *((_estimate(risks.get(c["cluster"], {}).get("oe_ratio"), numbers.decimal),) if judged else ()),
        )
        for c in clusters
    ]
    status = ("Status",) if told else ()
    ratio = ("O:E ratio",) if judged else ()
    head = ("Phenotype", "Patients", *status, "Stability (Jaccard)", f"Observed: {event}", *ratio)
    return make_table("clusters", "Phenotypes", head, rows, words.phenotypes.note_clusters(told=told, judged=judged))


def _estimate(estimate: numbers.Estimate | None, show: numbers.Show) -> str:
    return numbers.estimate(estimate, show) if estimate else numbers.NOTHING


def rules(clusters: Rows) -> Table | None:
    """The short rule that finds each cluster, and how well it does."""
    rows = [
        (
            name_cluster(c),
            words.phenotypes.say_rule(c["rule"]),
            _estimate(c["rule"].get("sensitivity"), numbers.percent),
            _estimate(c["rule"].get("precision"), numbers.percent),
        )
        for c in clusters
        if c.get("rule")
    ]
    head = ("Phenotype", "Rule", "Sensitivity", "Precision")
    return (
        make_table("phenotype-rules", "Short rules that find the phenotypes", head, rows, words.phenotypes.RULES)
        if rows
        else None
    )


def tried(phenotypes: Phenotypes) -> Table:
    """Each number of clusters tried and what became of it."""
    optional = {"rand": "Agreement (Rand)", "gap": "Gap (standard error)"}
    given = [key for key in optional if any(t.get(key) is not None for t in phenotypes["tried"])]
    rows = [
        (
            str(t["k"]),
            *[_number(t.get(key)) for key in ("smallest_jaccard", "silhouette", "reference_quantile")],
            *[_gap(t) if key == "gap" else _number(t.get(key)) for key in given],
            "accepted" if t["accepted"] else "refused",
            numbers.text(t.get("reason")),
        )
        for t in phenotypes["tried"]
    ]
    head = ("Clusters", "Least stability", "Separation", "To exceed", *[optional[key] for key in given])
    return make_table(
        "tried", "Numbers of clusters tried", (*head, "Result", "Reason"), rows, words.phenotypes.note_tried(given)
    )


def _gap(row: Mapping[str, Any]) -> str:
    if row.get("gap") is None or row.get("gap_error") is None:
        return _number(row.get("gap"))
    return f"{numbers.decimal(row['gap'])} ({numbers.decimal(row['gap_error'], 3)})"


def _number(value: float | None) -> str:
    return numbers.NOTHING if value is None else numbers.decimal(value)


def profile(clusters: Rows, columns: Mapping[str, Column]) -> list[Profile]:
    """The predictors that set clusters apart most, at most `SHOWN`, by their largest difference."""
    by_cluster = [{p["predictor"]: p for p in c["predictors"]} for c in clusters]
    made = []
    for name in dict.fromkeys(name for cluster in by_cluster for name in cluster):
        found = [cluster.get(name, {}) for cluster in by_cluster]
        column = columns.get(name)
        unit = f" ({column.unit})" if column and column.unit else ""
        label = next(p["label"] for p in found if p)
        differences, levels = (tuple(p.get(key) for p in found) for key in ("difference", "level"))
        made.append(Profile(f"{label}{unit}", tuple(_typical(p) for p in found), differences, levels))
    return sorted(made, key=lambda p: -max((abs(d) for d in p.differences if d is not None), default=0.0))[:SHOWN]


def profiles(rows: Sequence[Profile], clusters: Rows) -> Table:
    """What is typical in each cluster, and in brackets the difference from everyone else."""
    cells = [
        (
            row.label,
            *[
                _cell(inside, difference, row.levels[i] if row.levels else None)
                for i, (inside, difference) in enumerate(zip(row.inside, row.differences, strict=True))
            ],
        )
        for row in rows
    ]
    head = ("Characteristic", *head_of(clusters))
    return make_table(
        "profiles-data", "What sets the phenotypes apart", head, cells, words.phenotypes.note_profiles(SHOWN)
    )


def _cell(inside: str, difference: float | None, level: str | None) -> str:
    if difference is None:
        return inside
    return f"{inside} [{level + ': ' if level else ''}{numbers.signed(1)(difference)} SD]"


def _typical(predictor: Mapping[str, Any]) -> str:
    if predictor.get("median") is not None:
        return numbers.significant(predictor["median"])
    shares = {k: v for k, v in (predictor.get("shares") or {}).items() if v is not None}
    if not shares:
        return numbers.HIDDEN
    level = max(shares, key=lambda k: shares[k])
    return f"{level} {numbers.percent(shares[level])}"


def factors(clusters: Rows, found: Mapping[str, Any]) -> Table | None:
    """The predictors that weigh most in membership of each cluster, at most `EXPLAINED`, the heaviest first."""
    rows: list[Row] = []
    for cluster in clusters:
        weights = (found.get("clusters") or {}).get(str(cluster["cluster"])) or ()
        inner = [
            Row(w["label"], (numbers.decimal(w["weight"]), words.phenotypes.DIRECTIONS[w.get("direction")]), inner=True)
            for w in weights[:EXPLAINED]
        ]
        rows += [Row(name_cluster(cluster), group=True), *inner] if inner else []
    head = ("Phenotype and characteristic", "Weight (log-odds)", "Values that speak for membership")
    note = words.phenotypes.note_factors(EXPLAINED)
    caption = "What tells each phenotype from the others"
    return Table("phenotype-factors", caption, head, tuple(rows), note) if rows else None


def treatments(clusters: Rows) -> Table | None:
    """The share of each cluster's patients with each treatment, and of all other patients."""
    by_cluster = [{(t["label"], t["level"]): t for t in c.get("treatments") or ()} for c in clusters]
    made: list[Row] = []
    label = None
    for key in dict.fromkeys(key for found in by_cluster for key in found):
        if key[0] != label:
            label = key[0]
            made.append(Row(label, group=True))
        made.append(Row(str(key[1]), tuple(_treated(found.get(key, {})) for found in by_cluster), inner=True))
    head = ("Treatment", *head_of(clusters))
    note = words.phenotypes.TREATMENTS
    return Table("phenotype-treatments", "Treatments by phenotype", head, tuple(made), note) if made else None


def _treated(found: Mapping[str, Any]) -> str:
    inside, others = (
        numbers.HIDDEN if found.get(key) is None else numbers.percent(found[key]) for key in ("share", "others")
    )
    return f"{inside} [{others}]"


def periods(rows: Rows, clusters: Rows) -> Table:
    """The share of each period's patients in each cluster."""
    cells = [
        (
            str(row["period"]),
            numbers.count(row["n"]),
            *[_estimate(row["shares"].get(str(c["cluster"])), numbers.percent) for c in clusters],
        )
        for row in rows
    ]
    head = ("Period", "Patients", *head_of(clusters))
    note = words.phenotypes.PERIODS
    return make_table("phenotype-periods-data", "Shares of the phenotypes over time", head, cells, note)


def agreement(phenotypes: Phenotypes) -> Table | None:
    """What other clusterers found, against the clusters shown."""
    rows = [
        (
            a["label"],
            "none" if a.get("k") is None else str(a["k"]),
            _number(a.get("rand")),
            _number(a.get("smallest_jaccard")),
            numbers.text(a.get("reason")),
        )
        for a in phenotypes.get("agreement") or ()
    ]
    head = ("Clusterer", "Clusters", "Agreement (adjusted Rand)", "Least stability", "Remark")
    note = words.phenotypes.AGREEMENT
    return make_table("phenotype-agreement", "Other clusterers", head, rows, note) if rows else None


def left_out(phenotypes: Phenotypes) -> Table | None:
    """Predictors that clusters were not sought in, and why."""
    rows = [(p["label"], numbers.sentence(p["reason"])) for p in phenotypes.get("left_out") or ()]
    caption = "Predictors left out of the search"
    return make_table("phenotype-left-out", caption, ("Predictor", "Reason"), rows, prose=True) if rows else None
