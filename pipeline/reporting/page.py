"""What each section of a report shows: numbers already in words, tables and figures. Templates only place them."""

from dataclasses import dataclass
from typing import Any

from data_schemas.columns import Cohort
from pipeline.reporting import clusters, factors, figures, tables, tripod, wording
from pipeline.reporting.figures import Figure, Line
from pipeline.reporting.flow import draw_flow
from pipeline.reporting.results import Plain, Results, read_records
from pipeline.reporting.table_one import describe_patients

SECTIONS = (
    ("verdict", "Verdict"),
    ("use", "Intended use and limits"),
    ("data", "Data"),
    ("model", "Model"),
    ("performance", "Performance"),
    ("utility", "Clinical utility"),
    ("subgroups-section", "Subgroups"),
    ("changes", "What changed since the last release"),
    ("factors", "Risk factors"),
    ("phenotypes", "Phenotypes"),
    ("provenance", "Provenance"),
)
CURVES = {"modifiable": 12, "treatments": 12, "context": 6}
"""At most so many factors of each table get a curve; the most important come first."""
BARS = 12
NAMES = {"modifiable": "what medicine can act on", "treatments": "treatments", "context": "markers and fixed"}


@dataclass(frozen=True)
class KeyFigure:
    """One number of the headline, with its interval and what it means."""

    name: str
    value: str
    interval: str
    meaning: str


def build_report(cohort: type[Cohort], name: str, results: Results) -> dict[str, Any]:
    """Everything the template of a report needs."""
    study = cohort.study()
    return {
        "name": name,
        "study": study,
        "outcome": study.outcome.says,
        "sections": SECTIONS,
        "smallest": results.smallest_group,
        "verdict": _verdict(results, study.outcome.says),
        "use": {"thresholds": wording.join([wording.percent(t) for t in study.thresholds])},
        "model": _model(cohort, results),
        "factors": _factors(results),
        "phenotypes": _phenotypes(cohort, results),
        "provenance": results.provenance,
        "tripod": tripod.tabulate(tripod.assess(cohort, has_parts=_has_parts(results))),
        **_evaluation(cohort, results),
    }


def _has_parts(results: Results) -> bool:
    return bool(results.performance["design"] != "cross-validation")


def _verdict(results: Results, event: str) -> dict[str, Any]:
    level, performance = results.verdict["verdict"], results.performance
    estimates = performance["estimates"]
    title, says = wording.VERDICTS[level]
    return {
        "level": level,
        "mark": wording.MARKS[level],
        "title": title,
        "says": says,
        "summary": (
            wording.say_discrimination(estimates["auroc"]),
            wording.say_calibration(estimates["calibration_slope"], estimates["oe_ratio"]),
            wording.say_utility(performance["net_benefit"]),
        ),
        "key_figures": key_figures(performance, event),
        "checks": tables.checks(results.verdict),
        "rules": wording.RULES,
    }


