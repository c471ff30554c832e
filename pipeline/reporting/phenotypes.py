"""The section on phenotypes: what was found or refused, and what it means, in sentences computed from numbers."""

from typing import Any

from data_schemas.columns import Cohort, TimeToEvent
from pipeline.reporting import cluster_figures, cluster_map, cluster_risks, clusters, wording
from pipeline.reporting.figures import Figure
from pipeline.reporting.results import Plain, Results

FINDING = (
    "This is a finding and not a failure: groups that resamples of the same patients do not find again, or that "
    "separate them no better than data without clusters are separated, are not shown."
)


def build_phenotypes(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    """Everything the section shows; what was not computed is None or empty."""
    phenotypes = results.phenotypes
    found = phenotypes["clusters"] if phenotypes["k"] else []
    return {
        **_say_result(phenotypes),
        "notes": [wording.sentence(note) for note in phenotypes.get("notes") or ()],
        "agreement": clusters.agreement(phenotypes),
        "says_agreement": say_agreement(phenotypes),
        "tried": clusters.tried(phenotypes) if phenotypes["tried"] else None,
        "left_out": clusters.left_out(phenotypes),
        "found": _describe(cohort, results) if found else None,
    }


def _say_result(phenotypes: Plain) -> dict[str, Any]:
    """What was found, or why nothing was; the reason is left out where the list of refusals repeats it."""
    tried, reason = phenotypes["tried"], wording.sentence(phenotypes["reason"])
    if phenotypes["k"]:
        return {"says": say_found(phenotypes), "reason": reason, "refused": []}
    if not tried:
        return {"says": reason, "reason": "No phenotypes are shown.", "refused": []}
    repeated = all(one.get("reason") and one["reason"] in reason for one in tried)
    refused = [say_refusal(one) for one in tried]
    return {"says": say_none(phenotypes), "reason": "" if repeated else reason, "refused": refused}


def _by(phenotypes: Plain, word: str) -> str:
    return f" {word} {phenotypes['label']}" if phenotypes.get("label") else ""


def say_found(phenotypes: Plain) -> str:
    """How many clusters, by which clusterer, of how many patients."""
    found = phenotypes["clusters"]
    shares = sorted(c["share"] for c in found)
    return (
        f"{wording.plural(phenotypes['k'], 'phenotype was', 'phenotypes were')} found{_by(phenotypes, 'by')}, of "
        f"{min(c['n'] for c in found):,} to {max(c['n'] for c in found):,} patients each "
        f"({wording.percent(shares[0])}{wording.TO}{wording.percent(shares[-1])})."
    )


def say_none(phenotypes: Plain) -> str:
    """Which numbers of clusters were tried in vain."""
    numbers = [str(one["k"]) for one in phenotypes["tried"]]
    return (
        f"No stable clusters: {wording.join(numbers)} clusters were tried{_by(phenotypes, 'with')}, and none was kept. "
        f"{FINDING}"
    )


def say_refusal(tried: Plain) -> str:
    """Why a number of clusters was refused, and the figures behind that."""
    said = f"{wording.plural(tried['k'], 'cluster')}: {tried.get('reason') or 'no reason recorded'}"
    figures = []
    if tried.get("smallest_jaccard") is not None:
        figures.append(f"least stability {wording.decimal(tried['smallest_jaccard'])}")
    if tried.get("silhouette") is not None and tried.get("reference_quantile") is not None:
        chance = wording.decimal(tried["reference_quantile"])
        figures.append(f"separation {wording.decimal(tried['silhouette'])}, where more than {chance} is needed")
    return wording.sentence(f"{said} ({'; '.join(figures)})" if figures else said)


def say_agreement(phenotypes: Plain) -> str:
    """How many other clusterers found clusters, and how far those agree with the clusters shown."""
    others = phenotypes.get("agreement") or ()
    own = [one for one in others if one.get("k")]
    rand = sorted(one["rand"] for one in own if one.get("rand") is not None)
    if not others:
        return ""
    said = f"{len(own)} of {wording.plural(len(others), 'other clusterer')} found clusters"
    if not rand:
        return f"{said}."
    span = [wording.decimal(value) for value in rand]
    between = f"is {span[0]}" if len(rand) == 1 else f"lies between {span[0]} and {span[-1]}"
    return f"{said}; their adjusted Rand index with the clusters shown {between}."


def _describe(cohort: type[Cohort], results: Results) -> dict[str, Any]:
    """What is known of the clusters that were found."""
    phenotypes, found, event = results.phenotypes, results.phenotypes["clusters"], cohort.study().outcome.says
    risks, rows = cluster_risks.read_risks(results), clusters.profile(found, cohort.columns())
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
        "says": cluster_risks.say_ratios(risks),
        "figure": figure,
        "table": None if figure else cluster_risks.tabulate_risks(risks),
    }


def _adds(results: Results) -> dict[str, Any] | None:
    adds = (results.performance.get("phenotypes") or {}).get("adds")
    if not adds:
        return None
    return {"says": cluster_risks.say_addition(adds), "table": cluster_risks.tabulate_addition(adds)}


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
    agreement = found.get("agreement")
    said = "A model of boosted trees was fitted to the phenotypes, and what it uses tells them apart."
    if agreement is not None:
        least = "at least " if found.get("at_least") else ""
        said += f" Of patients it had not seen, it puts {least}{wording.percent(agreement)} where the clusters do."
    return {"says": said, "table": table}


def _periods(phenotypes: Plain) -> dict[str, Any] | None:
    rows = phenotypes.get("periods") or []
    if not rows:
        return None
    says = (phenotypes.get("trend") or {}).get("says") or ""
    said = wording.sentence(says) if says else "Whether shares change over time was not tested."
    return {"says": said, "figure": cluster_figures.periods(rows, phenotypes["clusters"], said)}
