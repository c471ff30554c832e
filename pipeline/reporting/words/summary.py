"""The summary in plain language: every clause is picked and filled by what was computed."""

from collections.abc import Sequence

from pipeline.reporting.language import plural, say
from pipeline.reporting.words.numbers import count, join, sentences

NAMED = 3
"""Checks and factors that are named; of further ones only the number is said."""


def say_purpose(outcome: str, predictors: int) -> str:
    """What the model tells, and from how much."""
    return plural(
        predictors,
        "For one patient, the model gives the probability of {outcome}, from {n} predictor.",
        "For one patient, the model gives the probability of {outcome}, from {n} predictors.",
        outcome=outcome,
    )


def say_patients(taught: int, tested: int | None) -> str:
    """Whom the model learnt from and whom it was tested on; `tested` None where all took turns."""
    if tested is None:
        return say(
            "It was tested on the {n} patients who taught it, each time on those whom that model had not seen.",
            n=count(taught),
        )
    return say(
        "It learnt from {taught} patients and was tested on {tested} others.",
        taught=count(taught),
        tested=count(tested),
    )


def say_checks(failed: Sequence[str], warned: Sequence[str], checks: int) -> str:
    """How many checks were met, and the names of the others."""
    if not failed and not warned:
        return say("All {n} checks were met.", n=checks)
    if not failed:
        return say("Of {n} checks, none failed, and these ask for caution: {names}.", n=checks, names=_name(warned))
    if not warned:
        return say("Of {n} checks, these failed: {names}.", n=checks, names=_name(failed))
    return say(
        "Of {n} checks, these failed: {failed}; and these ask for caution: {warned}.",
        n=checks,
        failed=_name(failed),
        warned=_name(warned),
    )


def say_factors(context: Sequence[str], modifiable: Sequence[str]) -> str:
    """What weighs most, from labels in order of weight: of markers and fixed characteristics, and of what can change.

    Treatments are not named: who received one says how ill they were.
    """
    said = []
    if context:
        names = join(list(context[:NAMED]))
        said.append(say("Of markers and fixed characteristics, its predictions rest most on {names}.", names=names))
    if modifiable:
        names = join(list(modifiable[:NAMED]))
        said.append(say("Of factors that medicine can act on, its predictions rest most on {names}.", names=names))
    return sentences([*said, say("These are associations, and no advice to change anything.")]) if said else ""


def _name(checks: Sequence[str]) -> str:
    more = len(checks) - NAMED
    rest = [plural(more, "{n} more", "{n} more")] if more > 0 else []
    return join([*(say(check) for check in checks[:NAMED]), *rest])
