"""What is said of drift: a sentence for each figure beyond its bound, and one for all."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.sections import Drift

SAYS = {
    "psi": phrase("The population stability index of {label} is {interval}, above {bound}."),
    "ks": phrase("The Kolmogorov-Smirnov distance of {label} is {interval}, above {bound}."),
    "missing": phrase("The share of {label} that is missing has changed by {interval}, more than {bound}."),
    "unit_low": phrase("The 1st percentile of {label} has changed by the factor {interval}, more than {bound} allows."),
    "unit_middle": phrase("The median of {label} has changed by the factor {interval}, more than {bound} allows."),
    "unit_high": phrase(
        "The 99th percentile of {label} has changed by the factor {interval}, more than {bound} allows."
    ),
    "classifier": phrase("New patients are told from old ones with an AUROC of {interval}, above {bound}."),
    "score_psi": phrase("The population stability index of the risks is {interval}, above {bound}."),
    "score_ks": phrase("The Kolmogorov-Smirnov distance of the risks is {interval}, above {bound}."),
    "oe": phrase("Observed to expected events are {interval}, further from 1 than the factor {bound}."),
    "intercept": phrase("The odds of the event are {interval} times those foreseen, further from 1 than {bound}."),
    "auroc": phrase("The AUROC has fallen by {interval}, more than {bound}."),
}
INTERVAL = phrase("{value} (interval {lo} to {hi})")
OPEN = phrase("{value} (interval from {lo})")
HIDDEN = phrase("a figure that is not told")
OF_PERIOD = phrase("In the period {level}: {sentence}")
OF_LEVEL = phrase("In the subgroup {label}, {level}: {sentence}")
NONE = phrase("No figure of {n} lies wholly beyond its bound.")
SOME = phrase("Drift: {beyond} of {n} figures lie wholly beyond their bounds.")
FEW = phrase("Drift is not judged with fewer than {n} patients on either side.")


def say_all(judged: Sequence[Mapping[str, Any]], settings: Drift) -> list[str]:
    """The summary first, then each figure beyond."""
    if not judged:
        return [FEW.format(n=settings.patients_at_least)]
    beyond = [figure for figure in judged if figure["beyond"]]
    n = sum(figure["judged"] for figure in judged)
    summary = (SOME if beyond else NONE).format(n=n, beyond=len(beyond))
    return [summary, *map(say_figure, beyond)]


def say_figure(figure: Mapping[str, Any]) -> str:
    """What is said of a figure beyond its bound."""
    said = SAYS[figure["kind"]].format(
        label=figure["column"], interval=_say_interval(figure), bound=f"{figure['bound']:g}"
    )
    if figure["period"] is not None:
        return OF_PERIOD.format(level=figure["period"], sentence=said)
    if figure["group"] is not None:
        return OF_LEVEL.format(label=figure["group"], level=figure["level"], sentence=said)
    return said


def _say_interval(figure: Mapping[str, Any]) -> str:
    value, lo, hi = (None if figure[key] is None else f"{figure[key]:.3g}" for key in ("value", "lo", "hi"))
    if value is None:
        return HIDDEN
    return OPEN.format(value=value, lo=lo) if hi is None else INTERVAL.format(value=value, lo=lo, hi=hi)
