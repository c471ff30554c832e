"""What phenotypes mean for the predicted risk, in the patients evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.adjectives import LEVEL
from pipeline.reporting.words.numbers import decimal, estimate, join, p_value, percent, position, sentence, sentences
from pipeline.reporting.words.tables import INTERVALS, SMALL

Rows = Sequence[Mapping[str, Any]]

INCIDENCE = phrase(
    "Share with the event by then, with its 95% interval. A dash: too few patients were left to show it."
)


def note_risks() -> str:
    """Whose figures they are, and what is hidden of them."""
    return sentences([say("Patients evaluated."), say(INTERVALS), say(SMALL)])


def say_ratios(rows: Rows) -> str:
    """In which clusters the interval of O:E leaves out 1, and how often chance alone would do that."""
    judged = [row for row in rows if position(row["oe_ratio"]) != "unknown"]
    unknown = len(rows) - len(judged)
    if not judged:
        return say("Whether the model is wrong for some phenotype cannot be said: no O:E ratio has an interval.")
    said = [_say_off(len(rows), [row for row in judged if position(row["oe_ratio"]) != "around"])]
    if unknown:
        said.append(say("For {n} there is no interval.", n=unknown))
    return sentences([*said, _say_chance(len(judged))])


def _say_off(phenotypes: int, off: Rows) -> str:
    if not off:
        return plural(
            phenotypes,
            "Of {n} phenotype, none has a 95% interval of the O:E ratio that leaves out 1.",
            "Of {n} phenotypes, none has a 95% interval of the O:E ratio that leaves out 1.",
        )
    if len(off) == 1:
        return plural(
            phenotypes,
            "Of {n} phenotype, 1 has a 95% interval of the O:E ratio that leaves out 1: {which}.",
            "Of {n} phenotypes, 1 has a 95% interval of the O:E ratio that leaves out 1: {which}.",
            which=_list(off),
        )
    return say(
        "Of {all} phenotypes, {off} have a 95% interval of the O:E ratio that leaves out 1: {which}.",
        all=phenotypes, off=len(off), which=_list(off),
    )  # fmt: skip


def _list(rows: Rows) -> str:
    return join(
        [
            say(
                "phenotype {n} with {ratio}, risks {how}",
                n=row["cluster"],
                ratio=estimate(row["oe_ratio"]),
                how=say(LEVEL.word(row["oe_ratio"])),
            )
            for row in rows
        ]
    )


def _say_chance(intervals: int) -> str:
    if intervals == 1:
        return say("An interval leaves out a true 1 by chance alone once in 20 times.")
    return say(
        "Where the model is right in all, one or more of {intervals} intervals leaves out 1 by chance alone with a "
        "probability of about {missed}.",
        intervals=intervals,
        missed=percent(1 - 0.95**intervals),
    )


def say_addition(adds: Mapping[str, Any]) -> str:
    """Whether membership adds to the risk model, or why that was not tested."""
    reason, says = adds.get("reason"), adds["says"]
    if reason:
        return sentence(say("Whether they add to the risk model was not tested: {reason}", reason=say(reason)))
    return sentence(say(says))


def note_addition(adds: Mapping[str, Any]) -> str:
    """What the differences are of, and the test that there are none."""
    said = say(
        "The model with membership less the same model recalibrated without, on patients that neither was fitted to: "
        "membership does better where net benefit is above 0, and where log-loss is below."
    )
    if adds.get("statistic") is None or adds.get("p") is None:
        return said
    tested = plural(
        int(adds["degrees"]),
        "Test that membership adds nothing: chi-square {statistic} with {n} degree of freedom, P {p}.",
        "Test that membership adds nothing: chi-square {statistic} with {n} degrees of freedom, P {p}.",
        statistic=decimal(adds["statistic"]),
        p=p_value(adds["p"]),
    )
    return sentences([said, tested])
