"""The verdict and the headline: what the overall figures mean. Every adjective is picked by a number."""

from pipeline.reporting.words.adjectives import DISCRIMINATION, LEVEL, PRECISION, SPREAD, Scale
from pipeline.reporting.words.numbers import Estimate, decimal, estimate, interval, position

VERDICTS = {
    "PASS": ("Passed", "The model met every check."),
    "WARN": ("Passed with warnings", "No check failed, and at least one asks for caution before use."),
    "FAIL": ("Not fit for use", "At least one check failed. Do not use this model for any patient."),
}
MARKS = {"PASS": "✓", "WARN": "!", "FAIL": "✕"}
INTERVAL = "A 95% interval is the range of values with which the data are compatible."


def _say_scale(scale: Scale) -> str:
    """All steps of a scale, as a rule."""
    (lowest, first), *others, (_, last) = scale.steps
    steps = [
        f"below {decimal(lowest)} is called {first}",
        *(f"below {decimal(bound)} {word}" for bound, word in others),
    ]
    return f"{', '.join(steps)}, and {last} from there on"


def say_rules() -> str:
    """The rules by which numbers pick the adjectives."""
    (widest, _), (_, imprecise) = PRECISION.steps
    return (
        f"AUROC {_say_scale(DISCRIMINATION)}. Calibration slope and O:E ratio are said to agree with 1 when their 95% "
        f"interval holds 1, and a slope is called {imprecise} when its interval is wider than {widest}."
    )


def say_discrimination(auroc: Estimate) -> str:
    """How well patients are told apart, from the AUROC and both ends of its interval."""
    if auroc.get("value") is None:
        return f"Discrimination was {estimate(auroc)}."
    said = f"Discrimination is {DISCRIMINATION.word(auroc['value'])}"
    if not interval(auroc, decimal):
        return f"{said}; how precisely is unknown."
    low, high = DISCRIMINATION.word(auroc["lo"]), DISCRIMINATION.word(auroc["hi"])
    if auroc["lo"] <= 0.5:
        return f"{said}, and the data do not rule out that it is no better than chance."
    return f"{said}." if low == high else f"{said}; the data are compatible with {low} to {high}."


def say_calibration(slope: Estimate, ratio: Estimate) -> str:
    """Both aspects of calibration in one sentence."""
    if "unknown" in (position(slope), position(ratio)):
        return f"Calibration slope: {estimate(slope)}. O:E ratio: {estimate(ratio)}."
    imprecise = PRECISION.word(slope["hi"] - slope["lo"])
    tail = f", though that is {imprecise}" if imprecise else ""
    return f"Predicted risks are {LEVEL.word(ratio)}, and their spread is {SPREAD.word(slope)}{tail}."


def explain_auroc(auroc: Estimate, outcome: str) -> str:
    """The AUROC as pairs of patients."""
    if auroc.get("value") is None:
        return "How well the model tells patients apart cannot be said."
    pairs = decimal(100 * auroc["value"], 0)
    return (
        f"Of 100 pairs of patients, one with and one without {outcome}, the model gives the higher risk to the "
        f"right one in about {pairs}. Guessing gets 50."
    )


def explain_slope(slope: Estimate) -> str:
    """What a calibration slope says about high and low predicted risks."""
    said = {
        "below": f"Predictions are {SPREAD.below}: high risks are {LEVEL.below} and low risks {LEVEL.above}.",
        "above": f"Predictions are too close to the average: high risks are {LEVEL.above} and low risks {LEVEL.below}.",
        "around": "The spread of predicted risks agrees with 1, the ideal.",
        "unknown": "Whether the spread of predicted risks is right cannot be said.",
    }[position(slope)]
    imprecise = PRECISION.word(slope["hi"] - slope["lo"]) if position(slope) == "around" else ""
    return f"{said} The estimate is {imprecise}." if imprecise else said


def explain_ratio(ratio: Estimate) -> str:
    """What observed over expected says about the average risk."""
    return {
        "below": f"Fewer events were observed than predicted: on average, risks are {LEVEL.below}.",
        "above": f"More events were observed than predicted: on average, risks are {LEVEL.above}.",
        "around": "The number of events agrees with the number predicted.",
        "unknown": "Whether the average risk is right cannot be said.",
    }[position(ratio)]


def say_limits(estimate: Estimate, limits: str) -> str:
    """The interval below a key figure, as already shown in `limits`, or why there is none."""
    reason = estimate.get("reason") or "no reason recorded"
    if estimate.get("value") is None:
        return f"not computed: {reason}"
    return f"95% interval {limits}" if limits else f"no interval: {reason}"
