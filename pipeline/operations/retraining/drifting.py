"""What has changed since the champion learnt: in patients new since then, and in everybody as read now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Column
from pipeline import files
from pipeline.arrays import FloatArray
from pipeline.evaluation.drift.describe import describe_drift
from pipeline.evaluation.drift.reference import make_reference
from pipeline.evaluation.subgroups import label_groups
from pipeline.operations.retraining.champion import find_champion_risks
from pipeline.outcomes import observe
from pipeline.records.identity import PSEUDONYM
from pipeline.sections import Settings
from pipeline.stages.wiring import find_first_records

REFERENCE = "reference.parquet"


def find_drift(valid: pd.DataFrame, champion: Path, cohort: type[Cohort], settings: Settings) -> dict[str, Any]:
    """`new` and `everybody`, each what `describe_drift` gives, and whether either is `beyond`, with all `sentences`.

    `valid` are all typed records; those of `new` are of patients whom the release at `champion` has not seen.
    """
    first = choose_first(valid, cohort)
    risk = find_champion_risks(champion, first, cohort)
    seen = first[PSEUDONYM].isin(files.read_parquet(champion / "split.parquet")[PSEUDONYM]).to_numpy(bool)
    reference = files.read_parquet(champion / REFERENCE)
    shared = _list_shared(reference, cohort.predictors(), first)
    gone = [name for name in reference if not name.startswith(":") and name not in shared]
    drawn = settings.drift, settings.disclosure.smallest_group
    found = {
        name: describe_drift(
            reference.drop(columns=gone), _sample(first[rows], risk[rows], cohort, shared), shared, *drawn
        )
        for name, rows in {"new": ~seen, "everybody": np.ones(len(first), dtype=bool)}.items()
    }
    sentences = [sentence for each in found.values() if each["beyond"] for sentence in each["sentences"]]
    return found | {"beyond": any(each["beyond"] for each in found.values()), "sentences": sentences}


def make_sample(valid: pd.DataFrame, unseen: pd.DataFrame, risk: FloatArray, cohort: type[Cohort]) -> pd.DataFrame:
    """What a release keeps of all patients, `REFERENCE`; `risk` (n,) is what the n records of `unseen` were told."""
    first = choose_first(valid, cohort)
    told = pd.Series(risk).groupby(unseen[PSEUDONYM].to_numpy()).first()
    known = np.asarray(first[PSEUDONYM].map(told).astype(float), dtype=np.float64)
    return _sample(first, known, cohort, cohort.predictors())


def choose_first(valid: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """Each patient's first record."""
    first: pd.DataFrame = valid.iloc[find_first_records(valid, cohort.index_date())].reset_index(drop=True)
    return first


def _sample(
    records: pd.DataFrame, risk: FloatArray, cohort: type[Cohort], predictors: Mapping[str, Column]
) -> pd.DataFrame:
    study, index_date = cohort.study(), cohort.index_date()
    return make_reference(
        records[list(predictors)],
        label_groups(records, study.subgroups, cohort.predictors()),
        risk,
        next(iter(observe(records, study).values())),
        0,
        dates=records[index_date] if index_date else None,
    )


def _list_shared(reference: pd.DataFrame, predictors: Mapping[str, Column], now: pd.DataFrame) -> dict[str, Column]:
    """The predictors that there were then as there are now, and of the same kind."""
    return {
        name: column
        for name, column in predictors.items()
        if name in reference
        and pd.api.types.is_numeric_dtype(reference[name]) == pd.api.types.is_numeric_dtype(now[name])
    }
