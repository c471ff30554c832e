"""Records that have a risk and an outcome, kept part by part: no more of each than an evaluation needs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline.arrays import FloatArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.models.development import Deployed
from pipeline.outcomes import Observed, observe, outcome_columns

TOLD, SCORE = "told:", "score:"
"""What begins the names of columns that are not the schema's."""
FIGURES = ("risk", "lower", "upper", "outside")


@dataclass(frozen=True)
class Followed:
    """n records that have a risk and an outcome.

    `records` (n) has their outcomes and subgroups, typed, and `told` what `Deployed.predict` told of them. `scores` are
    the log-odds by each target's own model, `targets` the outcomes, both with that of the headline figures first;
    `patient` (n,) is a number per patient, and `without_outcome` counts the other records that have a risk.
    """

    records: pd.DataFrame
    told: pd.DataFrame
    scores: dict[str, FloatArray]
    targets: dict[str, Observed]
    patient: IntArray
    without_outcome: int

    @property
    def observed(self) -> Observed:
        """The outcome of the headline figures."""
        return next(iter(self.targets.values()))


def keep_followed(
    records: pd.DataFrame, told: pd.DataFrame, X: pd.DataFrame, deployed: Deployed, cohort: type[Cohort]
) -> pd.DataFrame:
    """What `follow` needs of the typed `records`, of whom so much was `told` from predictors X, all of equal rows."""
    subgroups = [subgroup.column for subgroup in cohort.study().subgroups]
    needed = list(dict.fromkeys([cohort.identifier(), *outcome_columns(cohort.study().outcome), *subgroups]))
    figures = [name for name in map(str, told) if name in FIGURES or name.startswith("also_")]
    models = {deployed.target: deployed.model} | deployed.others
    scores = {f"{SCORE}{name}": model.log_odds(X) if len(X) else np.zeros(0) for name, model in models.items()}
    figures_told = told[figures].astype(float).add_prefix(TOLD)
    return pd.concat([records[needed], figures_told, pd.DataFrame(scores, X.index, dtype=float)], axis=1)


def follow(kept: Iterable[pd.DataFrame], cohort: type[Cohort], smallest: int) -> Followed:
    """Those of the records whose outcome is given, from all parts that `keep_followed` made.

    Raises DataRefusedError where fewer than `smallest` patients have, or are known not to have, the event: figures of
    so few would tell of single patients.
    """
    parts = [_with_all_labels(part, cohort) for part in kept]
    known = pd.concat([part[_given(part, cohort)] for part in parts], ignore_index=True)
    targets = observe(known, cohort.study())
    patient = pd.factorize(known[cohort.identifier()])[0]
    if rarer(next(iter(targets.values())), patient) < smallest:
        raise DataRefusedError(
            f"of {len(known)} records with a risk and an outcome, those with the event, or those known not to have it, "
            f"are of fewer than {smallest} patients; gather more, or score without an evaluation"
        )
    told = _unprefixed(known, TOLD)
    scores = {str(name): values.to_numpy(float) for name, values in _unprefixed(known, SCORE).items()}
    return Followed(known, told, scores, targets, patient, sum(map(len, parts)) - len(known))


def rarer(observed: Observed, patient: IntArray) -> int:
    """How many patients have the event, or are known not to, whichever are fewer."""
    event = observed.by_horizon() == 1
    return min(len(pd.unique(patient[kind])) for kind in (event, observed.known() & ~event))


def _with_all_labels(part: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """`part` with categories of all declared labels: a file keeps those that occur."""
    columns = {name: column for name, column in cohort.columns().items() if name in part and column.labels}
    return part.astype({n: pd.CategoricalDtype(list(c.labels), ordered=c.ordered) for n, c in columns.items()})


def _given(part: pd.DataFrame, cohort: type[Cohort]) -> "pd.Series[bool]":
    return part[outcome_columns(cohort.study().outcome)].notna().all(axis=1)


def _unprefixed(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    chosen = frame[[name for name in map(str, frame) if name.startswith(prefix)]]
    return chosen.rename(columns=lambda name: name.removeprefix(prefix))