def key_figures(performance: Plain, event: str) -> list[KeyFigure]:
    """Discrimination, both aspects of calibration, and net benefit at the middle threshold."""
    estimates, benefit = performance["estimates"], performance["net_benefit"]
    auroc, slope, ratio = (estimates[k] for k in ("auroc", "calibration_slope", "oe_ratio"))
    found = [
        _key_figure("AUROC", auroc, wording.explain_auroc(auroc, event), 3),
        _key_figure("Calibration slope", slope, wording.explain_slope(slope)),
        _key_figure("O:E ratio", ratio, wording.explain_ratio(ratio)),
    ]
    if benefit:
        row = benefit[len(benefit) // 2]
        name = f"Net benefit at {wording.percent(row['threshold'])}"
        found.append(_key_figure(name, row["model"], wording.explain_benefit(row), 3))
    return found


def _key_figure(name: str, estimate: Plain, meaning: str, digits: int = 2) -> KeyFigure:
    show, reason = wording.decimals(digits), estimate.get("reason") or "no reason recorded"
    if estimate.get("value") is None:
        return KeyFigure(name, wording.NOTHING, f"not computed: {reason}", meaning)
    limits = wording.interval(estimate, show)
    said = f"95% interval {limits}" if limits else f"no interval: {reason}"
    return KeyFigure(name, show(estimate["value"]), said, meaning)


def _evaluation(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    """The sections that must hide counts together: data, performance, utility, subgroups."""
    performance, smallest = results.performance, results.smallest_group
    described = describe_patients(cohort, results.valid, results.split, smallest)
    hidden = set(described.hidden_levels) if _evaluates_table_one(results) else set()
    groups = tables.protect_subgroups(performance, hidden, smallest)
    labels = {name: column.label for name, column in cohort.columns().items()}
    return {
        "data": _data(results) | {"table_one": described.table},
        "performance": _performance(results, cohort.study().outcome.says),
        "utility": _utility(performance),
        "subgroups": {
            "table": tables.subgroups(groups, labels),
            "figures": _forests(groups, labels),
        }
        if groups
        else None,
    }


def _evaluates_table_one(results: Results) -> bool:
    """Whether the patients evaluated are a column of Table 1: the test part, or everyone."""
    parts = set(results.split["part"])
    return ("test" in parts) == _has_parts(results)


def _data(results: Results) -> dict[str, Any]:
    validation = results.validation
    keys = ("rows_in", "valid", "quarantined", "patients")
    broken = tables.quarantine(validation)
    return {
        "counts": {key: wording.count(validation[key]) for key in keys},
        "rules": wording.plural(len(validation["rules"]), "rule"),
        "flow": draw_flow(results),
        "attrition": tables.attrition(validation),
        "quarantine": broken if broken.rows else None,
    }


def _model(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    model, models = results.model, read_records(results.models)
    columns, recalibration = cohort.columns(), model["recalibration"]
    candidates, key = tables.candidates(models), "models"
    ordered = sorted(models, key=lambda row: not row["deployed"])
    lines = [_line(row["label"] + (" (deployed)" if row["deployed"] else ""), row, "auroc") for row in ordered]
    return {
        "members": tables.members(model),
        "slope": wording.decimal(recalibration["slope"]),
        "intercept": wording.decimal(recalibration["intercept"]),
        "event_rate": wording.percent(model["event_rate"]),
        "patients": wording.count(model["development"]["patients"]),
        "events": wording.count(model["development"]["events"]),
        "count": wording.plural(len(model["predictors"]), "predictor"),
        "predictors": [columns[p].label if p in columns else p for p in model["predictors"]],
        "constrained": [
            f"{columns[p].label if p in columns else p} ({way})" for p, way in sorted(model["constrained"].items())
        ],
        "sample_size": tables.sample_size(results.performance["sample_size"]),
        "candidates": candidates,
        "figure": figures.forest(key, "AUROC of each candidate", "AUROC", lines, candidates, None),
    }


def _line(label: str, row: Plain, name: str) -> Line:
    estimate = wording.from_columns(row, name)
    return Line(label, estimate["value"], estimate["lo"], estimate["hi"])


def _performance(results: Results, event: str) -> dict[str, Any]:
    performance = results.performance
    curve, bins = performance["calibration_curve"], performance["risk_distribution"]
    found = [figures.calibration(curve)] if curve else []
    return {
        "says": performance["says"],
        "design": performance["design"],
        "n": wording.count(performance["n"]),
        "events": wording.count(performance["events"]),
        "unknown": wording.count(performance["unknown"]) if performance.get("unknown") else None,
        "event_rate": wording.estimate(performance["event_rate"], wording.percent),
        "measures": tables.measures(performance),
        "figures": [*found, *([figures.risk_distribution(bins, event)] if bins else [])],
    }


def _utility(performance: Plain) -> dict[str, Any]:
    rows = performance["net_benefit"]
    return {"says": wording.say_utility(rows), "figure": figures.net_benefit(rows) if rows else None}


def _forests(groups: list[dict[str, Any]], labels: dict[str, str]) -> list[Figure]:
    made = []
    for name, measure, digits, ideal in (("auroc", "AUROC", 3, 0.5), ("oe_ratio", "O:E ratio", 2, 1.0)):
        lines, key = figures.lines_of(groups, name, labels), f"subgroup-{name.replace('_', '-')}"
        title = f"{measure} by subgroup"
        made.append(figures.forest(key, title, measure, lines, figures.table_of(key, measure, lines, digits), ideal))
    return made


def _factors(results: Results) -> dict[str, Any]:
    groups = factors.group_factors(read_records(results.risk_factors), results.model["constrained"])
    return {key: {"group": group, "figures": _factor_figures(group, results)} for key, group in groups.items()}


def _factor_figures(group: factors.Group, results: Results) -> list[Figure]:
    """Importance of several factors, then the curves of the most important."""
    made: list[Figure] = []
    if len(group.rows) > 1:
        lines = [_line(factors.name(row), row, "importance") for row in group.rows[:BARS]]
        key, measure = f"{group.key}-weight", "Weight in the model (log-odds)"
        table = figures.table_of(key, measure, lines, 3)
        made.append(figures.forest(key, f"Weight in the model: {NAMES[group.key]}", measure, lines, table, None))
    for number, row in enumerate(group.rows[: CURVES[group.key]], start=1):
        bins = results.factor_curves.get(row["predictor"])
        if bins:
            made.append(figures.factor_curve(f"{group.key}-curve-{number}", row, bins))
    return made


def _phenotypes(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    phenotypes = results.phenotypes
    found = phenotypes["clusters"] if phenotypes["k"] else []
    rows = clusters.profile(found, cohort.columns())
    return {
        "reason": wording.sentence(phenotypes["reason"]),
        "notes": phenotypes.get("notes", []),
        "tried": clusters.tried(phenotypes) if phenotypes["tried"] else None,
        "table": clusters.summarise_clusters(phenotypes, cohort.study().outcome.says) if found else None,
        "figure": figures.phenotype_profiles(rows, found) if rows else None,
    }
