"""What each section of a report shows: numbers already in words, tables and figures. Templates only place them."""

from dataclasses import dataclass
from typing import Any

from data_schemas.columns import Cohort
from pipeline.phrases import phrase
from pipeline.reporting import changes, comparisons, forests, supplied, tables, tripod, words
from pipeline.reporting.effects import build_effect
from pipeline.reporting.explanations import build_factors
from pipeline.reporting.images import SECTION as IMAGES
from pipeline.reporting.images import build_images
from pipeline.reporting.language import plural, say
from pipeline.reporting.performance import build_evaluation
from pipeline.reporting.phenotypes import build_phenotypes
from pipeline.reporting.resources import tabulate_resources
from pipeline.reporting.results import Plain, Results, read_records
from pipeline.reporting.summary import summarise_plainly
from pipeline.reporting.words import numbers

SECTIONS = (
    ("verdict", phrase("Verdict")),
    ("use", phrase("Intended use and limits")),
    ("data", phrase("Data")),
    ("model", phrase("Model")),
    ("performance", phrase("Performance")),
    ("utility", phrase("Clinical utility")),
    ("subgroups-section", phrase("Subgroups")),
    ("changes", phrase("What changed since the last release")),
    ("factors", phrase("Risk factors")),
    ("phenotypes", phrase("Phenotypes")),
    ("provenance", phrase("Provenance")),
)
EFFECT = ("treatment-effect", words.effect_terms.TITLE)
"""Stands after the risk factors, where a cohort declares an effect."""


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
    effect, pictured = (
        build_effect(cohort.described(), study.outcome.says, results.treatment_effect),
        build_images(cohort, results),
    )
    return {
        "name": name,
        "study": study,
        "outcome": study.outcome.says,
        "sections": list_sections(declares_effect=effect is not None, has_images=pictured is not None),
        "smallest": results.smallest_group,
        "step": results.round_to,
        "verdict": _verdict(cohort, results),
        "use": _use(cohort, results),
        "model": _model(cohort, results),
        "changes": changes.build_changes(results.changes),
        "factors": build_factors(results),
        "effect": effect,
        "limits": words.report.list_limits(declares_effect=effect is not None),
        "phenotypes": build_phenotypes(cohort, results),
        "provenance": {say(what): which for what, which in results.provenance.items()},
        "tripod": _tripod(cohort, results),
        **build_evaluation(cohort, results),
        **({"images": pictured} if pictured else {}),
        **({"resources": tabulate_resources(results.resources)} if results.resources else {}),
    }


def list_sections(*, declares_effect: bool, has_images: bool = False) -> tuple[tuple[str, str], ...]:
    """Id and title of each section, in order."""
    after = {"subgroups-section": [IMAGES] if has_images else [], "factors": [EFFECT] if declares_effect else []}
    listed = [each for section in SECTIONS for each in (section, *after.get(section[0], []))]
    return tuple((key, say(title)) for key, title in listed)


def _use(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    return {
        "thresholds": numbers.join([numbers.percent(t) for t in cohort.study().thresholds]),
        "says": supplied.say_card(results.card),
        "supplied": supplied.tabulate_card(results.card),
    }


def _tripod(cohort: type[Cohort], results: Results) -> tables.Table:
    has_sites, given = bool(results.performance["sites"]["sites"]), results.card.given()
    return tripod.tabulate(tripod.assess(cohort, given, has_parts=results.has_parts, has_sites=has_sites))


def _verdict(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    level = results.verdict["verdict"]
    title, says = words.verdict.VERDICTS[level]
    return {
        "level": level,
        "mark": words.verdict.MARKS[level],
        "title": say(title),
        "says": say(says),
        "summary": summarise_plainly(cohort, results),
        "key_figures": key_figures(results.performance, cohort.study().outcome.says),
        "checks": tables.checks(results.verdict),
        "rules": words.verdict.say_rules(),
    }


def key_figures(performance: Plain, event: str) -> list[KeyFigure]:
    """Discrimination, both aspects of calibration, and net benefit at the middle threshold."""
    estimates, benefit = performance["estimates"], performance["net_benefit"]
    auroc, slope, ratio = (estimates[k] for k in ("auroc", "calibration_slope", "oe_ratio"))
    found = [
        _key_figure(say("AUROC"), auroc, words.verdict.explain_auroc(auroc, event), 3),
        _key_figure(say("Calibration slope"), slope, words.verdict.explain_slope(slope)),
        _key_figure(say("O:E ratio"), ratio, words.verdict.explain_ratio(ratio)),
    ]
    if benefit:
        row = benefit[len(benefit) // 2]
        name = say("Net benefit at {threshold}", threshold=numbers.percent(row["threshold"]))
        found.append(_key_figure(name, row["model"], words.utility.explain_benefit(row), 3))
    return found


def _key_figure(name: str, estimate: Plain, meaning: str, digits: int = 2) -> KeyFigure:
    show = numbers.decimals(digits)
    value = numbers.NOTHING if estimate.get("value") is None else show(estimate["value"])
    return KeyFigure(name, value, words.verdict.say_limits(estimate, numbers.interval(estimate, show)), meaning)


def _model(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    model, columns = results.model, cohort.described()
    recalibration = model["recalibration"]
    shown = {
        "slope": numbers.decimal(recalibration["slope"]),
        "intercept": numbers.decimal(recalibration["intercept"]),
        "event_rate": numbers.percent(model["event_rate"]),
        "patients": numbers.count(model["development"]["patients"]),
        "events": numbers.count(model["development"]["events"]),
        "count": plural(len(model["predictors"]), "{n} predictor", "{n} predictors"),
    }
    return {
        "says": words.model.say_model(shown),
        "members": tables.members(model),
        "pooled": tables.pooled(model),
        "predictors": [columns[p].label if p in columns else p for p in model["predictors"]],
        "constrained": [
            numbers.bracket(columns[p].label if p in columns else p, say(words.model.WAYS[way]))
            for p, way in sorted(model["constrained"].items())
        ],
        "sample_size": tables.sample_size(results.performance["sample_size"]),
        **_compared(results),
    }


def _compared(results: Results) -> dict[str, Any]:
    """Every model's figures, and the deployed one against each other."""
    models = comparisons.order_models(read_records(results.models))
    candidates = comparisons.tabulate_models(models)
    lines = [forests.line_of(comparisons.name_model(row), row, "auroc") for row in models]
    return {
        "candidates": candidates,
        "figure": forests.forest("models", say("AUROC of each model"), say("AUROC"), lines, candidates, None),
        "differences": comparisons.tabulate_differences(results.performance["comparisons"], models),
    }
