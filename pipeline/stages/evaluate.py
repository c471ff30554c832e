"""Stage `evaluate`: how well the risks for unseen patients hold, with intervals, and the verdict."""

from typing import Any

import pandas as pd

from pipeline.evaluation.assemble import HeldOut, compare_models, describe_performance, flatten_metrics, tabulate_models
from pipeline.evaluation.data_checks import count_repeats_across_parts
from pipeline.evaluation.design import describe_design
from pipeline.evaluation.development import describe_sample_size
from pipeline.evaluation.subgroups import label_groups
from pipeline.evaluation.verdict import judge
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Measure every model on the same patients, describe the deployed one, and judge it."""
    cohort, settings = stage.cohort(), stage.section("evaluate")
    study, smallest = cohort.study(), stage.section("disclosure").smallest_group
    predictions, valid, model = (
        stage.read("predictions.parquet"),
        stage.read("valid.parquet"),
        stage.read("model_summary.json"),
    )
    held_out, deployed = HeldOut.from_predictions(predictions, study), model["deployed"]
    figures = compare_models(held_out, study, settings)
    seen = valid[valid["pseudonym"].isin(predictions["pseudonym"])]
    groups = label_groups(seen, study.subgroups, cohort.predictors())
    described = describe_performance(held_out, deployed, figures[deployed], groups, study, settings, smallest)
    performance = _design(stage) | described | _data(stage, valid, model)
    stage.write("metrics.json", flatten_metrics(figures[deployed], held_out.observed))
    stage.write("models.csv", tabulate_models(figures, deployed, model["labels"]))
    stage.write("performance.json", performance)
    stage.write("verdict.json", judge(performance, stage.read("validation.json"), study))


def _data(stage: Stage, valid: pd.DataFrame, model: dict[str, Any]) -> dict[str, Any]:
    return {
        "sample_size": describe_sample_size(stage.cohort().study(), model),
        "repeats_across_parts": count_repeats_across_parts(valid, stage.read("split.parquet")),
    }


def _design(stage: Stage) -> dict[str, str]:
    cohort = stage.cohort()
    index_date = cohort.index_date()
    label = cohort.columns()[index_date].label if index_date else None
    return describe_design(stage.read("split.parquet"), label, stage.cohort_settings().test_from)


if __name__ == "__main__":
    run("evaluate", main)
