"""Drift since a release: its patients beside newer ones, whom it has not learnt from."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.arrays import BoolArray, FloatArray
from pipeline.disclosure import publish
from pipeline.errors import ConfigurationError
from pipeline.evaluation.drift.describe import describe_drift
from pipeline.evaluation.drift.reference import make_reference
from pipeline.evaluation.subgroups import label_groups
from pipeline.image_store import ImageStore, read_images
from pipeline.operations.releases.manifest import verify
from pipeline.operations.releases.store import Store
from pipeline.operations.retraining.champion import find_champion_risks, has_key, see_as_champion
from pipeline.outcomes import observe, outcome_columns
from pipeline.patients import find_first_records
from pipeline.phrases import phrase
from pipeline.records.identity import PSEUDONYM, fingerprint_key, pseudonymise, read_key
from pipeline.records.new_patients import check_new_patients, read_new_patients
from pipeline.records.sources.endings import source_like
from pipeline.sections import Settings
from pipeline.settings import load_cohort, load_settings

REFERENCE = "reference.parquet"
NEW, EVERYBODY = "new", "everybody"
WHO = {
    NEW: phrase("These are the figures of new patients."),
    EVERYBODY: phrase("These are the figures of all patients, known ones included."),
}
SEED = 0  # of the sample that is kept where there are very many patients


def take_reference(records: pd.DataFrame, risk: FloatArray, cohort: type[Cohort]) -> pd.DataFrame:
    """What `make_reference` keeps of typed `records` with a column `pseudonym`: the first record of each patient.

    `risk` (n,) is NaN where there is none that the patient did not help to make.
    """
    date, predictors, study = cohort.index_date(), cohort.predictors(), cohort.study()
    first = find_first_records(records, date)
    each = records.iloc[first].reset_index(drop=True)
    return make_reference(
        each[list(predictors)],
        label_groups(each, study.subgroups, predictors),
        risk[first],
        next(iter(observe(each, study).values())),
        SEED,
        each[outcome_columns(cohort.study().outcome)].notna().all(axis=1).to_numpy(bool),
        each[date] if date else None,
    )


def compare_with_release(
    release: Path, records: pd.DataFrame, risk: FloatArray, cohort: type[Cohort], settings: Settings
) -> dict[str, Any]:
    """What `describe_drift` says of typed `records` with a column `pseudonym`, beside the patients of a release.

    Records have what the champion's networks tell of their images; `risk` (n,) is what `find_champion_risks` gives.
    Of patients whom the release does not know, `new`; and, if it knows some, of `everybody` as read now, which may have
    changed too. `beyond` is whether either is, and `sentences` hold the summary of each and its figures beyond. Counts
    are rounded.
    """
    seen = _find_seen(release, records, settings)
    reference = files.read_parquet(release / REFERENCE)
    parts = {NEW: ~seen} | ({EVERYBODY: np.ones(len(records), dtype=bool)} if seen.any() else {})
    found = {
        name: describe_drift(
            reference,
            take_reference(records[rows], risk[rows], cohort),
            cohort.predictors(),
            settings.drift,
            settings.disclosure.smallest_group,
        )
        for name, rows in parts.items()
    }
    sentences = [each for name, told in found.items() for each in (WHO[name], *told["sentences"])]
    judged: dict[str, Any] = publish(found, settings.disclosure.round_to)
    return judged | {"beyond": any(told["beyond"] for told in found.values()), "sentences": sentences}


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
    read = _read_valid(cohort_name, cohort) if path is None else _read_new(cohort_name, path, cohort, settings)
    records = see_as_champion(release, *read, cohort)
    risk = find_champion_risks(release, records, cohort)
    told = compare_with_release(release, records, risk, cohort, settings)
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


def _find_seen(release: Path, records: pd.DataFrame, settings: Settings) -> BoolArray:
    """Which records are of patients whom the release knows, (n,); none where its pseudonyms are of another key."""
    if not has_key(release, fingerprint_key(read_key(settings.validate_))):
        return np.zeros(len(records), dtype=bool)
    known = files.read_parquet(release / "split.parquet")[PSEUDONYM]
    return records[PSEUDONYM].isin(known).to_numpy(bool)


def _read_valid(cohort_name: str, cohort: type[Cohort]) -> tuple[pd.DataFrame, ImageStore | None]:
    folder = Path("data", cohort_name)
    path = folder / "valid.parquet"
    if not path.is_file():
        raise ConfigurationError(f"{path} is missing; `dvc repro` makes it, or name a file of records with --from")
    return files.read_parquet(path), read_images(folder / "images") if cohort.findings() else None


def _read_new(
    cohort_name: str, path: str, cohort: type[Cohort], settings: Settings
) -> tuple[pd.DataFrame, ImageStore | None]:
    """The sound records of the file, under pseudonyms, and their images."""
    source = source_like(settings.find_cohort(cohort_name).records, path)
    raw = read_new_patients(source, cohort)
    patients = check_new_patients(raw, cohort, getattr(source, "decimal", "."), Path(path).parent)
    sound = patients.sound
    hidden, rows = pseudonymise(sound, np.arange(len(sound)), cohort.identifier(), read_key(settings.validate_))
    return hidden, patients.images and patients.images.take(rows)
