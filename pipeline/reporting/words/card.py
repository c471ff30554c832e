"""The model card."""

from collections.abc import Mapping
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import sentences
from pipeline.reporting.words.report import say_rounding
from pipeline.reporting.words.verdict import VERDICTS

VERDICT = phrase("Verdict.")
OUT_OF_SCOPE = phrase(
    "Out of scope: other populations, decisions without a clinician, and any claim about what treatment does."
)
NO_CAUSE = phrase("The model finds associations, not what happens when something is changed.")
NO_EFFECTS = phrase(
    "Associations in the model, not effects. Patients are treated because of how ill they are, so a treatment's place "
    "here says nothing about what it does."
)
GROUPS = {
    "modifiable": phrase("Modifiable"),
    "treatments": phrase("Treatments"),
    "context": phrase("Context"),
}
"""The heading of each group of risk factors."""


def title(study: str) -> str:
    """The heading of the card."""
    return say("Model card: {study}", study=study)


def say_verdict(level: str) -> str:
    """The verdict with what it means."""
    name, says = VERDICTS[level]
    return say("{level}: {name}. {says}", level=level, name=say(name), says=say(says))


def say_model(name: str, outcome: str) -> str:
    """What the model predicts, and how."""
    return say(
        "Cohort {name}. The model predicts {outcome}. It averages its members on the log-odds scale, then "
        "recalibrates.",
        name=name,
        outcome=outcome,
    )


def say_member(label: str, weight: str, says: str) -> str:
    """A member with its weight as shown."""
    return say("{model}, weight {weight}: {says}", model=label, weight=weight, says=says)


def say_predictors(predictors: str) -> str:
    """The predictors, already joined."""
    return say("Predictors: {predictors}.", predictors=predictors)


def say_population(population: str) -> str:
    """For whom the model is."""
    return say("Population: {population}.", population=population)


def say_source(source: str, licence: str) -> str:
    """Where the data are from, and under which licence."""
    return say("Source: {source}. Licence: {licence}.", source=source, licence=licence)


def say_development(development: Mapping[str, Any], design: str) -> str:
    """On whom the model was developed, and how it was evaluated, a sentence."""
    return say(
        "Developed on {patients} patients, {events} with the event. {design}",
        patients=development["patients"],
        events=development["events"],
        design=say(design),
    )


def say_evaluated(n: int, events: int) -> str:
    """On whom the model was evaluated."""
    return say("Evaluated on {n} patients, {events} with the event.", n=n, events=events)


def say_figure(name: str, value: str, interval: str, meaning: str) -> str:
    """One number of the headline; `meaning` is a sentence."""
    return say("{name}, {value}, {interval}. {meaning}", name=name, value=value, interval=interval, meaning=meaning)


def say_check(check: str, result: str, finding: str) -> str:
    """A check behind the verdict."""
    return say("{result}, {check}: {finding}", result=result, check=check, finding=finding)


def say_privacy(smallest: int, step: int) -> str:
    """What is hidden or rounded to multiples of `step`, and where the subgroups are."""
    hidden = say(
        "Aggregates only; counts of fewer than {smallest} patients are hidden. Performance by subgroup is in the "
        "report.",
        smallest=smallest,
    )
    return sentences([hidden, say_rounding(step)]) if step > 1 else hidden
