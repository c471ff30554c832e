"""What a model is to foresee: one code of a column, an event by a horizon, or one of several classes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Binary:
    """The outcome is one code of a column."""

    column: str
    event: str
    says: str


@dataclass(frozen=True)
class TimeToEvent:
    """The outcome is an event by a horizon; who left earlier without it is censored.

    `time` names the column with the follow-up time in `unit`, `event_column` and `event` the code that says
    that follow-up ended with the event. `horizon` is in the same unit, and so are further horizons, `also_at`.
    `competing` are the codes of events that leave a patient without the event for ever, such as death from another
    cause: they are no censoring, and the risk is then a cumulative incidence. `censored` are the codes that say that
    follow-up ended without any event; of two codes the second needs no mention.
    """

    time: str
    event_column: str
    event: str
    horizon: float
    unit: str
    says: str
    competing: tuple[str, ...] = ()
    censored: tuple[str, ...] = ()
    also_at: tuple[float, ...] = ()


@dataclass(frozen=True)
class Classes:
    """The outcome is one of three or more codes of a column, each of them a class.

    `event` is the class of interest: headline figures are about it against all others.
    """

    column: str
    event: str
    says: str


Outcome = Binary | TimeToEvent | Classes
