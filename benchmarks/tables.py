"""The benchmark's tables: declared in `cohorts/`, validated by the pipeline, split by patients, written for all.

`python benchmarks/tables.py DATA_FOLDER WORK_FOLDER` writes `WORK_FOLDER/data/<table>/<key>/<fold>/train.parquet`
and `test.parquet`: the predictors as the pipeline's models see them (numbers, NaN where missing, and categories),
`_y` (0 or 1, or the number of the class) and `_patient`. A patient's fold follows from the patient and the key
alone. Everything is chosen on keys `dev-1` and `dev-2`; `final-2026` is for the published table.
"""

import hashlib
import importlib
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from data_schemas.columns import Classes, Cohort
from pipeline.models.features import model_frame
from pipeline.records.quarantine import Validated, validate_records
from pipeline.records.sources.read import read_source
from pipeline.sections import DelimitedSource, Validate

FOLDS = 5
FINAL_KEY = "final-2026"
KEYS = (FINAL_KEY, "dev-1", "dev-2")
Y, PATIENT = "_y", "_patient"
DECLARATIONS = Path(__file__).parent / "cohorts"


def read_declarations() -> dict[str, Any]:
    """`cohorts/params.yaml`."""
    declared: dict[str, Any] = yaml.safe_load((DECLARATIONS / "params.yaml").read_text())
    return declared


def table_names() -> list[str]:
    return list(read_declarations()["cohorts"])


def load_cohort(name: str) -> type[Cohort]:
    """The cohort declared in `cohorts/<name>.py`."""
    module = importlib.import_module(f"cohorts.{name}")
    found = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    (cohort,) = found
    assert not cohort.faults(), f"{name}: {cohort.faults()}"
    return cohort


def validate_table(name: str, data: Path, work: Path) -> Validated:
    """What the pipeline's reader and rules leave of a table, after its own `prepare`."""
    declared = read_declarations()
    source, cohort = declared["cohorts"][name], load_cohort(name)
    raw = pd.read_csv(data / source["path"], names=source.get("names"), dtype=str, keep_default_na=False)
    raw = raw.rename(columns={"Unnamed: 0": ""})
    prepared = work / "prepared" / f"{name}.csv"
    prepared.parent.mkdir(parents=True, exist_ok=True)
    importlib.import_module(f"cohorts.{name}").prepare(raw).to_csv(prepared, index=False)
    records = read_source(DelimitedSource(format="csv", path=str(prepared)), cohort.columns())
    return validate_records(records, cohort, Validate(**declared["validate"]))


def target_codes(cohort: type[Cohort]) -> dict[str, int]:
    """The value of `_y` by the name of the target, the one of the headline figures first."""
    outcome = cohort.study().outcome
    if not isinstance(outcome, Classes):
        return {outcome.event: 1}
    labels = cohort.columns()[outcome.column].labels
    return {label: labels.index(label) for label in (outcome.event, *(x for x in labels if x != outcome.event))}


def outcome_numbers(records: pd.DataFrame, cohort: type[Cohort]) -> pd.Series:
    """The number of the class where the outcome has several, else 1 for the event and 0 for none."""
    outcome = cohort.study().outcome
    values = records[outcome.column]
    if isinstance(outcome, Classes):
        return values.cat.codes.astype("int64")
    return (values == outcome.event).astype("int64")


def find_folds(patients: pd.Series, key: str) -> pd.Series:
    """A fold from 0 per record, shape (n,): fixed by the patient and `key` alone."""
    return patients.map(lambda p: int(hashlib.sha256(f"{key}:{p}".encode()).hexdigest(), 16) % FOLDS)


def write_folds(name: str, validated: Validated, work: Path) -> pd.DataFrame:
    """Write the folds of every key; returns the table as models see it."""
    cohort, records = load_cohort(name), validated.valid
    table = model_frame(records, cohort.predictors())
    table[Y], table[PATIENT] = outcome_numbers(records, cohort), records["pseudonym"].astype(str)
    for key in KEYS:
        folds = find_folds(table[PATIENT], key)
        for fold in range(FOLDS):
            place = work / "data" / name / key / str(fold)
            place.mkdir(parents=True, exist_ok=True)
            table[folds != fold].reset_index(drop=True).to_parquet(place / "train.parquet")
            table[folds == fold].reset_index(drop=True).to_parquet(place / "test.parquet")
    return table


def main(data: str, work: str, *names: str) -> None:
    for name in names or table_names():
        validated = validate_table(name, Path(data), Path(work))
        table = write_folds(name, validated, Path(work))
        print(
            f"{name}: {len(table)} records, {table[PATIENT].nunique()} patients, {table.shape[1] - 2} predictors,"
            f" {len(validated.quarantine)} rules broken, outcomes"
            f" {table[Y].value_counts(normalize=True).round(3).to_dict()}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
