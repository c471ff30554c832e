"""Stage `train`: the deployed model, and risks for patients it has not seen."""

import os
from functools import partial

import numpy as np
import pandas as pd

from pipeline.models.development import Development, Plan, develop
from pipeline.models.held_out import develop_and_test, testing_rows
from pipeline.models.inputs import describe_inputs
from pipeline.models.internal import apparent_risks, learning_trials, optimism_trials, run_trials, site_trials
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.planning import make_plan
from pipeline.models.storage import deployed_to_dict
from pipeline.models.summary import summarise_model
from pipeline.sections import Train
from pipeline.stages.wiring import Stage, align, run


def main(stage: Stage) -> None:
    """Develop all candidates, keep the ensemble, predict for held-out patients, and try the development again."""
    settings, cohort = stage.section("train"), stage.cohort()
    valid = stage.read("valid.parquet")
    split, examples = align(stage.read("split.parquet"), valid), make_examples(valid, cohort)
    plan = make_plan(cohort, settings)
    jobs = os.cpu_count() or 1
    development, predictions = develop_and_test(examples, split, partial(develop, plan=plan), jobs)
    internal = _validate_internally(examples, split, development, plan.alone(), settings, jobs)
    taught, tested = (examples.take((split["part"] == part).to_numpy(bool)) for part in ("development", "test"))
    told = {"settings": development.settings, "inputs": describe_inputs(cohort.predictors())}
    stage.write("model.json", deployed_to_dict(development.deployed) | told)
    candidates, predictors = plan.portfolio.candidates, cohort.predictors()
    stage.write("model_summary.json", summarise_model(development, taught, candidates, predictors, tested))
    stage.write("predictions.parquet", predictions)
    stage.write("internal.parquet", internal)


def _validate_internally(
    examples: Examples, split: pd.DataFrame, development: Development, plan: Plan, settings: Train, jobs: int
) -> pd.DataFrame:
    taught = (split["part"] == "development").to_numpy(bool)
    trials = learning_trials(examples.patient, testing_rows(split), settings.learning_curve)
    trials += [] if examples.site is None else site_trials(examples.patient, examples.site)
    if len(np.unique(examples.patient[taught])) <= settings.optimism_at_most:
        trials += optimism_trials(examples.patient, taught, settings.optimism_resamples, settings.seed)
    tried = run_trials(examples, trials, partial(develop, plan=plan), jobs)
    return pd.concat([apparent_risks(development, examples, taught), tried], ignore_index=True)


if __name__ == "__main__":
    run("train", main)
