"""The section on phenotypes: what was found or refused, and what it means, in sentences computed from numbers."""

from typing import Any

from data_schemas.columns import Cohort, TimeToEvent
from pipeline.reporting import cluster_figures, cluster_map, cluster_risks, clusters, words
from pipeline.reporting.figures import Figure
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain, Results
from pipeline.reporting.words import numbers


def build_phenotypes(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    """Everything the section shows; what was not computed is None or empty."""
    phenotypes = results.phenotypes
    found = phenotypes["clusters"] if phenotypes["k"] else []
    return {
        **_say_result(phenotypes),
        "notes": [numbers.sentence(say(note)) for note in phenotypes.get("notes") or ()],
        "agreement": clusters.agreement(phenotypes),
        "says_agreement": words.phenotypes.say_agreement(phenotypes),
        "tried": clusters.tried(phenotypes) if phenotypes["tried"] else None,
        "left_out": clusters.left_out(phenotypes),
        "found": _describe(cohort, results) if found else None,
    }


def _say_result(phenotypes: Plain) -> dict[str, Any]:
    """What was found, or why nothing was; the reason is left out where the list of refusals repeats it."""
    tried, why = phenotypes["tried"], phenotypes["reason"]
    reason = numbers.sentence(say(why))
    if phenotypes["k"]:
        return {"says": words.phenotypes.say_found(phenotypes), "reason": reason, "refused": []}
    if not tried:
        return {"says": reason, "reason": say(words.phenotypes.NONE_SHOWN), "refused": []}
    repeated = all(one.get("reason") and one["reason"] in why for one in tried)
    refused = [words.phenotypes.say_refusal(one) for one in tried]
    return {"says": words.phenotypes.say_none(phenotypes), "reason": "" if repeated else reason, "refused": refused}


def _describe(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    """What is known of the clusters that were found."""
    phenotypes, found, event = results.phenotypes, results.phenotypes["clusters"], cohort.study().outcome.says
    risks, rows = cluster_risks.read_risks(results), clusters.profile(found, cohort.described())
    return {
        "table": clusters.summarise_clusters(found, {row["cluster"]: row for row in risks}, event),
        "rules": clusters.rules(found),
        "risks": _risks(risks),
        "adds": _adds(results),
        "profiles": clusters.profiles(rows, found) if rows else None,
        "heat_map": cluster_figures.heat_map(rows, found) if rows else None,
        "figures": [*_map(results), *_outcomes(cohort, results, risks)],
        "factors": _factors(results),
        "treatments": clusters.treatments(found),
        "periods": _periods(phenotypes),
    }


def _risks(risks: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not risks:
        return None
    figure = cluster_figures.ratios(risks)
    return {
        "says": words.phenotype_risks.say_ratios(risks),
        "figure": figure,
        "table": None if figure else cluster_risks.tabulate_risks(risks),
    }


def _adds(results: Results) -> dict[str, Any] | None:
    adds = (results.performance.get("phenotypes") or {}).get("adds")
    if not adds:
        return None
    return {"says": words.phenotype_risks.say_addition(adds), "table": cluster_risks.tabulate_addition(adds)}


def _map(results: Results) -> list[Figure]:
    found = results.phenotypes.get("map")
    drawn = cluster_map.draw_map(found, results.phenotypes["clusters"], results.smallest_group) if found else None
    return [drawn] if drawn else []


def _outcomes(cohort: type[Cohort], results: Results, risks: list[dict[str, Any]]) -> list[Figure]:
    """Curves where the outcome takes time, and else the rate of each cluster."""
    outcome = cohort.study().outcome
    if isinstance(outcome, TimeToEvent) and any(row.get("incidence") for row in risks):
        return [cluster_figures.incidence(risks, outcome.unit)]
    drawn = cluster_figures.rates(risks, outcome.says)
    return [drawn] if drawn else []


def _factors(results: Results) -> dict[str, Any] | None:
    found = results.phenotype_factors
    table = clusters.factors(results.phenotypes["clusters"], found)
    if table is None:
        return None
    return {"says": words.phenotypes.say_membership(found), "table": table}


def _periods(phenotypes: Plain) -> dict[str, Any] | None:
    rows = phenotypes.get("periods") or []
    if not rows:
        return None
    says = (phenotypes.get("trend") or {}).get("says") or ""
    said = numbers.sentence(say(says) if says else say(words.phenotypes.UNTESTED_TREND))
    return {"says": said, "figure": cluster_figures.periods(rows, phenotypes["clusters"], said)}
