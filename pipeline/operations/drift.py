"""Drift since a release: its patients beside newer ones, whom it has not learnt from."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.arrays import FloatArray
from pipeline.disclosure import publish
from pipeline.errors import ConfigurationError
from pipeline.evaluation.drift.describe import describe_drift
from pipeline.evaluation.drift.reference import make_reference
from pipeline.evaluation.subgroups import label_groups
from pipeline.operations.releases.manifest import verify
from pipeline.operations.releases.store import Store
from pipeline.operations.retraining.champion import find_champion_risks
from pipeline.operations.scoring.followed import outcome_columns
from pipeline.outcomes import observe
from pipeline.phrases import phrase
from pipeline.records.identity import PSEUDONYM, fingerprint_key, pseudonymise, read_key
from pipeline.records.new_patients import check_new_patients, read_new_patients
from pipeline.records.sources.endings import source_like
from pipeline.sections import Settings
from pipeline.settings import load_cohort, load_settings

REFERENCE = "reference.parquet"
ALL = phrase("Fewer than {n} patients are new to the release, so that all were compared, known ones included.")


def take_reference(records: pd.DataFrame, risk: FloatArray, cohort: type[Cohort], seed: int) -> pd.DataFrame:
    """What `make_reference` keeps of typed `records` with a column `pseudonym`, one record of each patient.

    `risk` (n,) is NaN where there is none that the patient did not help to make.
    """
    drawn = np.random.default_rng(seed).permutation(len(records))
    first = ~records[PSEUDONYM].iloc[drawn].duplicated().to_numpy(bool)
    kept = np.sort(drawn[first])
    each, predictors, date = records.iloc[kept].reset_index(drop=True), cohort.predictors(), cohort.index_date()
    given = each[outcome_columns(cohort)].notna().all(axis=1).to_numpy(bool)
    return make_reference(
        each[list(predictors)],
        label_groups(each, cohort.study().subgroups, predictors),
        risk[kept],
        next(iter(observe(each, cohort.study()).values())),
        seed,
        given,
        each[date] if date else None,
    )


def compare_with_release(
    release: Path, records: pd.DataFrame, cohort: type[Cohort], settings: Settings
) -> dict[str, Any]:
    """What `describe_drift` says of typed `records` with a column `pseudonym`, beside the patients of a release.

    Compared are patients whom the release does not know; where they are too few, all, who may have changed too. Counts
    are rounded.
    """
    new = ~_known(release, records, settings)
    enough = records.loc[new, PSEUDONYM].nunique() >= settings.drift.patients_at_least
    chosen = (records[new] if enough else records).reset_index(drop=True)
    risk = find_champion_risks(release, chosen, cohort)
    now = take_reference(chosen, risk, cohort, settings.drift.seed)
    smallest = settings.disclosure.smallest_group
    reference = files.read_parquet(release / REFERENCE)
    described = describe_drift(reference, now, cohort.predictors(), settings.drift, smallest)
    if not enough:
        described["sentences"].append(ALL.format(n=settings.drift.patients_at_least))
    told: dict[str, Any] = publish(described, settings.disclosure.round_to)
    return told


def find_drift(cohort_name: str, path: str | None, name: str | None, out: Path | None) -> dict[str, Any]:
    """Compare the records in the file at `path`, or the cohort's valid ones, with the release `name`, or that in use.

    What `compare_with_release` says is written to `out`, if given. Raises ConfigurationError where there is no release,
    or it is not as it was sealed, or `out` exists, and DataRefusedError where the file cannot be read.
    """
    if out is not None and out.exists():
        raise ConfigurationError(f"{out} exists already; remove it or name another file")
    settings, cohort = load_settings(), load_cohort(cohort_name)
    settings.find_cohort(cohort_name)
    release = _find_release(Store.of(cohort_name), name)
    if not (release / REFERENCE).is_file():
        raise ConfigurationError(
            f"release {release.name} keeps no patients to compare with, {REFERENCE}; `retrain` makes one that does"
        )
    records = _read_valid(cohort_name) if path is None else _read_new(cohort_name, path, cohort, settings)
    told = compare_with_release(release, records, cohort, settings)
    if out is not None:
        files.write_whole({out: partial(files.write_json, content=files.rounded(told))})
    return told


def _find_release(store: Store, name: str | None) -> Path:
    if name is not None:
        verify(store.path(name))
        return store.path(name)
    champion = store.champion()
    if champion is None:
        raise ConfigurationError(f"{store.folder.name} has no release yet; `retrain` makes the first")
    return champion


def _known(release: Path, records: pd.DataFrame, settings: Settings) -> "pd.Series[bool]":
    """Which records are of patients whom the release knows; none where its pseudonyms are of another key."""
    if files.read_json(release / "MANIFEST.json")["pseudonym_key"] != fingerprint_key(read_key(settings.validate_)):
        return pd.Series(False, records.index)
    return records[PSEUDONYM].isin(files.read_parquet(release / "split.parquet")[PSEUDONYM])


def _read_valid(cohort_name: str) -> pd.DataFrame:
    path = Path("data", cohort_name, "valid.parquet")
    if not path.is_file():
        raise ConfigurationError(f"{path} is missing; `dvc repro` makes it, or name a file of records with --from")
    return files.read_parquet(path)


def _read_new(cohort_name: str, path: str, cohort: type[Cohort], settings: Settings) -> pd.DataFrame:
    """The sound records of the file, under pseudonyms."""
    source = source_like(settings.find_cohort(cohort_name).source, path)
    patients = check_new_patients(read_new_patients(source, cohort), cohort, getattr(source, "decimal", "."))
    sound = patients.sound
    hidden, _ = pseudonymise(sound, np.arange(len(sound)), cohort.identifier(), read_key(settings.validate_))
    return hidden
