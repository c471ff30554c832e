"""The section on phenotypes: what was found or refused, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.names import Levels, say_condition
from pipeline.reporting.words.numbers import (
    JOINT,
    bracket,
    count,
    decimal,
    interval,
    join,
    percent,
    say_reason,
    sentence,
    sentences,
)

Plain = Mapping[str, Any]

WHAT = phrase("Groups of similar patients, found from the predictors without looking at the outcome.")
FINDING = phrase(
    "This is a finding and not a failure: groups that resamples of the same patients do not find again, or that "
    "separate them no better than data without clusters are separated, are not shown."
)
NONE_SHOWN = phrase("No phenotypes are shown.")
ASKS_CALIBRATION = phrase("Is the model wrong for some phenotype?")
ASKS_ADDITION = phrase("Do they add to the risk model?")
TREATED = phrase(
    "Treatments were not used to find the phenotypes. Patients are treated because of how ill they are, so that this "
    "table says who received what and nothing about what a treatment does."
)
UNTESTED_TREND = phrase("Whether shares change over time was not tested.")
RULES = phrase(
    "Sensitivity: share of the phenotype's patients whom the rule finds. Precision: share of the patients found "
    "who are of the phenotype. Each with its 95% interval."
)
TREATMENTS = phrase("Share of the phenotype's patients; in brackets, of all other patients.")
PERIODS = phrase("Share of the period's patients in each phenotype, with its 95% interval.")
AGREEMENT = phrase("Agreement with the clusters shown: 0 is what chance gives, 1 the same clusters.")
FITTED = phrase("A model of boosted trees was fitted to the phenotypes, and what it uses tells them apart.")
DIRECTIONS = {
    "higher": phrase("higher"),
    "lower": phrase("lower"),
    "mixed": phrase("neither higher nor lower throughout"),
    None: phrase("no order"),
}
"""The values of a predictor that speak for membership of a phenotype."""
STATUS = {"kept": phrase("kept"), "new": phrase("new")}


def say_found(phenotypes: Plain) -> str:
    """How many clusters, by which clusterer, of how many patients."""
    sizes, shares = ([c[key] for c in phenotypes["clusters"]] for key in ("n", "share"))
    span = interval({"lo": min(shares), "hi": max(shares)}, percent)
    values, label = {"least": count(min(sizes)), "most": count(max(sizes)), "shares": span}, phenotypes.get("label")
    if not label:
        return plural(
            phenotypes["k"],
            "{n} phenotype was found, of {least} to {most} patients each ({shares}).",
            "{n} phenotypes were found, of {least} to {most} patients each ({shares}).",
            **values,
        )
    return plural(
        phenotypes["k"],
        "{n} phenotype was found by {clusterer}, of {least} to {most} patients each ({shares}).",
        "{n} phenotypes were found by {clusterer}, of {least} to {most} patients each ({shares}).",
        clusterer=say(label),
        **values,
    )


def say_none(phenotypes: Plain) -> str:
    """Which numbers of clusters were tried in vain."""
    tried, label = join([str(one["k"]) for one in phenotypes["tried"]]), phenotypes.get("label")
    said = (
        say(
            "No stable clusters: {tried} clusters were tried with {clusterer}, and none was kept.",
            tried=tried,
            clusterer=say(label),
        )
        if label
        else say("No stable clusters: {tried} clusters were tried, and none was kept.", tried=tried)
    )
    return sentences([said, say(FINDING)])


def say_refusal(tried: Plain) -> str:
    """Why a number of clusters was refused, and the figures behind that."""
    said = plural(tried["k"], "{n} cluster: {reason}", "{n} clusters: {reason}", reason=say_reason(tried))
    figures = []
    if tried.get("smallest_jaccard") is not None:
        figures.append(say("least stability {stability}", stability=decimal(tried["smallest_jaccard"])))
    if tried.get("silhouette") is not None and tried.get("reference_quantile") is not None:
        separation, chance = (decimal(tried[key]) for key in ("silhouette", "reference_quantile"))
        figures.append(
            say("separation {separation}, where more than {chance} is needed", separation=separation, chance=chance)
        )
    return sentence(bracket(said, say(JOINT).join(figures)) if figures else said)


def say_agreement(phenotypes: Plain) -> str:
    """How many other clusterers found clusters, and how far those agree with the clusters shown."""
    others = phenotypes.get("agreement") or ()
    own = [one for one in others if one.get("k")]
    rand = sorted(one["rand"] for one in own if one.get("rand") is not None)
    if not others:
        return ""
    said = plural(
        len(others),
        "{found} of {n} other clusterer found clusters",
        "{found} of {n} other clusterers found clusters",
        found=len(own),
    )
    return sentence(_add_index(said, [decimal(value) for value in rand]))


def _add_index(said: str, rand: Sequence[str]) -> str:
    """What was said, and the adjusted Rand indices, in ascending order."""
    if not rand:
        return said
    if len(rand) == 1:
        return say("{said}; their adjusted Rand index with the clusters shown is {rand}", said=said, rand=rand[0])
    return say(
        "{said}; their adjusted Rand index with the clusters shown lies between {least} and {most}",
        said=said,
        least=rand[0],
        most=rand[-1],
    )


def say_membership(found: Plain) -> str:
    """What the factors of membership are, and how often their model finds the cluster."""
    if found.get("agreement") is None:
        return say(FITTED)
    share = percent(found["agreement"])
    agrees = (
        say("Of patients it had not seen, it puts at least {share} where the clusters do.", share=share)
        if found.get("at_least")
        else say("Of patients it had not seen, it puts {share} where the clusters do.", share=share)
    )
    return sentences([say(FITTED), agrees])


def say_rule(rule: Plain, levels: Levels | None = None) -> str:
    """Its paths, any of which suffices; without any, why. `levels` of the predictors tell their labels."""
    told = [[say_condition(one, levels or {}) for one in path] for path in rule.get("conditions") or () if path]
    if not told:
        return sentence(say("No rule: {reason}", reason=say_reason(rule)))
    return say("; or: ").join(join(path) for path in told)


def note_clusters(*, told: bool, judged: bool) -> str:
    """What stability is; the status if it is `told`, and the outcome among those evaluated if it is `judged`."""
    said = [
        say("Stability: mean Jaccard similarity over resamples; 1 means that the same patients are found every time.")
    ]
    if told:
        said.append(say("Status: kept from the clusters found before, or new."))
    if judged:
        said.append(say("Observed outcome and O:E ratio: in the patients evaluated, each with its 95% interval."))
    return sentences(said)


def note_tried(given: Sequence[str]) -> str:
    """What the columns are by which a number of clusters was judged; `given`: the optional ones."""
    said = [
        say("Separation: simplified silhouette, 0 to 1; 'to exceed' is what data without clusters reach by chance.")
    ]
    if "rand" in given:
        said.append(
            say("Agreement: mean adjusted Rand index over resamples; 0 is chance, 1 is the same clusters every time.")
        )
    if "gap" in given:
        said.append(say("Gap: the gap statistic of Tibshirani et al. (2001, J R Stat Soc B 63:411)."))
    return sentences(said)


def note_profiles(shown: int) -> str:
    """What the cells of the profiles hold."""
    return say(
        "Median, or the most frequent level with its share; in brackets, the difference from all other patients "
        "in standard deviations, of the named level where levels have no order. "
        "At most the {shown} characteristics that differ most.",
        shown=shown,
    )


def note_factors(explained: int) -> str:
    """What the weights are that tell a phenotype apart."""
    return say(
        "Weight: mean absolute contribution (SHAP) to the log-odds of membership. "
        "At most the {explained} heaviest of each phenotype.",
        explained=explained,
    )
