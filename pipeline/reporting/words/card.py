"""The model card."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting.words.verdict import VERDICTS

VERDICT = "Verdict."
OUT_OF_SCOPE = (
    "Out of scope: other populations, decisions without a clinician, and any claim about what treatment does."
)
NO_CAUSE = "The model finds associations, not what happens when something is changed."
NO_EFFECTS = (
    "Associations in the model, not effects. Patients are treated because of how ill they are, so a treatment's place "
    "here says nothing about what it does."
)


def title(study: str) -> str:
    """The heading of the card."""
    return f"Model card: {study}"


def say_verdict(level: str) -> str:
    """The verdict with what it means."""
    name, says = VERDICTS[level]
    return f"{level}: {name}. {says}"


def say_model(name: str, outcome: str) -> str:
    """What the model predicts, and how."""
    return (
        f"Cohort {name}. The model predicts {outcome}. It averages its members on the log-odds scale, then "
        "recalibrates."
    )


def say_member(label: str, weight: str, says: str) -> str:
    """A member with its weight as shown."""
    return f"{label}, weight {weight}: {says}"


def say_predictors(predictors: str) -> str:
    """The predictors, already joined."""
    return f"Predictors: {predictors}."


def say_population(population: str) -> str:
    """For whom the model is."""
    return f"Population: {population}."


def say_source(source: str, licence: str) -> str:
    """Where the data are from, and under which licence."""
    return f"Source: {source}. Licence: {licence}."


def say_development(development: Mapping[str, Any], design: str) -> str:
    """On whom the model was developed, and how it was evaluated, a sentence."""
    return f"Developed on {development['patients']} patients, {development['events']} with the event. {design}"


def say_evaluated(n: int, events: int) -> str:
    """On whom the model was evaluated."""
    return f"Evaluated on {n} patients, {events} with the event."


def say_privacy(smallest: int) -> str:
    """What is hidden, and where the subgroups are."""
    return (
        f"Aggregates only; counts of fewer than {smallest} patients are hidden. Performance by subgroup is in the "
        "report."
    )
