"""How the factors are weighed: patients explained, directions imposed, pairs, groups, and other candidates."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.words.numbers import (
    Estimate,
    count,
    decimal,
    estimate,
    interval,
    join,
    percent,
    plural,
    position,
    signed,
)

Plain = Mapping[str, Any]

PAIRS_NOTE = (
    "Strength: mean absolute SHAP interaction in log-odds, what two factors say together beyond what each says by "
    "itself (Lundberg et al. 2020, Nat Mach Intell 2:56), with 95% interval across refits. Half of it is in either "
    "factor's weight. Only trees read factors together."
)
NO_PAIRS = "The model reads no two factors together: its parts add up factor by factor."
TOGETHER = (
    "These factors go together in the patients, so that the model may weigh one in the place of another. Read their "
    "weights as a group; apart, they say little."
)
TOGETHER_NOTE = (
    "Go together: an association of at least .7 between each two (rank correlation, Cramer's V or correlation "
    "ratio). As a group: mean absolute sum of their parts, in log-odds, with 95% interval across refits. Apart: the "
    "sum of their weights, each by itself."
)
NONE_TOGETHER = "No two factors have an association of .7 or more, so that each weight can be read by itself."
GROUPS_NOTE = (
    "The five factors of most weight in each group, with the mean absolute part in log-odds and its 95% interval "
    "across refits. Groups of few patients are not shown."
)
OTHERS = (
    "Candidates that are not deployed and cannot be explained exactly, by SHAP values from samples: factors take the "
    "patient's values one by one, in random orders and their reverse, starting from other patients."
)


def say_sample(sample: Plain) -> str:
    """How many patients are explained, and how many the ranking needs."""
    said = f"{count(sample['explained'])} of {count(sample['patients'])} patients are explained, one record of each"
    if sample["explained"] == sample["patients"]:
        return f"{said}."
    if sample["needed"] <= sample["explained"]:
        return f"{said}: the intervals of the ranking need {count(sample['needed'])}, and more no longer narrow them."
    return (
        f"{said}, as many as the settings allow; {count(sample['needed'])} would be needed for intervals that "
        "more patients no longer narrow."
    )


def say_parts(sample: Plain) -> str:
    """What the parts start from, what they add up to, and how exactly."""
    exact = f"{sample['gap']:.0e}".replace("e-0", "e-") if sample["gap"] else "0"
    return (
        f"Every patient's log-odds are a base of {decimal(sample['base'])} (a risk of {percent(sample['base_risk'])}) "
        f"and a part for each factor; they add up to the risk shown, with no gap above {exact}. A factor's weight is "
        "the mean absolute part. In points of risk, a part is how far the factor moves the risk itself, averaged "
        f"over {count(sample['orders'])} orders in which the factors may be added to the base, in "
        f"{count(sample['points_of'])} patients; these parts add up to the risk as well."
    )


def say_stability(sample: Plain) -> str:
    """How alike the rankings of models learnt again are."""
    if sample["agreement"] is None:
        return ""
    return (
        f"The model was learnt again from {sample['refits']} bootstrap resamples of the patients, each recalibrated on "
        "those it did not draw. The rank correlation of its weights with those of the refits is "
        f"{decimal(sample['agreement'])} on average."
    )


def warn_of_directions(against: Sequence[str], freely: Sequence[str]) -> str:
    """Which factors the model, or trees left free, learn against expectation; empty where there are none."""
    said = []
    if against:
        said.append(f"Learnt against the expected direction: {join(list(against))}.")
    if freely:
        said.append(f"Kept to the expected direction only because it is imposed: {join(list(freely))}.")
    return " ".join([*said, "Ask why before the model is used."]) if said else ""


def say_cost(difference: Estimate | None, constrained: int) -> str:
    """What the imposed directions cost in AUROC."""
    if not constrained:
        return "No direction is imposed on the trees, so that none costs anything."
    imposed = f"On {plural(constrained, 'factor')} the trees have the expected direction imposed."
    if difference is None:
        return f"{imposed} What that costs is not known: boosted_trees_free is not among the candidates."
    shown = estimate(difference, signed(3))
    found = {
        "below": "they cost discrimination",
        "above": "they add to it",
        "around": "the data do not tell whether they cost anything",
        "unknown": "what that costs cannot be said",
    }[position(difference, 0.0)]
    return (
        f"{imposed} Boosted trees with the directions have an AUROC that differs by {shown} from that of the same "
        f"trees without: {found}."
    )


def say_weight(row: Plain) -> str:
    """A factor's weight in a group, with its interval."""
    limits = {"lo": row["importance_lo"], "hi": row["importance_hi"]}
    return f"{decimal(row['importance'])} ({interval(limits, decimal)})"


def note_others(models: Sequence[Plain]) -> str:
    """On how many patients and draws the figures rest, and how like the deployed model's ranking theirs is."""
    first = models[0]
    alike = [f"{model['label']} {decimal(model['agreement'])}" for model in models if model["agreement"] is not None]
    ranked = f" Rank correlation with the deployed model's weights: {'; '.join(alike)}." if alike else ""
    return (
        f"Mean absolute SHAP value in log-odds and, after \u00b1, the mean standard error of a single value, from "
        f"{count(first['draws'])} draws for each of {count(first['patients'])} patients.{ranked}"
    )
