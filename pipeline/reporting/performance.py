"""What the sections on data, performance, clinical utility and subgroups show."""

from typing import Any

from data_schemas.columns import Cohort
from pipeline.phrases import phrase
from pipeline.reporting import figures, forests, subgroups, tables, targets, validation, words
from pipeline.reporting.figures import Figure
from pipeline.reporting.flow import draw_flow
from pipeline.reporting.language import plural, say
from pipeline.reporting.results import Plain, Results
from pipeline.reporting.table_one import describe_patients
from pipeline.reporting.words import numbers

FORESTS = {"auroc": (phrase("AUROC"), 3, 0.5), "oe_ratio": (phrase("O:E ratio"), 2, 1.0)}
"""What forest plots show of each site and subgroup: its name, its decimals, and where their line is."""


def build_evaluation(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    """The four sections by key."""
    described = describe_patients(cohort, results.valid, results.split, results.smallest_group, results.round_to)
    return {
        "data": _data(results) | {"table_one": described},
        "performance": _performance(cohort, results) | _validation(results) | _targets(results.performance),
        "utility": _utility(results.performance),
        "subgroups": _subgroups(results.performance),
    }


def _data(results: Results) -> dict[str, Any]:
    validation = results.validation
    counts = {key: numbers.count(validation[key]) for key in ("rows_in", "valid", "patients")}
    counts["quarantined"] = "" if validation["quarantined"] is None else numbers.count(validation["quarantined"])
    broken = tables.quarantine(validation)
    return {
        "says": words.data.say_counts(counts, plural(len(validation["rules"]), "{n} rule", "{n} rules")),
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
        "says": numbers.told(performance, "says"),
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
    found = results.performance["sites"]
    sites = found["sites"]
    by_auroc = validation.site_lines(sites, "auroc", found["pooled"])
    return {
        "says": words.validation.say_sites(found),
        "table": validation.tabulate_sites(sites) if sites else None,
        "figures": [
            _forest("site", say("AUROC by site left out"), "auroc", by_auroc),
            _forest("site", say("O:E ratio by site left out"), "oe_ratio", validation.site_lines(sites, "oe_ratio")),
        ]
        if sites
        else [],
    }


def _targets(performance: Plain) -> dict[str, Any]:
    """Further horizons or classes, where there are any."""
    rows, classes = performance["targets"], performance["classes"]
    return {
        "targets": targets.tabulate_targets(rows, classes=bool(classes)) if rows else None,
        "classes": words.performance.say_classes(classes) if classes else None,
    }


def _utility(performance: Plain) -> dict[str, Any]:
    rows = performance["net_benefit"]
    decisions = performance["decisions"]
    return {
        "says": words.utility.say_utility(rows),
        "figure": figures.net_benefit(rows) if rows else None,
        "says_decisions": words.utility.say_decisions(decisions),
        "decisions": tables.decisions(decisions, rows) if any(not row["suppressed"] for row in decisions) else None,
    }


def _subgroups(performance: Plain) -> dict[str, Any] | None:
    groups = performance["subgroups"]
    if not groups:
        return None
    return {
        "table": subgroups.tabulate_subgroups(groups),
        "gaps": subgroups.tabulate_gaps(performance["worst_gaps"]),
        "figures": [
            _forest("subgroup", say("AUROC by subgroup"), "auroc", forests.lines_of(groups, "auroc")),
            _forest("subgroup", say("O:E ratio by subgroup"), "oe_ratio", forests.lines_of(groups, "oe_ratio")),
        ],
    }


def _forest(kind: str, title: str, name: str, lines: list[forests.Line]) -> Figure:
    measure, digits, ideal = FORESTS[name]
    key, said = f"{kind}-{name}".replace("_", "-"), say(measure)
    return forests.forest(key, title, said, lines, forests.table_of(key, said, lines, digits), ideal)
