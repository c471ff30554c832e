"""Stage `cluster`: phenotypes from the predictors alone, and who is in each."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Column, FactorClass, Role
from pipeline import files
from pipeline.arrays import IntArray
from pipeline.engine import Engine, start_engine
from pipeline.errors import ConfigurationError
from pipeline.patients import find_first_records
from pipeline.phenotypes import Patients, PhenotypeModel, Rules, find_phenotypes, predictor_values
from pipeline.phenotypes.describe import describe_phenotypes
from pipeline.phenotypes.meaning import Meaning
from pipeline.phenotypes.patients import draw_development, spread
from pipeline.records.identity import PSEUDONYM
from pipeline.row_groups import RowGroup, deal, list_row_groups, read_rows
from pipeline.stages.wiring import Stage, align, run

Part = tuple[RowGroup, IntArray]
"""A row group of the records, and the places of some of them in the table, ascending."""


def main(stage: Stage) -> None:
    """Find phenotypes on the development patients, assign every patient, and describe them."""
    cohort, settings = stage.cohort(), stage.section("cluster")
    smallest, predictors = stage.section("disclosure").smallest_group, cohort.with_role(Role.PREDICTOR)
    meaning, index_date = _meaning(predictors), cohort.index_date()
    keys = stage.read("valid.parquet", [PSEUDONYM, *([index_date] if index_date else [])])
    first = find_first_records(keys, index_date)
    keys = keys.iloc[first].reset_index(drop=True)
    with start_engine(stage.section("engine")) as engine:
        patients = _read_patients(stage, engine, keys, first)
        found = find_phenotypes(
            patients,
            meaning,
            settings.clusterers,
            Rules(settings.k_max, settings.resamples, settings.jaccard_at_least, smallest, settings.seed),
            {name: column.weight_in_phenotypes for name, column in predictors.items()},
            _read_released(stage.cohort_name),
        )
    dates = keys[index_date] if index_date else None
    stage.write("phenotypes.json", describe_phenotypes(found, patients.seen, dates, meaning, smallest, settings.seed))
    stage.write("phenotypes_model.json", found.model.to_dict() if found.model else {})
    stage.write("clusters.parquet", pd.DataFrame({PSEUDONYM: keys[PSEUDONYM], "cluster": found.assignment}))


def _read_patients(stage: Stage, engine: Engine, keys: pd.DataFrame, first: IntArray) -> Patients:
    """The patients of `keys`, whose records stand at `first`: who teaches and describes is read, others as assigned."""
    predictors, path = stage.cohort().with_role(Role.PREDICTOR), stage.path("valid.parquet")
    development = np.flatnonzero(align(stage.read("split.parquet", [PSEUDONYM, "part"]), keys)["part"] == "development")
    taught, seen = draw_development(development, stage.section("cluster").seed), spread(len(first))
    read = np.union1d(taught, seen)
    values = predictor_values(read_rows(path, first[read], list(predictors)), predictors)
    parts = list(deal(list_row_groups(path), first))
    return Patients(
        values.iloc[np.searchsorted(read, taught)],
        len(development),
        values.iloc[np.searchsorted(read, seen)].reset_index(drop=True),
        seen,
        len(first),
        lambda model: np.concatenate(list(engine.map(partial(_assign, model, predictors), parts))),
    )


def _assign(model: PhenotypeModel, predictors: dict[str, Column], part: Part) -> IntArray:
    """The cluster of each patient of a part."""
    group, places = part
    return model.assign(predictor_values(group.read(list(predictors)).loc[places], predictors))


def _read_released(cohort_name: str) -> PhenotypeModel | None:
    """The phenotypes of the release in use, whose numbers are kept; DVC need not know, as they tell nothing else."""
    released = Path("releases", cohort_name, "current", "phenotypes_model.json")
    content = files.read_json(released) if released.is_file() else {}
    try:
        return PhenotypeModel.from_dict(content) if content else None
    except ConfigurationError:  # of an earlier version: numbers begin anew
        return None


def _meaning(predictors: dict[str, Column]) -> Meaning:
    return Meaning(
        {name: column.label for name, column in predictors.items()},
        {name: column.unit for name, column in predictors.items()},
        {name: column.label for name, column in predictors.items() if column.factor == FactorClass.TREATMENT},
    )


if __name__ == "__main__":
    run("cluster", main)
