"""The section on performance: what each measure means, calibration, and single patients' intervals."""

from collections.abc import Mapping
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.adjectives import LEVEL, SPREAD
from pipeline.reporting.words.numbers import (
    Estimate,
    decimal,
    decimals,
    estimate,
    interval,
    no_interval,
    no_value,
    percent,
    percentage_points,
    sentences,
)

MEANINGS = {
    "auroc": phrase("0.5 is guessing, 1 is perfect separation"),
    "calibration_slope": phrase("1 is ideal; below 1, predictions are {spread}"),
    "calibration_intercept": phrase("0 is ideal; below 0, risks are {level}"),
    "oe_ratio": phrase("1 is ideal; below 1, risks are {level}"),
    "ici": phrase("mean distance of observed from predicted risk; 0 is ideal"),
    "brier": phrase("mean squared error of the risk; smaller is better"),
    "scaled_brier": phrase("0 is giving everyone the average risk, 1 is perfect"),
    "log_loss": phrase("mean surprise at what happened, in nats; smaller is better, and 0 is perfect"),
}
CALIBRATION_TABLE = phrase("Predicted and observed risk, by group of predicted risk")
WIDTH = phrase(
    "Each patient's risk comes with a 95% interval of the risk among patients with such a score: from Venn-Abers "
    "prediction (Vovk and Petej 2014, UAI) on out-of-fold scores and Wilson's limits, stretched where needed to hold "
    "the risk. It is narrow where many of the patients who taught the model had such a score, and says nothing of what "
    "was not measured. Half of the patients evaluated have one at most {half} wide, and nine in ten one at most {most}."
)


def explain_measure(name: str) -> str:
    """What the size of an overall measure means."""
    return say(MEANINGS[name], spread=say(SPREAD.below), level=say(LEVEL.below))


def say_evaluated(shown: Mapping[str, Any]) -> str:
    """How many patients were evaluated and had the event; counts as shown, `unknown` None where there are none."""
    if not shown["unknown"]:
        return say(
            "{n} patients were evaluated, {events} of them with the event. Event rate: {event_rate}.",
            **shown,
        )
    return say(
        "{n} patients were evaluated, {events} of them with the event; {unknown} left before the horizon, so that "
        "their outcome is unknown and others are weighted to stand for them, which assumes that leaving says nothing "
        "about the outcome. Event rate: {event_rate}.",
        **shown,
    )


def say_smooth(curve: Mapping[str, Any], ici: Estimate) -> str:
    """How far the smooth calibration curve lies from predicted risks."""
    fit, reason = curve["fit"], curve["reason"]
    if not curve["points"]:
        return say("No smooth calibration curve was drawn: {reason}.", reason=say(reason))
    said = say(
        "The smooth calibration curve is a {fit} of the log-odds (Van Calster et al. 2019, BMC Med 17:230).",
        fit=say(fit),
    )
    if ici.get("value") is None:
        return sentences([said, say("Its mean distance from predicted risks was {why}.", why=no_value(ici))])
    limits = interval(ici, decimals(3))
    away = say(
        "From the predicted risks it is {mean} away on average (ICI {ici}, {interval}), and for nine patients in ten "
        "at most {most} (E90).",
        mean=percentage_points(ici["value"]),
        ici=decimal(ici["value"], 3),
        interval=say("95% interval {limits}", limits=limits) if limits else no_interval(ici),
        most=percentage_points(curve["e90"]),
    )
    return sentences([said, away])


def say_classes(classes: Mapping[str, Estimate]) -> str:
    """The figures over all classes."""
    area, loss = (estimate(classes[key], decimals(3)) for key in ("macro_auroc", "log_loss"))
    return say(
        "Over all classes, the mean of their AUROCs is {area}, and the log-loss of the class that came is {loss}.",
        area=area,
        loss=loss,
    )


def describe_calibration(groups: int, *, smooth: bool) -> str:
    """The calibration plot in words."""
    shown = plural(groups, "{n} group", "{n} groups")
    if smooth:
        return say(
            "{groups} of patients by predicted risk, each a dot with its 95% interval, a smooth curve with its "
            "pointwise 95% band, and the diagonal on which observed equals predicted risk.",
            groups=shown,
        )
    return say(
        "{groups} of patients by predicted risk, each a dot with its 95% interval, and the diagonal on which observed "
        "equals predicted risk.",
        groups=shown,
    )


def describe_risks(event: str, hidden: int) -> str:
    """The distribution of predicted risks in words."""
    said = say("Patients by predicted risk: upward those with {event}, downward those without.", event=event)
    if not hidden:
        return said
    return sentences([said, plural(hidden, "{n} bar is hidden (a cross).", "{n} bars are hidden (a cross).")])


def describe_forest(measure: str, ideal: float | None) -> str:
    """A forest plot in words."""
    if ideal is None:
        return say("{measure} with 95% intervals.", measure=measure)
    return say("{measure} with 95% intervals; the dashed line is at {ideal}.", measure=measure, ideal=f"{ideal:g}")


def say_width(found: Mapping[str, Any]) -> str:
    """What the intervals around patients' risks mean, and how wide they are."""
    half, most = (percentage_points(found[key]) for key in ("median_width", "width_90"))
    return say(WIDTH, half=half, most=most)


def say_outside(found: Mapping[str, Any]) -> str:
    """How many patients are unlike those the model learnt from."""
    number, share = found["outside"], found["outside_share"]
    if number is None:
        return say(
            "The predictors of some patients evaluated, too few to publish how many, are unlike those of the patients "
            "who taught the model, in a value or in their combination."
        )
    if number == 0:
        return say(
            "No patient evaluated has predictors unlike those of the patients who taught the model, in a value or in "
            "their combination."
        )
    return say(
        "{n} of the patients evaluated ({share}) have predictors unlike those of the patients who taught the model, in "
        "a value or in their combination, as about 1% of patients like those would. Their risks are extrapolated.",
        n=f"{number:,}",
        share=percent(share),
    )
