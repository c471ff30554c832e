"""Phenotypes as tables: clusters side by side, predictor by predictor. The only file that knows their JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_schemas.columns import Column
from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.tables import Row, Rows, Table, make_table
from pipeline.reporting.words import numbers

Cluster = Mapping[str, Any]
Phenotypes = Mapping[str, Any]
SHOWN = 12
EXPLAINED = 5
"""At most so many predictors are said to tell a cluster apart."""
OPTIONAL = {"rand": phrase("Agreement (Rand)"), "gap": phrase("Gap (standard error)")}
"""Columns of the table of numbers tried that it may lack."""


@dataclass(frozen=True)
class Profile:
    """One predictor across clusters: what is typical in each, and how many standard deviations it is off."""

    label: str
    inside: tuple[str, ...]
    differences: tuple[float | None, ...]
    levels: tuple[str | None, ...] = ()


def name_cluster(cluster: Cluster) -> str:
    """Number and name."""
    return f"{cluster['cluster']}. {words.names.say_name(cluster)}"


def head_of(clusters: Rows) -> tuple[str, ...]:
    """The head of a column for each cluster."""
    return tuple(say("Phenotype {n}", n=c["cluster"]) for c in clusters)


def summarise_clusters(clusters: Rows, risks: Mapping[int, Mapping[str, Any]], event: str) -> Table:
    """Name, size, stability, observed outcome and O:E ratio; `risks` by number holds those of held-out patients."""
    told, judged = any(c.get("status") for c in clusters), bool(risks)
    rows = [
        (
            name_cluster(c),
            numbers.bracket(numbers.count(c["n"]), numbers.percent(c["share"])),
            *((_status(c),) if told else ()),
            numbers.decimal(c["jaccard"]),
            _estimate(risks.get(c["cluster"], {}).get("rate") or c.get("outcome"), numbers.percent),
            *((_estimate(risks.get(c["cluster"], {}).get("oe_ratio"), numbers.decimal),) if judged else ()),
        )
        for c in clusters
    ]
    status = (say("Status"),) if told else ()
    observed = (say("Observed: {event}", event=event), *((say("O:E ratio"),) if judged else ()))
    head = (say("Phenotype"), say("Patients"), *status, say("Stability (Jaccard)"), *observed)
    note = words.phenotypes.note_clusters(told=told, judged=judged)
    return make_table("clusters", say("Phenotypes"), head, rows, note)


def _status(cluster: Cluster) -> str:
    status = cluster.get("status")
    return say(words.phenotypes.STATUS[status]) if status else numbers.NOTHING


def _estimate(estimate: numbers.Estimate | None, show: numbers.Show) -> str:
    return numbers.estimate(estimate, show) if estimate else numbers.NOTHING


def rules(clusters: Rows) -> Table | None:
    """The short rule that finds each cluster, and how well it does."""
    levels = words.names.read_levels(clusters)
    rows = [
        (
            name_cluster(c),
            words.phenotypes.say_rule(c["rule"], levels),
            _estimate(c["rule"].get("sensitivity"), numbers.percent),
            _estimate(c["rule"].get("precision"), numbers.percent),
        )
        for c in clusters
        if c.get("rule")
    ]
    head = (say("Phenotype"), say("Rule"), say("Sensitivity"), say("Precision"))
    caption, note = say("Short rules that find the phenotypes"), say(words.phenotypes.RULES)
    return make_table("phenotype-rules", caption, head, rows, note) if rows else None


def tried(phenotypes: Phenotypes) -> Table:
    """Each number of clusters tried and what became of it."""
    given = [key for key in OPTIONAL if any(t.get(key) is not None for t in phenotypes["tried"])]
    rows = [
        (
            str(t["k"]),
            *[_number(t.get(key)) for key in ("smallest_jaccard", "silhouette", "reference_quantile")],
            *[_gap(t) if key == "gap" else _number(t.get(key)) for key in given],
            say("accepted") if t["accepted"] else say("refused"),
            _told(t, "reason"),
        )
        for t in phenotypes["tried"]
    ]
    judged = (say("Least stability"), say("Separation"), say("To exceed"), *[say(OPTIONAL[key]) for key in given])
    head = (say("Clusters"), *judged, say("Result"), say("Reason"))
    return make_table("tried", say("Numbers of clusters tried"), head, rows, words.phenotypes.note_tried(given))


def _told(row: Mapping[str, Any], key: str) -> str:
    """What a stage wrote in English, if anything."""
    text = row.get(key)
    return say(text) if text else numbers.NOTHING


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
    head, note = (say("Characteristic"), *head_of(clusters)), words.phenotypes.note_profiles(SHOWN)
    return make_table("profiles-data", say("What sets the phenotypes apart"), head, cells, note)


def _cell(inside: str, difference: float | None, level: str | None) -> str:
    if difference is None:
        return inside
    off = numbers.signed(1)(difference)
    if level is None:
        return say("{inside} [{difference} SD]", inside=inside, difference=off)
    return say("{inside} [{level}: {difference} SD]", inside=inside, level=level, difference=off)


def _typical(predictor: Mapping[str, Any]) -> str:
    if predictor.get("median") is not None:
        return numbers.significant(predictor["median"])
    shares = {k: v for k, v in (predictor.get("shares") or {}).items() if v is not None}
    if not shares:
        return say(numbers.HIDDEN)
    level = max(shares, key=lambda k: shares[k])
    return f"{words.names.say_values(level)} {numbers.percent(shares[level])}"


def factors(clusters: Rows, found: Mapping[str, Any]) -> Table | None:
    """The predictors that weigh most in membership of each cluster, at most `EXPLAINED`, the heaviest first."""
    rows: list[Row] = []
    for cluster in clusters:
        weights = (found.get("clusters") or {}).get(str(cluster["cluster"])) or ()
        inner = [Row(w["label"], (numbers.decimal(w["weight"]), _speaking(w)), inner=True) for w in weights[:EXPLAINED]]
        rows += [Row(name_cluster(cluster), group=True), *inner] if inner else []
    head = (say("Phenotype and characteristic"), say("Weight (log-odds)"), say("Values that speak for membership"))
    note = words.phenotypes.note_factors(EXPLAINED)
    caption = say("What tells each phenotype from the others")
    return Table("phenotype-factors", caption, head, tuple(rows), note) if rows else None


def _speaking(weight: Mapping[str, Any]) -> str:
    direction = weight.get("direction")
    return say(words.phenotypes.DIRECTIONS[direction])


def treatments(clusters: Rows) -> Table | None:
    """The share of each cluster's patients with each treatment, and of all other patients."""
    by_cluster = [{(t["label"], t["level"]): t for t in c.get("treatments") or ()} for c in clusters]
    made: list[Row] = []
    label = None
    for key in dict.fromkeys(key for found in by_cluster for key in found):
        if key[0] != label:
            label = key[0]
            made.append(Row(label, group=True))
        level = words.names.say_values(str(key[1]))
        made.append(Row(level, tuple(_treated(found.get(key, {})) for found in by_cluster), inner=True))
    head = (say("Treatment"), *head_of(clusters))
    note = numbers.sentences([say(words.phenotypes.TREATMENTS), say(words.tables.SMALL)])
    return Table("phenotype-treatments", say("Treatments by phenotype"), head, tuple(made), note) if made else None


