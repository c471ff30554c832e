"""Further developments that show how far the deployed one can be trusted: optimism, sites left out, fewer patients."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from pipeline.arrays import BoolArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.models.development import Development
from pipeline.models.ensemble import RiskModel
from pipeline.models.outcomes import Examples
from pipeline.patients import count_patients
from pipeline.progress import progress

APPARENT_AT_MOST = 50_000
COLUMNS = {"check": "str", "part": "str", "record": "int64", "times": "int64", "patients": "int64", "risk": "float64"}


@dataclass(frozen=True)
class Trial:
    """A development on the records at `taught` (positions, some perhaps several times), tried on those at `tested`."""

    check: str
    part: str
    taught: IntArray
    tested: IntArray


def optimism_trials(patient: IntArray, development: BoolArray, resamples: int, seed: int) -> list[Trial]:
    """Developments on bootstrap resamples of the patients, each tried on the patients it was drawn from.

    Harrell, Lee and Mark 1996 (Stat Med 15:361).
    """
    generator = np.random.default_rng(seed)
    rows = np.flatnonzero(development)
    codes, place = np.unique(patient[rows], return_inverse=True)
    drawn = [np.bincount(generator.integers(0, len(codes), len(codes)), minlength=len(codes)) for _ in range(resamples)]
    return [
        Trial("optimism", str(number), np.repeat(rows, counts[place]), rows) for number, counts in enumerate(drawn, 1)
    ]


def site_trials(patient: IntArray, site: pd.Series) -> list[Trial]:
    """Each site left out in turn (internal-external cross-validation, Steyerberg and Harrell 2016).

    What its patients have elsewhere is left out too. Records of an unknown site teach, and never test.
    """
    trials = []
    for name in sorted(site.dropna().unique()):
        there = (site == name).to_numpy(bool, na_value=False)
        elsewhere = ~np.isin(patient, patient[there])
        trials.append(Trial("site", str(name), np.flatnonzero(elsewhere), np.flatnonzero(there)))
    return trials


def learning_trials(
    patient: IntArray, tests: list[tuple[BoolArray, BoolArray]], shares: tuple[float, ...]
) -> list[Trial]:
    """Developments on the first share of the patients that teach; their order is that of pseudonyms, random.

    `tests` are pairs of (n,) masks: the records that teach, those that test.
    """
    trials = []
    for share in shares:
        for teaches, tested in tests:
            patients = pd.unique(patient[teaches])
            few = patients[: round(share * len(patients))]
            taught = np.flatnonzero(teaches & np.isin(patient, few))
            trials.append(Trial("learning curve", f"{share:g}", taught, np.flatnonzero(tested)))
    return trials


def run_trials(
    examples: Examples, trials: list[Trial], learn: Callable[[Examples], RiskModel], jobs: int = 1
) -> pd.DataFrame:
    """One row per tested record of each trial, in their order; of several targets the headline one alone is learnt.

    Columns: `check`, `part`, `record` (its place in `examples`), `times` (how often it was taught), `patients` (how
    many taught) and `risk`. A trial whose patients are too few to learn from has no rows.
    """
    headline = examples.for_target(next(iter(examples.targets)))
    work = (delayed(_try)(headline, trial, learn) for trial in trials)
    done = Parallel(n_jobs=jobs, return_as="generator")(work)
    parts = [part for _, part in zip(progress(trials, "Internal validation"), done, strict=True)]
    tried: pd.DataFrame = pd.concat([_no_rows(), *parts], ignore_index=True)
    return tried


def apparent_risks(development: Development, examples: Examples, taught: BoolArray) -> pd.DataFrame:
    """The risks the deployed model gives to the patients that taught it, at most 50,000 records."""
    rows = np.flatnonzero(taught)[:APPARENT_AT_MOST]
    risk = development.deployed.model.risk(examples.X.iloc[rows])
    return pd.DataFrame(
        {
            "check": "apparent",
            "part": "",
            "record": rows,
            "times": 1,
            "patients": count_patients(examples.patient, taught),
        }
        | {"risk": risk}
    )


def _try(examples: Examples, trial: Trial, learn: Callable[[Examples], RiskModel]) -> pd.DataFrame:
    if not len(trial.taught):
        return _no_rows()
    try:
        model = learn(examples.take(trial.taught))
    except DataRefusedError:
        return _no_rows()
    times = np.bincount(trial.taught, minlength=len(examples.X))[trial.tested]
    return pd.DataFrame(
        {
            "check": trial.check,
            "part": trial.part,
            "record": trial.tested,
            "times": times,
            "patients": count_patients(examples.patient[trial.taught]),
            "risk": model.risk(examples.X.iloc[trial.tested]),
        }
    )


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
