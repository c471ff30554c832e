"""What became of each patient, and how much each known outcome counts.

Training and evaluation both need this, so it stands on the floor below them. An outcome at a horizon is
known for a patient who had the event by then or was followed until then; a patient censored earlier has an
unknown outcome and weight 0, and the others count for those lost: weight 1/G, where G is the Kaplan-Meier
estimate of staying uncensored (Graf et al. 1999, Stat Med 18:2529; Uno et al. 2007, JASA 102:527).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.arrays import FloatArray


@dataclass(frozen=True)
class Observed:
    """Observed outcomes of n patients.

    `event` is 1.0 or 0.0, shape (n,). For an outcome at a horizon, `time` (n,) is the follow-up time in the
    horizon's unit and `event` says whether follow-up ended with the event; for a binary outcome both
    `time` and `horizon` are None.
    """

    event: FloatArray
    time: FloatArray | None = None
    horizon: float | None = None

    def __post_init__(self) -> None:
        """Assert that the parts fit together."""
        assert (self.time is None) == (self.horizon is None)
        assert self.time is None or self.time.shape == self.event.shape

    def __len__(self) -> int:
        return len(self.event)

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Observed":
        """The outcomes of the patients at `index` (positions or a mask)."""
        time = None if self.time is None else self.time[index]
        return Observed(self.event[index], time, self.horizon)

    def by_horizon(self) -> FloatArray:
        """1.0 where the event came by the horizon, else 0.0 (also where it is unknown), shape (n,)."""
        if self.time is None or self.horizon is None:
            return self.event
        by_then: FloatArray = self.event * (self.time <= self.horizon)
        return by_then

    def known(self) -> npt.NDArray[np.bool_]:
        """Whether the outcome at the horizon is known, shape (n,)."""
        if self.time is None or self.horizon is None:
            return np.ones(len(self.event), dtype=bool)
        known: npt.NDArray[np.bool_] = (self.event == 1) | (self.time >= self.horizon)
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
        remaining = censoring_survival(self.time, self.event, counts, np.minimum(self.time, self.horizon))
        known = self.known() & (remaining > 0)
        return np.divide(1.0, remaining, out=np.zeros_like(remaining), where=known)


def censoring_survival(time: FloatArray, event: FloatArray, counts: FloatArray, at: FloatArray) -> FloatArray:
    """Kaplan-Meier estimate of remaining uncensored to just before `at`, per resample.

    `time`, `event` and `at` have shape (n,), `counts` (b, n); returns (b, n): for each resample, G(at-).
    Where an event and a censoring share a time, the event comes first, so those with the event are no
    longer at risk of censoring.
    """
    order = np.argsort(time, kind="stable")
    times, starts = np.unique(time[order], return_index=True)
    events = np.add.reduceat((counts * event)[:, order], starts, axis=1)
    censored = np.add.reduceat((counts * (1 - event))[:, order], starts, axis=1)
    leaving = events + censored
    at_risk = leaving[:, ::-1].cumsum(axis=1)[:, ::-1] - events
    stay = 1 - np.divide(censored, at_risk, out=np.zeros_like(censored), where=at_risk > 0)
    survival = np.concatenate([np.ones((len(counts), 1)), stay.cumprod(axis=1)], axis=1)
    return survival[:, np.searchsorted(times, at, side="left")]
