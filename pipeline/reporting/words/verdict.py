"""The verdict and the headline: what the overall figures mean. Every adjective is picked by a number."""

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.adjectives import DISCRIMINATION, LEVEL, PRECISION, SPREAD, Scale
from pipeline.reporting.words.numbers import (
    Estimate,
    decimal,
    estimate,
    interval,
    no_interval,
    no_value,
    position,
    sentences,
)

VERDICTS = {
    "PASS": (phrase("Passed"), phrase("The model met every check.")),
    "WARN": (phrase("Passed with warnings"), phrase("No check failed, and at least one asks for caution before use.")),
    "FAIL": (
        phrase("Not fit for use"),
        phrase("At least one check failed. Do not use this model for any patient."),
    ),
}
MARKS = {"PASS": "✓", "WARN": "!", "FAIL": "✕"}
INTERVAL = phrase("A 95% interval is the range of values with which the data are compatible.")
SLOPES = {
    "below": phrase("Predictions are {spread}: high risks are {high} and low risks {low}."),
    "above": phrase("Predictions are too close to the average: high risks are {high} and low risks {low}."),
    "around": phrase("The spread of predicted risks agrees with 1, the ideal."),
    "unknown": phrase("Whether the spread of predicted risks is right cannot be said."),
}
RATIOS = {
    "below": phrase("Fewer events were observed than predicted: on average, risks are {level}."),
    "above": phrase("More events were observed than predicted: on average, risks are {level}."),
    "around": phrase("The number of events agrees with the number predicted."),
    "unknown": phrase("Whether the average risk is right cannot be said."),
}
"""What slope and ratio say, by where their interval lies."""


def _say_scale(scale: Scale) -> str:
    """All steps of a scale, as a rule."""
    (lowest, first), *others, (_, last) = scale.steps
    steps = [
        say("below {bound} is called {word}", bound=decimal(lowest), word=say(first)),
        *(say("below {bound} {word}", bound=decimal(bound), word=say(word)) for bound, word in others),
    ]
    return say("{steps}, and {word} from there on", steps=say(", ").join(steps), word=say(last))


def say_rules() -> str:
    """The rules by which numbers pick the adjectives."""
    (widest, _), (_, imprecise) = PRECISION.steps
    return say(
        "AUROC {steps}. Calibration slope and O:E ratio are said to agree with 1 when their 95% interval holds 1, and "
        "a slope is called {imprecise} when its interval is wider than {widest}.",
        steps=_say_scale(DISCRIMINATION),
        imprecise=say(imprecise),
        widest=widest,
    )


def say_discrimination(auroc: Estimate) -> str:
    """How well patients are told apart, from the AUROC and both ends of its interval."""
    if auroc.get("value") is None:
        return say("Discrimination was {why}.", why=no_value(auroc))
    word = say(DISCRIMINATION.word(auroc["value"]))
    if not interval(auroc, decimal):
        return say("Discrimination is {word}; how precisely is unknown.", word=word)
    low, high = DISCRIMINATION.word(auroc["lo"]), DISCRIMINATION.word(auroc["hi"])
    if auroc["lo"] <= 0.5:
        return say(
            "Discrimination is {word}, and the data do not rule out that it is no better than chance.", word=word
        )
    if low == high:
        return say("Discrimination is {word}.", word=word)
    return say(
        "Discrimination is {word}; the data are compatible with {low} to {high}.",
        word=word,
        low=say(low),
        high=say(high),
    )


def say_calibration(slope: Estimate, ratio: Estimate) -> str:
    """Both aspects of calibration in one sentence."""
    if "unknown" in (position(slope), position(ratio)):
        return say("Calibration slope: {slope}. O:E ratio: {ratio}.", slope=estimate(slope), ratio=estimate(ratio))
    level, spread = say(LEVEL.word(ratio)), say(SPREAD.word(slope))
    imprecise = PRECISION.word(slope["hi"] - slope["lo"])
    if not imprecise:
        return say("Predicted risks are {level}, and their spread is {spread}.", level=level, spread=spread)
    return say(
        "Predicted risks are {level}, and their spread is {spread}, though that is {imprecise}.",
        level=level,
        spread=spread,
        imprecise=say(imprecise),
    )


def explain_auroc(auroc: Estimate, outcome: str) -> str:
    """The AUROC as pairs of patients."""
    if auroc.get("value") is None:
        return say("How well the model tells patients apart cannot be said.")
    return say(
        "Of 100 pairs of patients, one with and one without {outcome}, the model gives the higher risk to the right "
        "one in about {pairs}. Guessing gets 50.",
        outcome=outcome,
        pairs=decimal(100 * auroc["value"], 0),
    )


def explain_slope(slope: Estimate) -> str:
    """What a calibration slope says about high and low predicted risks."""
    side = position(slope)
    high, low = (LEVEL.below, LEVEL.above) if side == "below" else (LEVEL.above, LEVEL.below)
    said = say(SLOPES[side], spread=say(SPREAD.below), high=say(high), low=say(low))
    imprecise = PRECISION.word(slope["hi"] - slope["lo"]) if side == "around" else ""
    return sentences([said, say("The estimate is {imprecise}.", imprecise=say(imprecise))]) if imprecise else said


def explain_ratio(ratio: Estimate) -> str:
    """What observed over expected says about the average risk."""
    return say(RATIOS[position(ratio)], level=say(LEVEL.word(ratio)))


def say_limits(estimate: Estimate, limits: str) -> str:
    """The interval below a key figure, as already shown in `limits`, or why there is none."""
    if estimate.get("value") is None:
        return no_value(estimate)
    return say("95% interval {limits}", limits=limits) if limits else no_interval(estimate)
