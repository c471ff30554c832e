"""What the champion tells of the patients on whom the challenger is judged, each of them unseen by both."""

from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.arrays import FloatArray
from pipeline.errors import ConfigurationError
from pipeline.operations.model_file import read_model
from pipeline.operations.releases.manifest import MANIFEST
from pipeline.records.identity import PSEUDONYM

ORDINAL, RISK = "ordinal", "risk"


def has_key(release: Path, fingerprint: str) -> bool:
    """Whether the release has pseudonyms by the key of this fingerprint, so that its patients are known again."""
    return bool(files.read_json(release / MANIFEST)["pseudonym_key"] == fingerprint)


def find_champion_risks(release: Path, records: pd.DataFrame, cohort: type[Cohort]) -> FloatArray:
    """The champion's risk for each of the n typed `records`, (n,), NaN where it would not be an honest one.

    A patient who did not teach the champion gets the risk of its model; one who did, the risk of models that the
    patient did not teach, which the release keeps if it is by cross-validation; else none. Where the schema has
    changed since, the model cannot be asked, and there are only risks that were kept.
    """
    split = files.read_parquet(release / "split.parquet").set_index(PSEUDONYM)["part"]
    taught = records[PSEUDONYM].isin(split.index[split == "development"]).to_numpy(bool)
    kept = _read_kept(release, records)
    return np.where(taught, kept, _ask(release, records, cohort, kept))


def _ask(release: Path, records: pd.DataFrame, cohort: type[Cohort], otherwise: FloatArray) -> FloatArray:
    try:
        stored = read_model(release / "model.json", cohort)
    except ConfigurationError:
        return otherwise
    told: FloatArray = stored.predict(records, cohort)[RISK].to_numpy(float)
    return told


def _read_kept(release: Path, records: pd.DataFrame) -> FloatArray:
    """The mean over repeats of the risks that records were told unseen, by patient and order of records.

    A patient with more or fewer records than then has none.
    """
    kept = files.read_parquet(release / "predictions.parquet")
    deployed = files.read_json(release / "reports" / "model_summary.json")["deployed"]
    then = kept[[PSEUDONYM, "repeat"]].assign(**{RISK: kept[f"risk_{deployed}"]})
    then[ORDINAL] = then.groupby([PSEUDONYM, "repeat"]).cumcount()
    mean = then.groupby([PSEUDONYM, ORDINAL], as_index=False)[RISK].mean()
    now = records[[PSEUDONYM]].assign(**{ORDINAL: records.groupby(PSEUDONYM).cumcount()})
    found = now.merge(mean, how="left", on=[PSEUDONYM, ORDINAL], validate="1:1")[RISK].to_numpy(float)
    then_many, now_many = mean[PSEUDONYM].value_counts(), records[PSEUDONYM].value_counts()
    as_many = now_many.index[now_many == then_many.reindex(now_many.index, fill_value=0)]
    return np.where(records[PSEUDONYM].isin(as_many), found, np.nan)
