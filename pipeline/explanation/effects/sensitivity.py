"""How strong a confounder that nobody adjusted for would have to be to explain a ratio away."""

from math import sqrt

from pipeline.estimates import Estimate, nothing
from pipeline.explanation.effects.estimates import DESCRIBES
from pipeline.phrases import phrase


def e_value(ratio: float) -> float:
    """The E-value of a risk ratio above 0, at least 1 (VanderWeele and Ding 2017, Ann Intern Med 167:268).

    The least risk ratio that a confounder must have with both treatment and outcome, beyond what is adjusted for, to
    move the ratio to 1.
    """
    assert ratio > 0, "a ratio of risks is above 0"
    away = max(ratio, 1 / ratio)
    return away + sqrt(away * (away - 1))


def e_value_of_limit(lo: float, hi: float) -> float:
    """The E-value of the limit nearer to 1; 1 where the interval holds 1."""
    if lo <= 1 <= hi:
        return 1.0
    return e_value(lo if lo > 1 else hi)


def describe_sensitivity(ratio: Estimate) -> dict[str, Estimate]:
    """`e_value` of the ratio and `e_value_of_limit`, each without an interval of its own."""
    if ratio.value is None or ratio.lo is None or ratio.hi is None:
        none = nothing(ratio.reason or phrase("there is no ratio"))
        return {"e_value": none, "e_value_of_limit": none}
    values = {"e_value": e_value(ratio.value), "e_value_of_limit": e_value_of_limit(ratio.lo, ratio.hi)}
    return {name: Estimate(value, None, None, DESCRIBES) for name, value in values.items()}
