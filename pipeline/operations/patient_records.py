"""The record of a patient who is asked for: among the cohort's valid records, or in a file of new patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.image_store import ImageStore, read_images
from pipeline.operations.findings import see_images, see_unseen
from pipeline.records.identity import PSEUDONYM, pseudonymise
from pipeline.records.new_patients import check_new_patients, read_new_patients
from pipeline.records.sources.endings import source_like
from pipeline.sections import Source


@dataclass(frozen=True)
class Known:
    """One typed `record` (1, all columns of the cohort), the latest of so many, and whether it taught the model.

    `taught` is None where that is not known. `images` are those of the record, None where the cohort has none.
    """

    record: pd.DataFrame
    records: int
    taught: bool | None
    images: ImageStore | None = None


def find_known(
    cohort_name: str, identifiers: Sequence[str], cohort: type[Cohort], key: str, model: Path
) -> list[Known]:
    """The patients with the source's `identifiers` among the cohort's valid records, in their order.

    What images tell is by the network beside the file `model`, or by those that had not seen the patient. Raises
    ConfigurationError where `dvc repro` has not made them, and DataRefusedError where a patient is not there.
    """
    folder = Path("data", cohort_name)
    valid = _read(folder / "valid.parquet", cohort)
    split = folder / "split.parquet"
    images = read_images(folder / "images") if cohort.findings() else None
    parts = files.read_parquet(split).set_index(PSEUDONYM)["part"] if split.is_file() else None
    found = []
    for place, identifier in enumerate(identifiers):
        pseudonym = _hide(identifier, cohort, key)
        rows = valid[(valid[PSEUDONYM] == pseudonym).fillna(False).to_numpy(bool)]
        if rows.empty:
            where = folder / "valid.parquet"
            raise DataRefusedError(
                _say_absent(where, place, identifiers) + _say_quarantined(folder, identifier, cohort)
            )
        mine = images and images.take(rows.index.to_numpy(np.int64))
        seen = see_unseen(model, rows.reset_index(drop=True), mine, cohort)
        named = seen.assign(**{cohort.identifier(): pd.Series(identifier, seen.index, dtype="string")})
        taught = None if parts is None or pseudonym not in parts else bool(parts[pseudonym] == "development")
        found.append(_know(named[list(cohort.described())], mine, cohort, (place, identifiers), taught))
    return found


def find_new(declared: Source, path: str, identifiers: Sequence[str], cohort: type[Cohort], model: Path) -> list[Known]:
    """The patients with `identifiers` in the file at `path`, read like `declared`, in the order of `identifiers`.

    Images lie in the folder of the file; what they tell is by the network beside the file `model`. Raises as
    `read_new_patients`, and DataRefusedError where a patient is not there or a record breaks a rule.
    """
    source = source_like(declared, path)
    raw = read_new_patients(source, cohort)
    found = []
    for place, identifier in enumerate(identifiers):
        mine = raw[(raw[cohort.identifier()] == identifier).fillna(False).to_numpy(bool)]
        if mine.empty:
            raise DataRefusedError(
                f"{_say_absent(Path(path), place, identifiers)}; check how the identifier is written"
            )
        patients = check_new_patients(mine, cohort, getattr(source, "decimal", "."), Path(path).parent)
        if refused := [why for why in patients.refused if why]:
            raise DataRefusedError(
                f"{path}: the record of {_who(place, identifiers)} gets no risk, {refused[0]}; mend it in the source"
            )
        sound = see_images(model, patients.sound.reset_index(drop=True), patients.images, cohort)
        found.append(_know(sound, patients.images, cohort, (place, identifiers), None))
    return found


def _read(path: Path, cohort: type[Cohort]) -> pd.DataFrame:
    if not path.is_file():
        raise ConfigurationError(f"{path} is missing; `dvc repro` makes it, or name a file of records with --from")
    valid = files.read_parquet(path)
    if set(cohort.columns()) - {cohort.identifier()} - set(valid):
        raise ConfigurationError(f"{path} was made for another schema than {cohort.__module__} is now; run `dvc repro`")
    return valid


def _hide(identifier: str, cohort: type[Cohort], key: str) -> str:
    """The pseudonym that validation gave the identifier."""
    column = cohort.identifier()
    one = pd.DataFrame({column: pd.Series([identifier], dtype="string")})
    hidden, _ = pseudonymise(one, np.array([0]), column, key)
    return str(hidden[PSEUDONYM].iloc[0])


def _know(
    rows: pd.DataFrame,
    images: ImageStore | None,
    cohort: type[Cohort],
    asked: tuple[int, Sequence[str]],
    taught: bool | None,
) -> Known:
    """The record with the last index date, of the patient in such a place of those asked for."""
    latest = _latest(rows, cohort, *asked)
    mine = images and images.take(latest.index.to_numpy(np.int64))
    return Known(latest.reset_index(drop=True), len(rows), taught, mine)


def _latest(rows: pd.DataFrame, cohort: type[Cohort], place: int, identifiers: Sequence[str]) -> pd.DataFrame:
    date = cohort.index_date()
    if len(rows) > 1 and date is None:
        raise DataRefusedError(
            f"{_who(place, identifiers)} has {len(rows)} records, and the cohort has no index date to tell the latest "
            "by; name a file with one of them"
        )
    ordered = rows.sort_values(date, kind="stable") if date else rows
    return ordered.iloc[[-1]]


def _who(place: int, identifiers: Sequence[str]) -> str:
    """The patient without the identifier, which no message holds."""
    return "the patient" if len(identifiers) == 1 else f"patient number {place + 1} of the list"


def _say_absent(path: Path, place: int, identifiers: Sequence[str]) -> str:
    return f"{path} has no record of {_who(place, identifiers)}"


def _say_quarantined(folder: Path, identifier: str, cohort: type[Cohort]) -> str:
    """Whether the record was set aside and why, or what to do."""
    path = folder / "quarantine.parquet"
    aside = files.read_parquet(path) if path.is_file() else pd.DataFrame(columns=[cohort.identifier()])
    mine = aside[(aside[cohort.identifier()] == identifier).fillna(False).to_numpy(bool)]
    if mine.empty:
        return "; check how the identifier is written, or name a file of new patients with --from"
    column, rule = mine["rule_column"].iloc[0], mine["broken_rule"].iloc[0]
    where = "" if pd.isna(column) else f"column {column}, "
    return f": it was set aside, {where}rule '{rule}'; mend it in the source and run `dvc repro`"
