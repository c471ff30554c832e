"""Who is compared with whom."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from data_schemas.effects import Effect
from pipeline.arrays import BoolArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.models.features import model_frame
from pipeline.outcomes import Observed
from pipeline.phrases import phrase

SIDES = ("treated", "control")
TOO_FEW = phrase("the patients, the events or the known non-events of an arm are too few to publish")


@dataclass(frozen=True)
class Arms:
    """n records in two arms: what is adjusted for, X (n, p) as `model_frame` makes it, the arm, outcome and patient."""

    X: pd.DataFrame
    treated: BoolArray
    observed: Observed
    patient: IntArray

    def take(self, members: BoolArray | IntArray) -> "Arms":
        """The records at `members`, a mask (n,) or positions."""
        return Arms(self.X.iloc[members], self.treated[members], self.observed.take(members), self.patient[members])

    def side(self, name: str) -> BoolArray:
        """Which records are in the arm `name`, one of SIDES, (n,)."""
        return self.treated if name == "treated" else ~self.treated

    def count(self, members: BoolArray | None = None) -> dict[str, int]:
        """Patients by arm among `members`, a mask (n,); all if none is given."""
        among = np.ones(len(self.treated), dtype=bool) if members is None else members
        return {name: len(np.unique(self.patient[among & self.side(name)])) for name in SIDES}

    def fewest(self) -> int:
        """The fewest patients, patients with the event, or with a known outcome without it, in either arm."""
        event, known = self.observed.by_horizon() == 1, self.observed.known()
        kinds = (np.ones(len(event), dtype=bool), event, known & ~event)
        return min(min(self.count(kind).values()) for kind in kinds)


def select_arms(
    effect: Effect, columns: Mapping[str, Column], records: pd.DataFrame, observed: Observed, patient: IntArray
) -> tuple[Arms, int]:
    """The records of the two arms, and how many patients are in neither.

    `records` are typed, `observed` and `patient` (n,) theirs; the declaration has no fault. Raises DataRefusedError
    where nobody is in one of the arms.
    """
    labels = records[effect.treatment]
    treated, control = (labels.isin(names).to_numpy(bool) for names in (effect.treated, effect.control))
    for name, members in zip(SIDES, (treated, control), strict=True):
        if not members.any():
            raise DataRefusedError(
                f"no record has a label of the {name} arm in {effect.treatment}, expected patients in both arms; "
                "correct the labels that the effect names, or estimate none"
            )
    either = treated | control
    X = model_frame(records.loc[either], {name: columns[name] for name in effect.adjust})
    if not effect.adjust:
        X = pd.DataFrame(index=records.index[either])
    arms = Arms(X.reset_index(drop=True), treated[either], observed.take(either), patient[either])
    return arms, len(np.unique(patient)) - len(np.unique(arms.patient))
