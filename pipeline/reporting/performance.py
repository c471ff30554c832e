"""What the sections on data, performance, clinical utility and subgroups show: those that must hide counts together."""

from collections.abc import Set
from typing import Any

from data_schemas.columns import Classes, Cohort, Outcome
from pipeline.reporting import figures, forests, subgroups, tables, targets, validation, words
from pipeline.reporting.figures import Figure
from pipeline.reporting.flow import draw_flow
from pipeline.reporting.results import Plain, Results
from pipeline.reporting.table_one import describe_patients
from pipeline.reporting.words import numbers

Levels = Set[tuple[str, str]]


def build_evaluation(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    """The four sections by key."""
    smallest = results.smallest_group
    described = describe_patients(cohort, results.valid, results.split, smallest)
    hidden = described.hidden_levels if _evaluates_table_one(results) else frozenset()
    return {
        "data": _data(results) | {"table_one": described.table},
        "performance": _performance(cohort, results) | _validation(results) | _targets(cohort, results, hidden),
        "utility": _utility(results.performance),
        "subgroups": _subgroups(results, hidden),
    }


def _evaluates_table_one(results: Results) -> bool:
    """Whether the patients evaluated are a column of Table 1: the test part, or everyone."""
    parts = set(results.split["part"])
    return ("test" in parts) == results.has_parts


def _data(results: Results) -> dict[str, Any]:
    validation = results.validation
    counts = {key: numbers.count(validation[key]) for key in ("rows_in", "valid", "quarantined", "patients")}
    broken = tables.quarantine(validation)
    return {
        "says": words.data.say_counts(counts, numbers.plural(len(validation["rules"]), "rule")),
        "flow": draw_flow(results),
        "attrition": tables.attrition(validation),
        "quarantine": broken if broken.rows else None,
    }


def _performance(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    performance, event = results.performance, cohort.study().outcome.says
    curve, bins, smooth = (performance[key] for key in ("calibration_curve", "risk_distribution", "smooth_curve"))
    found = [figures.calibration(curve, smooth["points"])] if curve or smooth["points"] else []
    counts = {
        "n": numbers.count(performance["n"]),
        "events": numbers.count(performance["events"]),
        "unknown": numbers.count(performance["unknown"]) if performance.get("unknown") else None,
        "event_rate": numbers.estimate(performance["event_rate"], numbers.percent),
    }
    return {
        **counts,
        "says": performance["says"],
        "evaluated": words.performance.say_evaluated(counts),
        "measures": tables.measures(performance),
        "figures": [*found, *([figures.risk_distribution(bins, event)] if bins else [])],
        "smooth": words.performance.say_smooth(smooth, performance["estimates"]["ici"]),
        "width": words.performance.say_width(performance["uncertainty"]),
        "outside": words.performance.say_outside(performance["uncertainty"]),
    }


def _validation(results: Results) -> dict[str, Any]:
    """What further developments told."""
    performance, traced = results.performance, validation.trace(results)
    learning = figures.learning(traced, validation.tabulate_learning(traced)) if traced else None
    return {
        "suspicion": words.validation.say_suspicion(performance["suspicion"]),
        "optimism": validation.tabulate_optimism(performance["optimism"]),
        "learning": {"says": words.validation.say_learning(traced), "figure": learning} if traced else None,
        "sites": _sites(results) if performance["sites"]["sites"] or performance["sites"]["hidden"] else None,
    }


def _sites(results: Results) -> dict[str, Any]:
    found, sites = results.performance["sites"], validation.protect_sites(results)
    return {
        "says": words.validation.say_sites(found),
        "table": validation.tabulate_sites(sites) if sites else None,
        "figures": [
            _forest(
                "site-auroc", "AUROC by site left out", "AUROC", validation.site_lines(sites, "auroc", found["pooled"])
            ),
            _forest(
                "site-oe-ratio", "O:E ratio by site left out", "O:E ratio", validation.site_lines(sites, "oe_ratio")
            ),
        ]
        if sites
        else [],
    }


def _targets(cohort: type[Cohort], results: Results, hidden: Levels) -> dict[str, Any]:
    """Further horizons or classes, where there are any."""
    performance, outcome = results.performance, cohort.study().outcome
    rows, classes = performance["targets"], performance["classes"]
    if not rows:
        return {"targets": None, "classes": None}
    if classes:
        rows = targets.protect_classes(
            rows, performance["n"], _classes(cohort, outcome, hidden), results.smallest_group
        )
    else:
        rows = targets.protect_horizons(rows, results.smallest_group)
    return {
        "targets": targets.tabulate_targets(rows, classes=bool(classes)),
        "classes": words.performance.say_classes(classes) if classes else None,
    }


def _classes(cohort: type[Cohort], outcome: Outcome, hidden: Levels) -> frozenset[str]:
    """The classes whose count Table 1 hides among the patients evaluated."""
    label = cohort.columns()[outcome.column].label if isinstance(outcome, Classes) else None
    return frozenset(level for column, level in hidden if column == label)


def _utility(performance: Plain) -> dict[str, Any]:
    rows = performance["net_benefit"]
    decisions = performance["decisions"]
    return {
        "says": words.utility.say_utility(rows),
        "figure": figures.net_benefit(rows) if rows else None,
        "says_decisions": words.utility.say_decisions(decisions),
        "decisions": tables.decisions(decisions, rows) if any(not row["suppressed"] for row in decisions) else None,
    }


def _subgroups(results: Results, hidden: Levels) -> dict[str, Any] | None:
    groups = subgroups.protect_subgroups(results.performance, hidden, results.smallest_group)
    if not groups:
        return None
    return {
        "table": subgroups.tabulate_subgroups(groups),
        "gaps": subgroups.tabulate_gaps(results.performance["worst_gaps"]),
        "figures": [
            _forest("subgroup-auroc", "AUROC by subgroup", "AUROC", forests.lines_of(groups, "auroc")),
            _forest("subgroup-oe-ratio", "O:E ratio by subgroup", "O:E ratio", forests.lines_of(groups, "oe_ratio")),
        ],
    }


def _forest(key: str, title: str, measure: str, lines: list[forests.Line]) -> Figure:
    digits, ideal = (3, 0.5) if measure == "AUROC" else (2, 1.0)
    return forests.forest(key, title, measure, lines, forests.table_of(key, measure, lines, digits), ideal)
