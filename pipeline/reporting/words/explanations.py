"""How the factors are weighed: patients explained, directions imposed, pairs, groups, and other candidates."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.numbers import (
    JOINT,
    Estimate,
    bracket,
    count,
    decimal,
    estimate,
    interval,
    join,
    percent,
    position,
    sentences,
    signed,
)

Plain = Mapping[str, Any]

PAIRS_NOTE = phrase(
    "Strength: mean absolute SHAP interaction in log-odds, what two factors say together beyond what each says by "
    "itself (Lundberg et al. 2020, Nat Mach Intell 2:56), with 95% interval across refits. Half of it is in either "
    "factor's weight. Only trees read factors together."
)
NO_PAIRS = phrase("The model reads no two factors together: its parts add up factor by factor.")
TOGETHER = phrase(
    "These factors go together in the patients, so that the model may weigh one in the place of another. Read their "
    "weights as a group; apart, they say little."
)
TOGETHER_NOTE = phrase(
    "Go together: an association of at least .7 between each two (rank correlation, Cramer's V or correlation "
    "ratio). As a group: mean absolute sum of their parts, in log-odds, with 95% interval across refits. Apart: the "
    "sum of their weights, each by itself."
)
NONE_TOGETHER = phrase("No two factors have an association of .7 or more, so that each weight can be read by itself.")
GROUPS_NOTE = phrase(
    "The five factors of most weight in each group, with the mean absolute part in log-odds and its 95% interval "
    "across refits. Groups of few patients are not shown."
)
OTHERS = phrase(
    "Candidates that are not deployed and cannot be explained exactly, by SHAP values from samples: factors take the "
    "patient's values one by one, in random orders and their reverse, starting from other patients."
)

TITLES = {
    "modifiable": phrase("Weight in the model: what medicine can act on"),
    "treatments": phrase("Weight in the model: treatments"),
    "context": phrase("Weight in the model: markers and fixed"),
}
"""The weights of the factors of each table, by its key."""
COSTS = {
    "below": phrase("they cost discrimination"),
    "above": phrase("they add to it"),
    "around": phrase("the data do not tell whether they cost anything"),
    "unknown": phrase("what that costs cannot be said"),
}
"""By where the interval of the difference in AUROC lies."""


def say_sample(sample: Plain) -> str:
    """How many patients are explained, and how many the ranking needs."""
    values = {"explained": count(sample["explained"]), "patients": count(sample["patients"])}
    if sample["explained"] == sample["patients"]:
        return say("{explained} of {patients} patients are explained, one record of each.", **values)
    if sample["needed"] <= sample["explained"]:
        return say(
            "{explained} of {patients} patients are explained, one record of each: the intervals of the ranking need "
            "{needed}, and more no longer narrow them.",
            needed=count(sample["needed"]),
            **values,
        )
    return say(
        "{explained} of {patients} patients are explained, one record of each, as many as the settings allow; "
        "{needed} would be needed for intervals that more patients no longer narrow.",
        needed=count(sample["needed"]),
        **values,
    )


def say_parts(sample: Plain) -> str:
    """What the parts start from, what they add up to, and how exactly."""
    return say(
        "Every patient's log-odds are a base of {base} (a risk of {risk}) and a part for each factor; they add up to "
        "the risk shown, with no gap above {gap}. A factor's weight is the mean absolute part. In points of risk, a "
        "part is how far the factor moves the risk itself, averaged over {orders} orders in which the factors may be "
        "added to the base, in {patients} patients; these parts add up to the risk as well.",
        base=decimal(sample["base"]),
        risk=percent(sample["base_risk"]),
        gap=f"{sample['gap']:.0e}".replace("e-0", "e-") if sample["gap"] else "0",
        orders=count(sample["orders"]),
        patients=count(sample["points_of"]),
    )


def say_stability(sample: Plain) -> str:
    """How alike the rankings of models learnt again are."""
    if sample["agreement"] is None:
        return ""
    return say(
        "The model was learnt again from {refits} bootstrap resamples of the patients, each recalibrated on those it "
        "did not draw. The rank correlation of its weights with those of the refits is {agreement} on average.",
        refits=sample["refits"],
        agreement=decimal(sample["agreement"]),
    )


def say_sampled(sample: Plain) -> str:
    """That a sample of the patients taught the models learnt again, and what that does to intervals."""
    if sample.get("sampled") is None:
        return ""
    return say(
        "Resamples are of a random sample of {sampled} patients, so that intervals are wider than those of resamples "
        "of all patients would be.",
        sampled=count(sample["sampled"]),
    )


def warn_of_directions(against: Sequence[str], freely: Sequence[str]) -> str:
    """Which factors the model, or trees left free, learn against expectation; empty where there are none."""
    said = []
    if against:
        said.append(say("Learnt against the expected direction: {factors}.", factors=join(list(against))))
    if freely:
        said.append(
            say("Kept to the expected direction only because it is imposed: {factors}.", factors=join(list(freely)))
        )
    return sentences([*said, say("Ask why before the model is used.")]) if said else ""


def say_cost(difference: Estimate | None, constrained: int) -> str:
    """What the imposed directions cost in AUROC."""
    if not constrained:
        return say("No direction is imposed on the trees, so that none costs anything.")
    imposed = plural(
        constrained,
        "On {n} factor the trees have the expected direction imposed.",
        "On {n} factors the trees have the expected direction imposed.",
    )
    if difference is None:
        return sentences(
            [imposed, say("What that costs is not known: boosted_trees_free is not among the candidates.")]
        )
    compared = say(
        "Boosted trees with the directions have an AUROC that differs by {difference} from that of the same trees "
        "without: {found}.",
        difference=estimate(difference, signed(3)),
        found=say(COSTS[position(difference, 0.0)]),
    )
    return sentences([imposed, compared])


def say_weight(row: Plain) -> str:
    """A factor's weight in a group, with its interval."""
    limits = {"lo": row["importance_lo"], "hi": row["importance_hi"]}
    return bracket(decimal(row["importance"]), interval(limits, decimal))


def note_others(models: Sequence[Plain]) -> str:
    """On how many patients and draws the figures rest, and how like the deployed model's ranking theirs is."""
    first = models[0]
    said = say(
        "Mean absolute SHAP value in log-odds and, after \u00b1, the mean standard error of a single value, from "
        "{draws} draws for each of {patients} patients.",
        draws=count(first["draws"]),
        patients=count(first["patients"]),
    )
    alike = {model["label"]: model["agreement"] for model in models if model["agreement"] is not None}
    if not alike:
        return said
    ranks = say(JOINT).join(f"{say(label)} {decimal(agreement)}" for label, agreement in alike.items())
    return sentences([said, say("Rank correlation with the deployed model's weights: {models}.", models=ranks)])
