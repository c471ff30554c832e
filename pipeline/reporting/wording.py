"""Numbers into words. Every adjective is a function of a number; no word here claims a cause.

Thresholds stand beside the adjectives they decide, and `RULES` says them to readers.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Estimate = Mapping[str, Any]
Show = Callable[[float], str]

HIDDEN = "hidden"
NOTHING = "\u2013"
TO = "\u00a0to\u00a0"
"""Between the ends of an interval, which is not broken over two lines."""
CAUSAL = ("would reduce", "prevents", "due to", "causes", "leads to")
"""Words that no page uses, since nothing reported here shows a cause; a test reads every page for them."""

DISCRIMINATION = ((0.6, "weak"), (0.7, "modest"), (0.8, "moderate"), (0.9, "good"), (math.inf, "very good"))
"""The first word whose bound exceeds the AUROC applies."""
PRECISE_SLOPE = 0.5
"""A calibration slope whose interval is wider than this is called imprecise."""

RULES = (
    "AUROC below 0.60 is called weak, below 0.70 modest, below 0.80 moderate, below 0.90 good, and very good from "
    "there on. Calibration slope and O:E ratio are said to agree with 1 when their 95% interval holds 1, and a slope "
    f"is called imprecise when its interval is wider than {PRECISE_SLOPE}."
)

VERDICTS = {
    "PASS": ("Passed", "The model met every check."),
    "WARN": ("Passed with warnings", "No check failed, and at least one asks for caution before use."),
    "FAIL": ("Not fit for use", "At least one check failed. Do not use this model for any patient."),
}
MARKS = {"PASS": "✓", "WARN": "!", "FAIL": "✕"}


def decimal(value: float, digits: int = 2) -> str:
    """A number with `digits` decimals and a true minus sign, never a negative zero."""
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "\u2212")


def decimals(digits: int) -> Show:
    """The formatter for `digits` decimals."""
    return lambda value: decimal(value, digits)


def significant(value: float, digits: int = 3) -> str:
    """A number with `digits` significant digits, without an exponent or needless zeros."""
    if value == 0 or abs(value) >= 10**digits:
        return decimal(value, 0)
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = decimal(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float) -> str:
    """A share, 0 to 1, in whole percent; shares that round to none or all are said to be near it."""
    if 0 < value < 0.005:
        return "<1%"
    if 0.995 <= value < 1:
        return ">99%"
    return decimal(100 * value, 0) + "%"


def signed(digits: int) -> Show:
    """The formatter for differences with `digits` decimals: a plus or a minus, but for none."""

    def show(value: float) -> str:
        text = decimal(value, digits)
        return text if value < 0 or not float(text.replace(",", "")) else f"+{text}"

    return show


def p_value(p: float) -> str:
    """A P value with two significant digits, and limits where it is beyond them."""
    if p < 0.001:
        return "<0.001"
    return ">0.99" if p > 0.99 else significant(p, 2)


def points(value: float) -> str:
    """A signed difference between two shares, in percentage points."""
    return signed(1)(100 * value)


def count(value: int | None) -> str:
    """A number of patients or records; None was hidden for being small."""
    return HIDDEN if value is None else f"{value:,}"


def text(value: object) -> str:
    """A value from a CSV file as text; what is not there becomes a dash."""
    if value is None or value == "":
        return NOTHING
    return significant(value) if isinstance(value, float) else str(value)


def interval(estimate: Estimate, show: Show) -> str:
    """Only the 95% interval, or nothing."""
    if estimate.get("lo") is None or estimate.get("hi") is None:
        return ""
    return f"{show(estimate['lo'])}{TO}{show(estimate['hi'])}"


def estimate(estimate: Estimate, show: Show = decimal) -> str:
    """Value and 95% interval, such as `0.69 (0.63 to 0.75)`; without a value, the reason why."""
    reason = estimate.get("reason") or "no reason recorded"
    if estimate.get("value") is None:
        return f"not computed: {reason}"
    limits = interval(estimate, show)
    return f"{show(estimate['value'])} ({limits or f'no interval: {reason}'})"


def from_columns(row: Mapping[str, Any], name: str) -> Estimate:
    """The estimate that a CSV file keeps in `name`, `name_lo` and `name_hi`."""
    parts = {"value": row.get(name), "lo": row.get(f"{name}_lo"), "hi": row.get(f"{name}_hi")}
    return {**parts, "reason": "not given in the results" if None in parts.values() else None}


def exponential(logarithm: Estimate) -> Estimate:
    """The estimate of a number from that of its logarithm."""
    limits = {key: None if logarithm[key] is None else math.exp(logarithm[key]) for key in ("value", "lo", "hi")}
    return {**limits, "reason": logarithm.get("reason")}


def join(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 patient`, `2 patients`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(words: str) -> str:
    """Words with a capital at the start and a full stop at the end."""
    start = words[:1].upper() + words[1:]
    return start if start.endswith((".", "!", "?")) else start + "."


def discrimination(value: float) -> str:
    """The adjective for an AUROC."""
    return next(word for bound, word in DISCRIMINATION if value < bound)


def say_discrimination(auroc: Estimate) -> str:
    """How well patients are told apart, from the AUROC and both ends of its interval."""
    if auroc.get("value") is None:
        return f"Discrimination was {estimate(auroc)}."
    said = f"Discrimination is {discrimination(auroc['value'])}"
    if not interval(auroc, decimal):
        return f"{said}; how precisely is unknown."
    low, high = discrimination(auroc["lo"]), discrimination(auroc["hi"])
    if auroc["lo"] <= 0.5:
        return f"{said}, and the data do not rule out that it is no better than chance."
    return f"{said}." if low == high else f"{said}; the data are compatible with {low} to {high}."


def explain_auroc(auroc: Estimate, outcome: str) -> str:
    """The AUROC as pairs of patients."""
    if auroc.get("value") is None:
        return "How well the model tells patients apart cannot be said."
    pairs = decimal(100 * auroc["value"], 0)
    return (
        f"Of 100 pairs of patients, one with and one without {outcome}, the model gives the higher risk to the "
        f"right one in about {pairs}. Guessing gets 50."
    )


def position(estimate: Estimate, ideal: float = 1.0) -> str:
    """Where the whole interval lies: `below`, `around` or `above` the ideal, or `unknown`."""
    if estimate.get("value") is None or estimate.get("lo") is None or estimate.get("hi") is None:
        return "unknown"
    if estimate["hi"] < ideal:
        return "below"
    return "above" if estimate["lo"] > ideal else "around"


def explain_slope(slope: Estimate) -> str:
    """What a calibration slope says about high and low predicted risks."""
    said = {
        "below": "Predictions are too extreme: high risks are overstated and low risks understated.",
        "above": "Predictions are too close to the average: high risks are understated and low risks overstated.",
        "around": "The spread of predicted risks agrees with 1, the ideal.",
        "unknown": "Whether the spread of predicted risks is right cannot be said.",
    }[position(slope)]
    wide = position(slope) == "around" and slope["hi"] - slope["lo"] > PRECISE_SLOPE
    return f"{said} The estimate is imprecise." if wide else said


def explain_ratio(ratio: Estimate) -> str:
    """What observed over expected says about the average risk."""
    return {
        "below": "Fewer events were observed than predicted: on average, risks are overstated.",
        "above": "More events were observed than predicted: on average, risks are understated.",
        "around": "The number of events agrees with the number predicted.",
        "unknown": "Whether the average risk is right cannot be said.",
    }[position(ratio)]


def explain_benefit(row: Mapping[str, Any] | None) -> str:
    """Net benefit at one threshold, per 1,000 patients."""
    if row is None or row["model"].get("value") is None:
        return "Whether acting on the model helps cannot be said."
    gained = row["model"]["value"]
    said = (
        f"Acting on risks of {percent(row['threshold'])} or more is worth as much as finding "
        f"{decimal(1000 * max(gained, 0), 0)} more true cases per 1,000 patients with no false alarm."
    )
    everyone = row["treat_all"].get("value")
    return (
        said
        if everyone is None
        else f"{said} On the same scale, acting on everyone is worth {decimal(1000 * everyone, 0)}."
    )


def better_thresholds(rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """The thresholds at which the model's net benefit is above both acting on everyone and on nobody."""
    known = [row for row in rows if None not in (row["model"].get("value"), row["treat_all"].get("value"))]
    return [row["threshold"] for row in known if row["model"]["value"] > max(row["treat_all"]["value"], 0.0)]


