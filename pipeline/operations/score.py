"""Risks for new patients by the stored model, one row per record; with outcomes, how well the risks hold."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.disclosure import publish
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.operations.external import choose_updates, follow, outcome_columns, say_findings, validate_externally
from pipeline.operations.model_file import Stored, read_model, recalibrate
from pipeline.records.new_patients import NewPatients, check_new_patients, read_new_patients
from pipeline.records.sources.endings import source_like
from pipeline.sections import Settings
from pipeline.settings import load_cohort, load_settings

ENDINGS = (".csv", ".parquet")


@dataclass(frozen=True)
class Places:
    """The new files: risks go to `out`, figures to `evaluation`, the model as outcomes mend it to `recalibrated`."""

    out: Path
    evaluation: Path | None = None
    recalibrated: Path | None = None


def score_file(cohort_name: str, path: str, places: Places, model: Path | None = None) -> list[str]:
    """Write the risks of the patients in the file at `path`; returns what was done, in sentences.

    Without `model` it is that of `dvc repro`. Raises ConfigurationError on a place that must not be written, a
    missing model, or one made for another schema, and DataRefusedError where the file cannot be read, or outcomes
    are needed and missing. Nothing is written then.
    """
    _refuse_places(places)
    settings, cohort = load_settings(), load_cohort(cohort_name)
    declared = settings.find_cohort(cohort_name).source
    stored = read_model(model or Path("artifacts", cohort_name, "model.json"), cohort)
    source = source_like(declared, path)
    raw = read_new_patients(source, cohort)
    if places.evaluation or places.recalibrated:
        _refuse_without_outcome(raw, path, cohort)
    patients = check_new_patients(raw, cohort, getattr(source, "decimal", "."))
    told = stored.predict(patients.sound, cohort)
    table = tabulate(raw[cohort.identifier()], told, patients)
    found, mended = _evaluate(patients, told, stored, cohort, settings, places)
    _write(places, table, found, mended)
    return _say(places, len(told), len(raw) - len(told), found)


def tabulate(identifier: pd.Series, told: pd.DataFrame, patients: NewPatients) -> pd.DataFrame:
    """One row per record, in the source's order: its `identifier`, what was `told` of it, or why it was refused.

    `told` is what `Deployed.predict` gives for `patients.sound`.
    """
    known = told.drop(columns="distance").rename(columns={"outside": "outside_support"})
    kinds = {"outside_support": "boolean", "because": "string", "phenotype": "Int64", "unlike_phenotypes": "boolean"}
    known = known.astype({name: kind for name, kind in kinds.items() if name in known}).reindex(identifier.index)
    return pd.concat([identifier, known, patients.refused.rename("refused_because")], axis=1)


def _evaluate(
    patients: NewPatients, told: pd.DataFrame, stored: Stored, cohort: type[Cohort], settings: Settings, places: Places
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The figures, and the content of the recalibrated model's file, as far as `places` asks for them."""
    if not (places.evaluation or places.recalibrated):
        return None, None
    smallest = settings.disclosure.smallest_group
    followed = follow(patients.sound, told, cohort, smallest)
    choices = choose_updates(followed, stored.deployed, smallest)
    refused = len(patients.frame) - len(told)
    found = publish(validate_externally(followed, choices, refused, cohort, settings), settings.disclosure.round_to)
    return found, recalibrate(stored, choices, followed.examples) if places.recalibrated else None


def _refuse_places(places: Places) -> None:
    if places.out.suffix not in ENDINGS:
        raise ConfigurationError(f"{places.out.name}: expected a name that ends in {' or '.join(ENDINGS)}")
    given = [path for path in (places.out, places.evaluation, places.recalibrated) if path]
    if found := [str(path) for path in given if path.exists()]:
        raise ConfigurationError(f"{', '.join(found)} exists already; remove it or name another file")
    if len({path.resolve() for path in given}) < len(given):
        raise ConfigurationError("two results go to one file; name another for each")
    public = Path(files.PUBLIC).resolve()
    for path in (places.out, places.recalibrated):
        if path and public in path.resolve().parents:
            raise ConfigurationError(
                f"{path} is about single patients, and {files.PUBLIC}/ is published; name a file elsewhere"
            )


def _refuse_without_outcome(raw: pd.DataFrame, path: str, cohort: type[Cohort]) -> None:
    if lacking := [name for name in outcome_columns(cohort) if name not in raw]:
        raise DataRefusedError(
            f"{path} has no column {', '.join(lacking)}: an evaluation compares risks with what became of the "
            "patients; add the outcome, or score without an evaluation"
        )


def _write(places: Places, table: pd.DataFrame, found: dict[str, Any] | None, mended: dict[str, Any] | None) -> None:
    """Put all files in place, or none."""
    as_text = places.out.suffix == ".csv"
    writes: dict[Path, Callable[[Path], None]] = {
        places.out: partial(files.write_csv_parts if as_text else files.write_parquet_parts, parts=[table])
    }
    if places.evaluation:
        writes[places.evaluation] = partial(files.write_json, content=files.rounded(found))
    if places.recalibrated:
        writes[places.recalibrated] = partial(files.write_json, content=mended)
    files.write_whole(writes)


def _say(places: Places, told: int, refused: int, found: dict[str, Any] | None) -> list[str]:
    said = [f"Wrote {told:,} risks to {places.out}."]
    if refused:
        said.append(f"Records without a risk: {refused:,}; the column refused_because says why.")
    said += say_findings(found) if found else []
    if places.evaluation:
        said.append(f"Wrote the figures to {places.evaluation}.")
    if places.recalibrated:
        said.append(f"Wrote the model, with the recalibration that is supported, to {places.recalibrated}.")
    return said
