"""What became of each patient, and how much each known outcome counts.

Records, training and evaluation need this, so it stands on the floor below them. An outcome at a horizon is
known for a patient who had the event by then, or an event that competes with it, or was followed until then; a patient
censored earlier has an unknown outcome and weight 0, and the others count for those lost: weight 1/G, where G is the
Kaplan-Meier estimate of staying uncensored (Graf et al. 1999, Stat Med 18:2529; Uno et al. 2007, JASA 102:527). A
competing event is no censoring: who had one counts as known not to have the event, so that weighted shares are
cumulative incidences (Blanche et al. 2013, Stat Med 32:5381).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data_schemas.columns import Binary, Classes, Outcome, Study, TimeToEvent
from pipeline.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Observed:
    """Observed outcomes of n patients.

    `event` is 1.0 or 0.0, shape (n,). For an outcome at a horizon, `time` (n,) is the follow-up time in the
    horizon's unit, `event` says whether follow-up ended with the event, and `competing` (n,), 1.0 or 0.0, whether
    it ended with an event that competes with it; None says that none does. For any other outcome `time`, `horizon`
    and `competing` are None.
    """

    event: FloatArray
    time: FloatArray | None = None
    horizon: float | None = None
    competing: FloatArray | None = None

    def __post_init__(self) -> None:
        """Assert that the parts fit together."""
        assert (self.time is None) == (self.horizon is None)
        assert self.time is None or self.time.shape == self.event.shape
        if self.competing is not None:
            assert self.time is not None
            assert self.competing.shape == self.event.shape
            assert not (self.event * self.competing).any(), "follow-up ends once"

    def __len__(self) -> int:
        return len(self.event)

    def take(self, index: BoolArray | IntArray) -> "Observed":
        """The outcomes of the patients at `index` (a mask or positions)."""
        time = None if self.time is None else self.time[index]
        competing = None if self.competing is None else self.competing[index]
        return Observed(self.event[index], time, self.horizon, competing)

    def at(self, horizon: float) -> "Observed":
        """The same follow-up judged at another horizon."""
        assert self.time is not None, "there is a follow-up"
        return replace(self, horizon=horizon)

    def ended(self) -> FloatArray:
        """1.0 where follow-up ended with the event or a competing one, else 0.0, shape (n,)."""
        return self.event if self.competing is None else self.event + self.competing

    def by_horizon(self) -> FloatArray:
        """1.0 where the event came by the horizon, else 0.0 (also where it is unknown), shape (n,)."""
        if self.time is None or self.horizon is None:
            return self.event
        by_then: FloatArray = self.event * (self.time <= self.horizon)
        return by_then

    def known(self) -> BoolArray:
        """Whether the outcome at the horizon is known, shape (n,)."""
        if self.time is None or self.horizon is None:
            return np.ones(len(self.event), dtype=bool)
        known: BoolArray = (self.ended() == 1) | (self.time >= self.horizon)
        return known

    def weights(self) -> FloatArray:
        """Inverse-probability-of-censoring weights, shape (n,): 0 where unknown, at least 1 elsewhere."""
        weights: FloatArray = self.weights_for(np.ones((1, len(self.event))))[0]
        return weights

    def weights_for(self, counts: FloatArray) -> FloatArray:
        """The weights re-estimated in resamples; `counts` (b, n) says how often each patient was drawn.

        Returns (b, n); multiply by `counts` before summing.
        """
        if self.time is None or self.horizon is None:
            return np.ones_like(counts)
        remaining = censoring_survival(self.time, self.ended(), counts, np.minimum(self.time, self.horizon))
        known = self.known() & (remaining > 0)
        return np.divide(1.0, remaining, out=np.zeros_like(remaining), where=known)


def name_horizons(outcome: TimeToEvent) -> dict[str, float]:
    """The horizons by the names of their targets, such as `3 years`: the outcome's own, then the others ascending."""
    return {f"{h:g} {outcome.unit}": float(h) for h in (outcome.horizon, *sorted(outcome.also_at))}


def outcome_columns(outcome: Outcome) -> list[str]:
    """The columns that say what became of a patient."""
    return [outcome.time, outcome.event_column] if isinstance(outcome, TimeToEvent) else [outcome.column]


def observe(records: pd.DataFrame, study: Study) -> dict[str, Observed]:
    """The outcome of each typed record by the name of what is foreseen, that of the headline figures first.

    Binary: the event. By horizons: the event by each, the outcome's own first. Classes: each class against all
    others, the class of interest first, the others as they are declared.
    """
    outcome = study.outcome
    if isinstance(outcome, Binary):
        return {outcome.event: Observed(_is_in(records[outcome.column], outcome.event))}
    if isinstance(outcome, Classes):
        others = [label for label in records[outcome.column].cat.categories if label != outcome.event]
        return {label: Observed(_is_in(records[outcome.column], label)) for label in (outcome.event, *others)}
    ended = records[outcome.event_column]
    observed = Observed(
        event=_is_in(ended, outcome.event),
        time=np.asarray(records[outcome.time], dtype=np.float64),
        horizon=float(outcome.horizon),
        competing=_is_in(ended, *outcome.competing) if outcome.competing else None,
    )
    return {name: observed.at(horizon) for name, horizon in name_horizons(outcome).items()}


def _is_in(values: pd.Series, *labels: str) -> FloatArray:
    return np.asarray(values.isin(labels), dtype=np.float64)


def censoring_survival(time: FloatArray, ended: FloatArray, counts: FloatArray, at: FloatArray) -> FloatArray:
    """Kaplan-Meier estimate of remaining uncensored to just before `at`, per resample.

    `time`, `ended` (1.0 where follow-up ended with an event of any kind) and `at` have shape (n,), `counts` (b, n);
    returns (b, n): for each resample, G(at-). Where an event and a censoring share a time, the event comes first, so
    those with the event are no longer at risk of censoring.
    """
    order = np.argsort(time, kind="stable")
    times, starts = np.unique(time[order], return_index=True)
    events = np.add.reduceat((counts * ended)[:, order], starts, axis=1)
    censored = np.add.reduceat((counts * (1 - ended))[:, order], starts, axis=1)
    leaving = events + censored
    at_risk = leaving[:, ::-1].cumsum(axis=1)[:, ::-1] - events
    stay = 1 - np.divide(censored, at_risk, out=np.zeros_like(censored), where=at_risk > 0)
    survival = np.concatenate([np.ones((len(counts), 1)), stay.cumprod(axis=1)], axis=1)
    return survival[:, np.searchsorted(times, at, side="left")]
