"""Clinical utility: what net benefit is, and where the model has more of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.numbers import decimal, percent, sentences

NET_BENEFIT = phrase(
    "Net benefit counts true cases found, less false alarms weighted by how many of them one is willing to accept for "
    "a true case; the threshold sets that weight (Vickers and Elkin 2006, Med Decis Making 26:565)."
)
DECISIONS = {
    "treated": phrase("Acted on"),
    "true_positives": phrase("True positives"),
    "false_positives": phrase("False positives"),
    "missed": phrase("Missed"),
}
"""What each patient is who is acted on at a threshold, or has the event and is not."""
DECISIONS_TABLE = phrase("Per 1,000 patients, by threshold of predicted risk")
DECISIONS_NOTE = phrase(
    "Of 1,000 patients like those evaluated, with 95% intervals. Acted on: predicted risk at or above the threshold. "
    "True and false positives: those acted on with the event, and without it. Missed: with the event, and not acted "
    "on. Net benefit is in true positives per 1,000 patients without any false one. 'hidden': too few patients with or "
    "without the event are on one side of the threshold, or between it and the one shown before it."
)
SLIDER = phrase("Threshold of predicted risk:")
NOTE = phrase("Acting on nobody has a net benefit of 0.")
BAND = phrase("The band is the model's 95% interval; acting on nobody is the line at 0.")


def explain_benefit(row: Mapping[str, Any] | None) -> str:
    """Net benefit at one threshold, per 1,000 patients."""
    if row is None or row["model"].get("value") is None:
        return say("Whether acting on the model helps cannot be said.")
    said = say(
        "Acting on risks of {threshold} or more is worth as much as finding {gained} more true cases per 1,000 "
        "patients with no false alarm.",
        threshold=percent(row["threshold"]),
        gained=decimal(1000 * max(row["model"]["value"], 0), 0),
    )
    everyone = row["treat_all"].get("value")
    if everyone is None:
        return said
    scale = say("On the same scale, acting on everyone is worth {gained}.", gained=decimal(1000 * everyone, 0))
    return sentences([said, scale])


def better_thresholds(rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """The thresholds at which the model's net benefit is above both acting on everyone and on nobody."""
    known = [row for row in rows if None not in (row["model"].get("value"), row["treat_all"].get("value"))]
    return [row["threshold"] for row in known if row["model"]["value"] > max(row["treat_all"]["value"], 0.0)]


def say_utility(rows: Sequence[Mapping[str, Any]]) -> str:
    """At how many thresholds the model is worth more than the two simple policies."""
    if not rows:
        return say("Net benefit was not computed: the schema declares no decision threshold.")
    better = better_thresholds(rows)
    if not better:
        return say(
            "At no declared threshold does the model have more net benefit than acting on everyone or on nobody."
        )
    low, high = percent(min(better)), percent(max(better))
    return say(
        "At {better} of {thresholds} ({span}) the model has more net benefit than acting on everyone and acting on "
        "nobody. These are point estimates; their intervals may overlap.",
        better=len(better),
        thresholds=_count_thresholds(rows),
        span=low if len(better) == 1 else say("between {low} and {high}", low=low, high=high),
    )


def _count_thresholds(rows: Sequence[Mapping[str, Any]]) -> str:
    return plural(len(rows), "{n} declared threshold", "{n} declared thresholds")


def say_decisions(rows: Sequence[Mapping[str, Any]]) -> str:
    """At how many thresholds it is shown what acting comes to, per 1,000 patients; nothing where none is declared."""
    shown = sum(not row["suppressed"] for row in rows)
    if shown == len(rows):
        return say("What acting at each declared threshold comes to:") if rows else ""
    if not shown:
        return say(
            "What acting comes to, in patients, is shown at no declared threshold, so that no number is of too few."
        )
    return say(
        "What acting comes to, in patients, is shown only at {shown} of {thresholds}, so that no number is of too few.",
        shown=shown,
        thresholds=_count_thresholds(rows),
    )


def describe_curve(rows: Sequence[Mapping[str, Any]]) -> str:
    """The decision curve in words."""
    return sentences([say_utility(rows), say(BAND)])
