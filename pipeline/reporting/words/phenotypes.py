"""The section on phenotypes: what was found or refused, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.words.numbers import TO, decimal, join, percent, plural, sentence
from pipeline.reporting.words.tables import SMALL

Plain = Mapping[str, Any]

WHAT = "Groups of similar patients, found from the predictors without looking at the outcome."
FINDING = (
    "This is a finding and not a failure: groups that resamples of the same patients do not find again, or that "
    "separate them no better than data without clusters are separated, are not shown."
)
NONE_SHOWN = "No phenotypes are shown."
ASKS_CALIBRATION = "Is the model wrong for some phenotype?"
ASKS_ADDITION = "Do they add to the risk model?"
TREATED = (
    "Treatments were not used to find the phenotypes. Patients are treated because of how ill they are, so that this "
    "table says who received what and nothing about what a treatment does."
)
UNTESTED_TREND = "Whether shares change over time was not tested."
RULES = (
    "Sensitivity: share of the phenotype's patients whom the rule finds. Precision: share of the patients found "
    "who are of the phenotype. Each with its 95% interval."
)
TREATMENTS = f"Share of the phenotype's patients; in brackets, of all other patients. {SMALL}"
PERIODS = "Share of the period's patients in each phenotype, with its 95% interval."
AGREEMENT = "Agreement with the clusters shown: 0 is what chance gives, 1 the same clusters."
DIRECTIONS = {"higher": "higher", "lower": "lower", "mixed": "neither higher nor lower throughout", None: "no order"}
"""The values of a predictor that speak for membership of a phenotype."""


def _by(phenotypes: Plain, word: str) -> str:
    return f" {word} {phenotypes['label']}" if phenotypes.get("label") else ""


def say_found(phenotypes: Plain) -> str:
    """How many clusters, by which clusterer, of how many patients."""
    found = phenotypes["clusters"]
    shares = sorted(c["share"] for c in found)
    return (
        f"{plural(phenotypes['k'], 'phenotype was', 'phenotypes were')} found{_by(phenotypes, 'by')}, of "
        f"{min(c['n'] for c in found):,} to {max(c['n'] for c in found):,} patients each "
        f"({percent(shares[0])}{TO}{percent(shares[-1])})."
    )


def say_none(phenotypes: Plain) -> str:
    """Which numbers of clusters were tried in vain."""
    tried = join([str(one["k"]) for one in phenotypes["tried"]])
    return f"No stable clusters: {tried} clusters were tried{_by(phenotypes, 'with')}, and none was kept. {FINDING}"


def say_refusal(tried: Plain) -> str:
    """Why a number of clusters was refused, and the figures behind that."""
    said = f"{plural(tried['k'], 'cluster')}: {tried.get('reason') or 'no reason recorded'}"
    figures = []
    if tried.get("smallest_jaccard") is not None:
        figures.append(f"least stability {decimal(tried['smallest_jaccard'])}")
    if tried.get("silhouette") is not None and tried.get("reference_quantile") is not None:
        chance = decimal(tried["reference_quantile"])
        figures.append(f"separation {decimal(tried['silhouette'])}, where more than {chance} is needed")
    return sentence(f"{said} ({'; '.join(figures)})" if figures else said)


def say_agreement(phenotypes: Plain) -> str:
    """How many other clusterers found clusters, and how far those agree with the clusters shown."""
    others = phenotypes.get("agreement") or ()
    own = [one for one in others if one.get("k")]
    rand = sorted(one["rand"] for one in own if one.get("rand") is not None)
    if not others:
        return ""
    said = f"{len(own)} of {plural(len(others), 'other clusterer')} found clusters"
    if not rand:
        return f"{said}."
    span = [decimal(value) for value in rand]
    between = f"is {span[0]}" if len(rand) == 1 else f"lies between {span[0]} and {span[-1]}"
    return f"{said}; their adjusted Rand index with the clusters shown {between}."


def say_membership(found: Plain) -> str:
    """What the factors of membership are, and how often their model finds the cluster."""
    said = "A model of boosted trees was fitted to the phenotypes, and what it uses tells them apart."
    if found.get("agreement") is None:
        return said
    least = "at least " if found.get("at_least") else ""
    return f"{said} Of patients it had not seen, it puts {least}{percent(found['agreement'])} where the clusters do."


def say_rule(rule: Plain) -> str:
    """Its paths, any of which suffices; without any, why."""
    paths = [join(list(path)) for path in rule.get("conditions") or () if path]
    if not paths:
        return sentence(f"no rule: {rule.get('reason') or 'no reason recorded'}")
    return "; or: ".join(paths)


def note_clusters(*, told: bool, judged: bool) -> str:
    """What stability is; the status if it is `told`, and the outcome among those evaluated if it is `judged`."""
    said = "Stability: mean Jaccard similarity over resamples; 1 means that the same patients are found every time."
    if told:
        said += " Status: kept from the clusters found before, or new."
    if judged:
        said += " Observed outcome and O:E ratio: in the patients evaluated, each with its 95% interval."
    return said


def note_tried(given: Sequence[str]) -> str:
    """What the columns are by which a number of clusters was judged; `given`: the optional ones."""
    note = "Separation: simplified silhouette, 0 to 1; 'to exceed' is what data without clusters reach by chance."
    if "rand" in given:
        note += " Agreement: mean adjusted Rand index over resamples; 0 is chance, 1 is the same clusters every time."
    if "gap" in given:
        note += " Gap: the gap statistic of Tibshirani et al. (2001, J R Stat Soc B 63:411)."
    return note


def note_profiles(shown: int) -> str:
    """What the cells of the profiles hold."""
    return (
        "Median, or the most frequent level with its share; in brackets, the difference from all other patients "
        "in standard deviations, of the named level where levels have no order. "
        f"At most the {shown} characteristics that differ most."
    )


def note_factors(explained: int) -> str:
    """What the weights are that tell a phenotype apart."""
    return (
        "Weight: mean absolute contribution (SHAP) to the log-odds of membership. "
        f"At most the {explained} heaviest of each phenotype."
    )