def _treated(found: Mapping[str, Any]) -> str:
    inside, others = (
        say(numbers.HIDDEN) if found.get(key) is None else numbers.percent(found[key]) for key in ("share", "others")
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
    head = (say("Period"), say("Patients"), *head_of(clusters))
    caption, note = say("Shares of the phenotypes over time"), say(words.phenotypes.PERIODS)
    return make_table("phenotype-periods-data", caption, head, cells, note)


def agreement(phenotypes: Phenotypes) -> Table | None:
    """What other clusterers found, against the clusters shown."""
    rows = [
        (
            _told(a, "label"),
            say("none") if a.get("k") is None else str(a["k"]),
            _number(a.get("rand")),
            _number(a.get("smallest_jaccard")),
            _told(a, "reason"),
        )
        for a in phenotypes.get("agreement") or ()
    ]
    index = say("Agreement (adjusted Rand)")
    head = (say("Clusterer"), say("Clusters"), index, say("Least stability"), say("Remark"))
    note = say(words.phenotypes.AGREEMENT)
    return make_table("phenotype-agreement", say("Other clusterers"), head, rows, note) if rows else None


def left_out(phenotypes: Phenotypes) -> Table | None:
    """Predictors that clusters were not sought in, and why."""
    rows = [(p["label"], numbers.sentence(_told(p, "reason"))) for p in phenotypes.get("left_out") or ()]
    caption, head = say("Predictors left out of the search"), (say("Predictor"), say("Reason"))
    return make_table("phenotype-left-out", caption, head, rows, prose=True) if rows else None
