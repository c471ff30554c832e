"""What the champion tells of the patients on whom the challenger is judged, each of them unseen by both."""

from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.arrays import FloatArray
from pipeline.errors import ConfigurationError
from pipeline.image_store import ImageStore
from pipeline.operations.findings import see_unseen
from pipeline.operations.kept import ORDINAL, find_kept
from pipeline.operations.model_file import read_model
from pipeline.operations.releases.manifest import MANIFEST
from pipeline.records.identity import PSEUDONYM

RISK = "risk"


def has_key(release: Path, fingerprint: str) -> bool:
    """Whether the release has pseudonyms by the key of this fingerprint, so that its patients are known again."""
    return bool(files.read_json(release / MANIFEST)["pseudonym_key"] == fingerprint)


def see_as_champion(
    release: Path, records: pd.DataFrame, images: ImageStore | None, cohort: type[Cohort]
) -> pd.DataFrame:
    """Typed `records` with what the champion's networks tell of their images, unseen by them; as `see_unseen`.

    Where the schema had no images then, or other ones, nothing is told.
    """
    try:
        return see_unseen(release / "model.json", records, images, cohort)
    except (ConfigurationError, FileNotFoundError, KeyError):
        return records.assign(**dict.fromkeys(cohort.findings(), np.nan))


def find_champion_risks(release: Path, records: pd.DataFrame, cohort: type[Cohort]) -> FloatArray:
    """The champion's risk for each of the n typed `records`, (n,), NaN where it would not be an honest one.

    Records have what its networks tell of their images.
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
    """The mean over repeats of the risks that records were told unseen."""
    kept = files.read_parquet(release / "predictions.parquet")
    deployed = files.read_json(release / "reports" / "model_summary.json")["deployed"]
    then = kept[[PSEUDONYM, "repeat"]].assign(**{RISK: kept[f"risk_{deployed}"]})
    then[ORDINAL] = then.groupby([PSEUDONYM, "repeat"]).cumcount()
    mean = then.groupby([PSEUDONYM, ORDINAL])[[RISK]].mean().reset_index()
    return find_kept(mean.drop(columns=ORDINAL), records)[RISK].to_numpy(float)
