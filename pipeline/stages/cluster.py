"""Stage `cluster`: phenotypes from the predictors alone, and who is in each."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Column, FactorClass, Role
from pipeline import files
from pipeline.arrays import IntArray
from pipeline.engine import start_engine
from pipeline.errors import ConfigurationError
from pipeline.patients import find_first_records
from pipeline.phenotypes import LEARNT_AT_MOST, PhenotypeModel, Rules, find_phenotypes, predictor_values
from pipeline.phenotypes.describe import describe_phenotypes
from pipeline.phenotypes.meaning import Meaning
from pipeline.records.identity import PSEUDONYM
from pipeline.row_groups import RowGroup, list_row_groups
from pipeline.stages.wiring import Stage, align, run


def main(stage: Stage) -> None:
    """Find phenotypes on the development patients, assign every patient, and describe them."""
    cohort, settings = stage.cohort(), stage.section("cluster")
    smallest, predictors = stage.section("disclosure").smallest_group, cohort.with_role(Role.PREDICTOR)
    groups, see = list_row_groups(stage.path("valid.parquet")), See(predictors, cohort.index_date())
    some = _read_some(groups, see)
    split = stage.read("split.parquet")
    part = align(split, some)["part"]
    everyone, meaning = some[list(predictors)], _meaning(predictors)
    found = find_phenotypes(
        everyone[(part == "development").to_numpy(bool)],
        everyone,
        meaning,
        settings.clusterers,
        Rules(settings.k_max, settings.resamples, settings.jaccard_at_least, smallest, settings.seed),
        {name: column.weight_in_phenotypes for name, column in predictors.items()},
        _read_released(stage.cohort_name),
    )
    if len(some) < len(split):
        found = found.assign_all(_assign_all(stage, groups, Assign(see, found.model), len(split)))
    dates = some[cohort.index_date()] if cohort.index_date() else None
    stage.write("phenotypes.json", describe_phenotypes(found, everyone, dates, meaning, smallest, settings.seed))
    stage.write("phenotypes_model.json", found.model.to_dict() if found.model else {})
    stage.write("clusters.parquet", pd.DataFrame({"pseudonym": split["pseudonym"], "cluster": found.of_all}))


@dataclass(frozen=True)
class See:
    """What is clustered of a part of the valid records: each patient's first, with `pseudonym` and the index date."""

    predictors: dict[str, Column]
    index_date: str | None

    def __call__(self, part: RowGroup) -> pd.DataFrame:
        """One row a patient; all records of one stand in one part."""
        dates = [self.index_date] if self.index_date else []
        records = part.read([PSEUDONYM, *dates, *self.predictors])
        first = records.iloc[find_first_records(records, self.index_date)].reset_index(drop=True)
        return first[[PSEUDONYM, *dates]].join(predictor_values(first, self.predictors))


@dataclass(frozen=True)
class Assign:
    """The cluster of each patient in a part of the valid records, (n,), 0 without a model."""

    see: See
    model: PhenotypeModel | None

    def __call__(self, part: RowGroup) -> IntArray:
        """In the order of pseudonyms."""
        patients = self.see(part)
        return self.model.assign(patients) if self.model else np.zeros(len(patients), dtype=np.int64)


def _read_some(groups: Iterable[RowGroup], see: See) -> pd.DataFrame:
    """The first patients by pseudonym, whose order is random: as many as are learnt from."""
    read: list[pd.DataFrame] = []
    for group in groups:
        if sum(map(len, read)) >= LEARNT_AT_MOST:
            break
        read.append(see(group))
    return pd.concat(read, ignore_index=True).head(LEARNT_AT_MOST)


def _assign_all(stage: Stage, groups: list[RowGroup], assign: Assign, patients: int) -> IntArray:
    if assign.model is None:
        return np.zeros(patients, dtype=np.int64)
    with start_engine(stage.section("engine")) as engine:
        return np.concatenate(list(engine.map(assign, groups)))


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
