"""Stage `cluster`: phenotypes from the predictors alone, and how often the outcome came in each."""

from dataclasses import asdict

import pandas as pd

from data_schemas.columns import Column
from pipeline.evaluation.subgroups import rates_by_group
from pipeline.models.outcomes import make_examples
from pipeline.phenotypes import find_phenotypes
from pipeline.stages.wiring import Stage, align, run


def main(stage: Stage) -> None:
    """Find phenotypes on the development patients, assign everyone, and add outcome rates."""
    cohort, settings = stage.cohort(), stage.section("cluster")
    valid, predictors = stage.read("valid.parquet"), cohort.predictors()
    part = align(stage.read("split.parquet"), valid)["part"]
    everyone = _predictor_values(valid, predictors)
    found = find_phenotypes(
        everyone[(part == "development").to_numpy(bool)],
        everyone,
        {name: column.label for name, column in predictors.items()},
        k_max=settings.k_max,
        resamples=settings.resamples,
        threshold=settings.jaccard_at_least,
        smallest=stage.section("disclosure").smallest_group,
        seed=settings.seed,
    )
    published, examples = found.to_dict(), make_examples(valid, cohort)
    smallest = stage.section("disclosure").smallest_group
    rates = rates_by_group(examples.observed, examples.patient, found.assignment, smallest)
    for cluster in published["clusters"]:
        cluster["outcome"] = asdict(rates[cluster["cluster"]])
    stage.write("phenotypes.json", published)
    stage.write("phenotypes_model.json", found.model.to_dict() if found.model else {})
    stage.write("clusters.parquet", pd.DataFrame({"pseudonym": valid["pseudonym"], "cluster": found.assignment}))


def _predictor_values(valid: pd.DataFrame, predictors: dict[str, Column]) -> pd.DataFrame:
    """Numbers as float64 with NaN for missing, categories as they are."""
    return pd.DataFrame(
        {n: valid[n].astype("Float64").astype("float64") if c.numeric else valid[n] for n, c in predictors.items()}
    )


if __name__ == "__main__":
    run("cluster", main)