def say_utility(rows: Sequence[Mapping[str, Any]]) -> str:
    """At how many thresholds the model is worth more than the two simple policies."""
    if not rows:
        return "Net benefit was not computed: the schema declares no decision threshold."
    better = better_thresholds(rows)
    if not better:
        return "At no declared threshold does the model have more net benefit than acting on everyone or on nobody."
    span = percent(better[0]) if len(better) == 1 else f"between {percent(min(better))} and {percent(max(better))}"
    return (
        f"At {len(better)} of {plural(len(rows), 'declared threshold')} ({span}) the model has more net benefit "
        "than acting on everyone and acting on nobody. These are point estimates; their intervals may overlap."
    )


def say_calibration(slope: Estimate, ratio: Estimate) -> str:
    """Both aspects of calibration in one sentence."""
    average = {"below": "overstated", "above": "understated", "around": "right on average", "unknown": "unknown"}
    spread = {"below": "too extreme", "above": "too cautious", "around": "about right", "unknown": "unknown"}
    if "unknown" in (position(slope), position(ratio)):
        return f"Calibration slope: {estimate(slope)}. O:E ratio: {estimate(ratio)}."
    imprecise = slope["hi"] - slope["lo"] > PRECISE_SLOPE
    tail = ", though that is imprecise" if imprecise else ""
    level, extent = average[position(ratio)], spread[position(slope)]
    return f"Predicted risks are {level}, and their spread is {extent}{tail}."


def percentage_points(value: float) -> str:
    """A distance between two shares, without a sign."""
    return f"{decimal(100 * value, 1)} percentage points"


def say_smooth(curve: Mapping[str, Any], ici: Estimate) -> str:
    """How far the smooth calibration curve lies from predicted risks."""
    if not curve["points"]:
        return f"No smooth calibration curve was drawn: {curve['reason']}."
    said = (
        f"The smooth calibration curve is a {curve['fit']} of the log-odds (Van Calster et al. 2019, BMC Med 17:230)."
    )
    if ici.get("value") is None:
        return f"{said} Its mean distance from predicted risks was {estimate(ici)}."
    limits = interval(ici, decimals(3))
    index = f"ICI {decimal(ici['value'], 3)}, " + (
        f"95% interval {limits}" if limits else f"no interval: {ici['reason']}"
    )
    return (
        f"{said} From the predicted risks it is {percentage_points(ici['value'])} away on average ({index}), and for "
        f"nine patients in ten at most {percentage_points(curve['e90'])} (E90)."
    )
