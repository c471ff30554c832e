"""Phenotypes as tables: clusters side by side, predictor by predictor. The only file that knows their JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_schemas.columns import Column
from pipeline.reporting import wording
from pipeline.reporting.tables import SMALL, Row, Rows, Table, make_table

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
            f"{wording.count(c['n'])} ({wording.percent(c['share'])})",
            *((wording.text(c.get("status")),) if told else ()),
            wording.decimal(c["jaccard"]),
            _estimate(risks.get(c["cluster"], {}).get("rate") or c.get("outcome"), wording.percent),
            *((_estimate(risks.get(c["cluster"], {}).get("oe_ratio"), wording.decimal),) if judged else ()),
        )
        for c in clusters
    ]
    status = ("Status",) if told else ()
    ratio = ("O:E ratio",) if judged else ()
    head = ("Phenotype", "Patients", *status, "Stability (Jaccard)", f"Observed: {event}", *ratio)
    return make_table("clusters", "Phenotypes", head, rows, _cluster_note(told=told, judged=judged))


def _cluster_note(*, told: bool, judged: bool) -> str:
    said = "Stability: mean Jaccard similarity over resamples; 1 means that the same patients are found every time."
    if told:
        said += " Status: kept from the clusters found before, or new."
    if judged:
        said += " Observed outcome and O:E ratio: in the patients evaluated, each with its 95% interval."
    return said


def _estimate(estimate: wording.Estimate | None, show: wording.Show) -> str:
    return wording.estimate(estimate, show) if estimate else wording.NOTHING


def rules(clusters: Rows) -> Table | None:
    """The short rule that finds each cluster, and how well it does."""
    rows = [
        (
            name_cluster(c),
            say_rule(c["rule"]),
            _estimate(c["rule"].get("sensitivity"), wording.percent),
            _estimate(c["rule"].get("precision"), wording.percent),
        )
        for c in clusters
        if c.get("rule")
    ]
    head = ("Phenotype", "Rule", "Sensitivity", "Precision")
    note = (
        "Sensitivity: share of the phenotype's patients whom the rule finds. Precision: share of the patients found "
        "who are of the phenotype. Each with its 95% interval."
    )
    return make_table("phenotype-rules", "Short rules that find the phenotypes", head, rows, note) if rows else None


def say_rule(rule: Mapping[str, Any]) -> str:
    """Its paths, any of which suffices; without any, why."""
    paths = [wording.join(list(path)) for path in rule.get("conditions") or () if path]
    if not paths:
        return wording.sentence(f"no rule: {rule.get('reason') or 'no reason recorded'}")
    return "; or: ".join(paths)


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
            wording.text(t.get("reason")),
        )
        for t in phenotypes["tried"]
    ]
    head = ("Clusters", "Least stability", "Separation", "To exceed", *[optional[key] for key in given])
    note = "Separation: simplified silhouette, 0 to 1; 'to exceed' is what data without clusters reach by chance."
    if "rand" in given:
        note += " Agreement: mean adjusted Rand index over resamples; 0 is chance, 1 is the same clusters every time."
    if "gap" in given:
        note += " Gap: the gap statistic of Tibshirani et al. (2001, J R Stat Soc B 63:411)."
    return make_table("tried", "Numbers of clusters tried", (*head, "Result", "Reason"), rows, note)


def _gap(row: Mapping[str, Any]) -> str:
    if row.get("gap") is None or row.get("gap_error") is None:
        return _number(row.get("gap"))
    return f"{wording.decimal(row['gap'])} ({wording.decimal(row['gap_error'], 3)})"


def _number(value: float | None) -> str:
    return wording.NOTHING if value is None else wording.decimal(value)


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
    note = (
        "Median, or the most frequent level with its share; in brackets, the difference from all other patients "
        "in standard deviations, of the named level where levels have no order. "
        f"At most the {SHOWN} characteristics that differ most."
    )
    head = ("Characteristic", *head_of(clusters))
    return make_table("profiles-data", "What sets the phenotypes apart", head, cells, note)


def _cell(inside: str, difference: float | None, level: str | None) -> str:
    if difference is None:
        return inside
    return f"{inside} [{level + ': ' if level else ''}{wording.signed(1)(difference)} SD]"


def _typical(predictor: Mapping[str, Any]) -> str:
    if predictor.get("median") is not None:
        return wording.significant(predictor["median"])
    shares = {k: v for k, v in (predictor.get("shares") or {}).items() if v is not None}
    if not shares:
        return wording.HIDDEN
    level = max(shares, key=lambda k: shares[k])
    return f"{level} {wording.percent(shares[level])}"


def factors(clusters: Rows, found: Mapping[str, Any]) -> Table | None:
    """The predictors that weigh most in membership of each cluster, at most `EXPLAINED`, the heaviest first."""
    rows: list[Row] = []
    for cluster in clusters:
        weights = (found.get("clusters") or {}).get(str(cluster["cluster"])) or ()
        inner = [
            Row(w["label"], (wording.decimal(w["weight"]), DIRECTIONS[w.get("direction")]), inner=True)
            for w in weights[:EXPLAINED]
        ]
        rows += [Row(name_cluster(cluster), group=True), *inner] if inner else []
    head = ("Phenotype and characteristic", "Weight (log-odds)", "Values that speak for membership")
    note = (
        "Weight: mean absolute contribution (SHAP) to the log-odds of membership. "
        f"At most the {EXPLAINED} heaviest of each phenotype."
    )
    caption = "What tells each phenotype from the others"
    return Table("phenotype-factors", caption, head, tuple(rows), note) if rows else None


DIRECTIONS = {"higher": "higher", "lower": "lower", "mixed": "neither higher nor lower throughout", None: "no order"}


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
    note = f"Share of the phenotype's patients; in brackets, of all other patients. {SMALL}"
    return Table("phenotype-treatments", "Treatments by phenotype", head, tuple(made), note) if made else None


def _treated(found: Mapping[str, Any]) -> str:
    inside, others = (
        wording.HIDDEN if found.get(key) is None else wording.percent(found[key]) for key in ("share", "others")
    )
    return f"{inside} [{others}]"


def periods(rows: Rows, clusters: Rows) -> Table:
    """The share of each period's patients in each cluster."""
    cells = [
        (
            str(row["period"]),
            wording.count(row["n"]),
            *[_estimate(row["shares"].get(str(c["cluster"])), wording.percent) for c in clusters],
        )
        for row in rows
    ]
    head = ("Period", "Patients", *head_of(clusters))
    note = "Share of the period's patients in each phenotype, with its 95% interval."
    return make_table("phenotype-periods-data", "Shares of the phenotypes over time", head, cells, note)


def agreement(phenotypes: Phenotypes) -> Table | None:
    """What other clusterers found, against the clusters shown."""
    rows = [
        (
            a["label"],
            "none" if a.get("k") is None else str(a["k"]),
            _number(a.get("rand")),
            _number(a.get("smallest_jaccard")),
            wording.text(a.get("reason")),
        )
        for a in phenotypes.get("agreement") or ()
    ]
    head = ("Clusterer", "Clusters", "Agreement (adjusted Rand)", "Least stability", "Remark")
    note = "Agreement with the clusters shown: 0 is what chance gives, 1 the same clusters."
    return make_table("phenotype-agreement", "Other clusterers", head, rows, note) if rows else None


def left_out(phenotypes: Phenotypes) -> Table | None:
    """Predictors that clusters were not sought in, and why."""
    rows = [(p["label"], wording.sentence(p["reason"])) for p in phenotypes.get("left_out") or ()]
    caption = "Predictors left out of the search"
    return make_table("phenotype-left-out", caption, ("Predictor", "Reason"), rows, prose=True) if rows else None
