"""What a release keeps of the patients who taught it, and the like of new patients, to be compared with it later."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.outcomes import Observed

MOST = 20_000  # records; more would hardly narrow an interval
RISK, GIVEN, DATE, GROUP = ":risk", ":given", ":date", ":group "
EVENT, TIME, HORIZON, COMPETING = ":event", ":time", ":horizon", ":competing"


@dataclass(frozen=True)
class Group:
    """n records of one side of the comparison, no two of one patient.

    `predictors` (n, p) are typed; `groups` have one label each, empty where missing; `risk` (n,) is NaN where none is
    known; `observed` (n,) means something where `given` (n,) is True; `dates` (n,) are index dates, if there are any.
    """

    predictors: pd.DataFrame
    groups: dict[str, pd.Categorical]
    risk: FloatArray
    observed: Observed | None
    given: BoolArray
    dates: pd.Series | None

    def __len__(self) -> int:
        return len(self.risk)

    def take(self, members: BoolArray) -> "Group":
        """The records that `members` (n,) marks."""
        return Group(
            self.predictors[members],
            {name: labels[members] for name, labels in self.groups.items()},
            self.risk[members],
            None if self.observed is None else self.observed.take(members),
            self.given[members],
            None if self.dates is None else self.dates[members],
        )


def make_reference(
    predictors: pd.DataFrame,
    groups: Mapping[str, pd.Categorical],
    risk: FloatArray,
    observed: Observed | None,
    seed: int,
    given: BoolArray | None = None,
    dates: pd.Series | None = None,
) -> pd.DataFrame:
    """One row per record, n or `MOST` drawn by `seed`: predictors, risk, outcome, subgroups, for a file of a release.

    `predictors` (n, p) are typed as the schema says; `groups` are those of `label_groups`; `risk` (n,) is that of a
    model which has not learnt from the patient, NaN where there is none; `observed` (n,) is known where `given` (n,),
    everywhere if that is None; `dates` (n,) are index dates. Records should be of different patients: the intervals
    take them to be independent. Holds no identifier and no pseudonym. New patients are described by the same function.
    """
    n = len(predictors)
    kept: IntArray = np.arange(n)
    if n > MOST:
        kept = np.sort(np.random.default_rng(seed).choice(n, MOST, replace=False))
    known = np.full(n, observed is not None) if given is None else given
    made = {str(name): predictors[name].array for name in predictors}
    made |= {RISK: np.asarray(risk, dtype=float), GIVEN: known} | _outcome_columns(observed)
    made |= {f"{GROUP}{name}": labels.astype(str) for name, labels in groups.items()}
    if dates is not None:
        made[DATE] = dates.array
    return pd.DataFrame(made).iloc[kept].reset_index(drop=True)


def _outcome_columns(observed: Observed | None) -> dict[str, FloatArray]:
    if observed is None:
        return {}
    parts = {EVENT: observed.event, TIME: observed.time, COMPETING: observed.competing}
    made = {name: part for name, part in parts.items() if part is not None}
    return made if observed.horizon is None else made | {HORIZON: np.full(len(observed), observed.horizon)}


def restore(frame: pd.DataFrame) -> Group:
    """What `make_reference` was given, of the rows it kept; also from the file that `write_parquet` made of it."""
    names = [str(name) for name in frame]
    predictors = [name for name in names if not name.startswith(":")]
    groups = {name.removeprefix(GROUP): frame[name] for name in names if name.startswith(GROUP)}
    return Group(
        predictors=frame[predictors],
        groups={name: pd.Categorical(labels.astype(object)) for name, labels in groups.items()},
        risk=frame[RISK].to_numpy(float),
        observed=_observed(frame) if EVENT in frame and len(frame) else None,
        given=frame[GIVEN].to_numpy(bool),
        dates=frame.get(DATE),
    )


def _observed(frame: pd.DataFrame) -> Observed:
    def part(name: str) -> FloatArray | None:
        return frame[name].to_numpy(float) if name in frame else None

    horizon = float(frame[HORIZON].iloc[0]) if HORIZON in frame else None
    return Observed(frame[EVENT].to_numpy(float), part(TIME), horizon, part(COMPETING))
