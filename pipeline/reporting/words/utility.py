"""Clinical utility: what net benefit is, and where the model has more of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.words.numbers import decimal, percent, plural
from pipeline.reporting.words.tables import INTERVALS

NET_BENEFIT = (
    "Net benefit counts true cases found, less false alarms weighted by how many of them one is willing to accept for "
    "a true case; the threshold sets that weight (Vickers and Elkin 2006, Med Decis Making 26:565)."
)
DECISIONS = {
    "treated": "Acted on",
    "true_positives": "True positives",
    "false_positives": "False positives",
    "missed": "Missed",
}
"""What each patient is who is acted on at a threshold, or has the event and is not."""
DECISIONS_TABLE = "Per 1,000 patients, by threshold of predicted risk"
DECISIONS_NOTE = (
    "Of 1,000 patients like those evaluated, with 95% intervals. Acted on: predicted risk at or above the threshold. "
    "True and false positives: those acted on with the event, and without it. Missed: with the event, and not acted "
    "on. Net benefit is in true positives per 1,000 patients without any false one. 'hidden': too few patients with or "
    "without the event are on one side of the threshold, or between it and the one shown before it."
)
SLIDER = "Threshold of predicted risk:"
NOTE = f"Acting on nobody has a net benefit of 0. {INTERVALS}"


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


def say_decisions(rows: Sequence[Mapping[str, Any]]) -> str:
    """At how many thresholds it is shown what acting comes to, per 1,000 patients; nothing where none is declared."""
    shown = sum(not row["suppressed"] for row in rows)
    if shown == len(rows):
        return "What acting at each declared threshold comes to:" if rows else ""
    where = f"only at {shown} of {plural(len(rows), 'declared threshold')}" if shown else "at no declared threshold"
    return f"What acting comes to, in patients, is shown {where}, so that no number is of too few."


def describe_curve(rows: Sequence[Mapping[str, Any]]) -> str:
    """The decision curve in words."""
    return f"{say_utility(rows)} The band is the model's 95% interval; acting on nobody is the line at 0."
