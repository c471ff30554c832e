"""Which patients teach and which test: decided per patient, and not changed by other patients' arrival."""

from datetime import date

import numpy as np
import pandas as pd

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.identity import PSEUDONYM, hash_uniform
from pipeline.sections import Split

DEVELOPMENT, TEST = "development", "test"


def split_patients(
    valid: pd.DataFrame, index_date: str | None, test_from: date | None, settings: Split
) -> pd.DataFrame:
    """Assign every patient to a part, and to folds where there is no separate test part.

    `valid` has a column `pseudonym` and may hold several rows of one patient. Returns one row per patient with
    `pseudonym` and `part`; under cross-validation everyone is in development and columns `fold_1`... (one per
    repeat) hold fold numbers from 0. With an index date, patients whose first index date is on or after
    `test_from` are the test part. Raises ConfigurationError if `test_from` is missing, or given without an
    index date, and DataRefusedError if a part is empty.
    """
    if index_date is None and test_from is not None:
        raise ConfigurationError("params.yaml gives test_from, but the schema declares no index date; remove one")
    patients = valid.groupby(PSEUDONYM, sort=True, as_index=False).agg(**_first(index_date))
    if index_date is not None:
        split = _by_date(patients, index_date, test_from)
    elif len(patients) < settings.cross_validate_below:
        return _by_folds(patients, settings)
    else:
        held_out = hash_uniform(patients[PSEUDONYM], "hold-out") < settings.test_share
        split = _parts(patients, held_out)
    for part in (DEVELOPMENT, TEST):
        if part not in set(split["part"]):
            raise DataRefusedError(f"no patient is in the {part} part; check test_from or test_share in params.yaml")
    return split


def _first(index_date: str | None) -> dict[str, tuple[str, str]]:
    return {index_date: (index_date, "min")} if index_date else {"rows": (PSEUDONYM, "size")}


def _by_date(patients: pd.DataFrame, index_date: str, test_from: date | None) -> pd.DataFrame:
    if test_from is None:
        raise ConfigurationError(
            f"the schema declares the index date {index_date}, so evaluation is temporal: give the cohort "
            "test_from in params.yaml, the first day of the test period"
        )
    return _parts(patients, (patients[index_date] >= pd.Timestamp(test_from)).to_numpy())


def _parts(patients: pd.DataFrame, held_out: "np.typing.NDArray[np.bool_]") -> pd.DataFrame:
    part = np.where(held_out, TEST, DEVELOPMENT)
    return pd.DataFrame({PSEUDONYM: patients[PSEUDONYM], "part": pd.array(part, dtype="string")})


def _by_folds(patients: pd.DataFrame, settings: Split) -> pd.DataFrame:
    split = _parts(patients, np.zeros(len(patients), dtype=bool))
    for repeat in range(1, settings.repeats + 1):
        uniform = hash_uniform(patients[PSEUDONYM], f"fold, repeat {repeat}")
        split[f"fold_{repeat}"] = (uniform * settings.folds).astype(np.int64)
    return split
