"""What phenotypes mean for the predicted risk, in the patients evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.words.adjectives import LEVEL
from pipeline.reporting.words.numbers import decimal, estimate, join, p_value, percent, plural, position, sentence
from pipeline.reporting.words.tables import INTERVALS, SMALL

Rows = Sequence[Mapping[str, Any]]

TELLS = "shown, it would tell of too few patients"
RISKS = f"Patients evaluated. {INTERVALS} {SMALL}"
INCIDENCE = "Share with the event by then, with its 95% interval. A dash: too few patients were left to show it."


def say_ratios(rows: Rows) -> str:
    """In which clusters the interval of O:E leaves out 1, and how often chance alone would do that."""
    judged = [row for row in rows if position(row["oe_ratio"]) != "unknown"]
    unknown = len(rows) - len(judged)
    if not judged:
        return "Whether the model is wrong for some phenotype cannot be said: no O:E ratio has an interval."
    off = [row for row in judged if position(row["oe_ratio"]) != "around"]
    said = f"Of {plural(len(rows), 'phenotype')}, {len(off) or 'none'} {'have' if len(off) > 1 else 'has'}"
    said += f" a 95% interval of the O:E ratio that leaves out 1{': ' + _list(off) if off else ''}."
    if unknown:
        said += f" For {unknown} there is no interval."
    return f"{said} {_say_chance(len(judged))}"


def _list(rows: Rows) -> str:
    return join(
        [
            f"phenotype {row['cluster']} with {estimate(row['oe_ratio'])}, risks {LEVEL.word(row['oe_ratio'])}"
            for row in rows
        ]
    )


def _say_chance(intervals: int) -> str:
    if intervals == 1:
        return "An interval leaves out a true 1 by chance alone once in 20 times."
    missed = percent(1 - 0.95**intervals)
    return (
        f"Where the model is right in all, one or more of {intervals} intervals leaves out 1 by chance alone with a "
        f"probability of about {missed}."
    )


def say_addition(adds: Mapping[str, Any]) -> str:
    """Whether membership adds to the risk model, or why that was not tested."""
    if adds.get("reason"):
        return sentence(f"whether they add to the risk model was not tested: {adds['reason']}")
    return sentence(adds["says"])


def note_addition(adds: Mapping[str, Any]) -> str:
    """What the differences are of, and the test that there are none."""
    return (
        "The model with membership less the same model recalibrated without, on patients that neither was fitted to: "
        f"membership does better where net benefit is above 0, and where log-loss is below.{_say_test(adds)}"
    )


def _say_test(adds: Mapping[str, Any]) -> str:
    if adds.get("statistic") is None or adds.get("p") is None:
        return ""
    degrees = plural(int(adds["degrees"]), "degree")
    return (
        f" Test that membership adds nothing: chi-square {decimal(adds['statistic'])} with {degrees} of "
        f"freedom, P {p_value(adds['p'])}."
    )
