"""The section on performance: what each measure means, calibration, and single patients' intervals."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting.words.adjectives import LEVEL, SPREAD
from pipeline.reporting.words.numbers import (
    Estimate,
    decimal,
    decimals,
    estimate,
    interval,
    percent,
    percentage_points,
    plural,
)

MEANINGS = {
    "auroc": "0.5 is guessing, 1 is perfect separation",
    "calibration_slope": f"1 is ideal; below 1, predictions are {SPREAD.below}",
    "calibration_intercept": f"0 is ideal; below 0, risks are {LEVEL.below}",
    "oe_ratio": f"1 is ideal; below 1, risks are {LEVEL.below}",
    "ici": "mean distance of observed from predicted risk; 0 is ideal",
    "brier": "mean squared error of the risk; smaller is better",
    "scaled_brier": "0 is giving everyone the average risk, 1 is perfect",
    "log_loss": "mean surprise at what happened, in nats; smaller is better, and 0 is perfect",
}
"""What the size of each overall measure means."""
CALIBRATION_TABLE = "Predicted and observed risk, by group of predicted risk"


def say_evaluated(shown: Mapping[str, Any]) -> str:
    """How many patients were evaluated and had the event; counts as shown, `unknown` None where there are none."""
    unknown = (
        f"; {shown['unknown']} left before the horizon, so that their outcome is unknown and others are weighted to "
        "stand for them, which assumes that leaving says nothing about the outcome"
    )
    return (
        f"{shown['n']} patients were evaluated, {shown['events']} of them with the event"
        f"{unknown if shown['unknown'] else ''}. Event rate: {shown['event_rate']}."
    )


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


def say_classes(classes: Mapping[str, Estimate]) -> str:
    """The figures over all classes."""
    area, loss = (estimate(classes[key], decimals(3)) for key in ("macro_auroc", "log_loss"))
    return f"Over all classes, the mean of their AUROCs is {area}, and the log-loss of the class that came is {loss}."


def describe_calibration(groups: int, *, smooth: bool) -> str:
    """The calibration plot in words."""
    curve = "a smooth curve with its pointwise 95% band, " if smooth else ""
    return (
        f"{plural(groups, 'group')} of patients by predicted risk, each a dot with its 95% interval, "
        f"{curve}and the diagonal on which observed equals predicted risk."
    )


def describe_risks(event: str, hidden: int) -> str:
    """The distribution of predicted risks in words."""
    said = f"Patients by predicted risk: upward those with {event}, downward those without."
    return f"{said} {plural(hidden, 'bar is', 'bars are')} hidden (a cross)." if hidden else said


def describe_forest(measure: str, ideal: float | None) -> str:
    """A forest plot in words."""
    line = "." if ideal is None else f"; the dashed line is at {ideal:g}."
    return f"{measure} with 95% intervals{line}"


def say_width(found: Mapping[str, Any]) -> str:
    """What the intervals around patients' risks mean, and how wide they are."""
    half, most = (percentage_points(found[key]) for key in ("median_width", "width_90"))
    return (
        "Each patient's risk comes with a 95% interval of the risk among patients with such a score: from Venn-Abers "
        "prediction (Vovk and Petej 2014, UAI) on out-of-fold scores and Wilson's limits, stretched where needed to "
        "hold the risk. It is narrow where many of the patients who taught the model had such a score, and says "
        f"nothing of what was not measured. Half of the patients evaluated have one at most {half} wide, and "
        f"nine in ten one at most {most}."
    )


def say_outside(found: Mapping[str, Any]) -> str:
    """How many patients are unlike those the model learnt from."""
    number, share = found["outside"], found["outside_share"]
    means = "unlike those of the patients who taught the model, in a value or in their combination"
    if number is None:
        return f"The predictors of some patients evaluated, too few to publish how many, are {means}."
    if number == 0:
        return f"No patient evaluated has predictors {means}."
    return (
        f"{number:,} of the patients evaluated ({percent(share)}) have predictors {means}, as about 1% of "
        "patients like those would. Their risks are extrapolated."
    )
