"""Stage `cluster`: phenotypes from the predictors alone, and who is in each."""

from pathlib import Path

import pandas as pd

from data_schemas.columns import Column, FactorClass, Role
from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.patients import find_first_records
from pipeline.phenotypes import PhenotypeModel, Rules, find_phenotypes, predictor_values
from pipeline.phenotypes.describe import describe_phenotypes
from pipeline.phenotypes.meaning import Meaning
from pipeline.stages.wiring import Stage, align, run


def main(stage: Stage) -> None:
    """Find phenotypes on the development patients, assign every patient, and describe them."""
    cohort, settings = stage.cohort(), stage.section("cluster")
    smallest, predictors = stage.section("disclosure").smallest_group, cohort.with_role(Role.PREDICTOR)
    valid = stage.read("valid.parquet")
    patients = valid.iloc[find_first_records(valid, cohort.index_date())].reset_index(drop=True)
    part = align(stage.read("split.parquet"), patients)["part"]
    everyone, meaning = predictor_values(patients, predictors), _meaning(predictors)
    found = find_phenotypes(
        everyone[(part == "development").to_numpy(bool)],
        everyone,
        meaning,
        settings.clusterers,
        Rules(settings.k_max, settings.resamples, settings.jaccard_at_least, smallest, settings.seed),
        {name: column.weight_in_phenotypes for name, column in predictors.items()},
        _read_released(stage.cohort_name),
    )
    dates = patients[cohort.index_date()] if cohort.index_date() else None
    stage.write("phenotypes.json", describe_phenotypes(found, everyone, dates, meaning, smallest, settings.seed))
    stage.write("phenotypes_model.json", found.model.to_dict() if found.model else {})
    stage.write("clusters.parquet", pd.DataFrame({"pseudonym": patients["pseudonym"], "cluster": found.assignment}))


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
