"""Stage `train`: the deployed model, and risks for patients it has not seen."""

import os
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Column, Role
from pipeline.models.development import Development, Plan, develop
from pipeline.models.ensemble import ENSEMBLE
from pipeline.models.held_out import develop_and_test, testing_rows
from pipeline.models.inputs import describe_inputs
from pipeline.models.internal import apparent_risks, learning_trials, optimism_trials, run_trials, site_trials
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.planning import make_plan
from pipeline.models.storage import deployed_to_dict
from pipeline.models.summary import summarise_model
from pipeline.sections import Train
from pipeline.stages.wiring import Stage, align, join_findings, run


def main(stage: Stage) -> None:
    """Develop all candidates, keep the ensemble, predict for held-out patients, and try the development again."""
    settings, cohort = stage.section("train"), stage.cohort()
    valid = join_findings(stage.read("valid.parquet"), stage.read("findings.parquet"))
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
    stage.write("parts.parquet", _develop_parts(cohort, examples, split, settings, jobs))


def _develop_parts(
    cohort: type[Cohort], examples: Examples, split: pd.DataFrame, settings: Train, jobs: int
) -> pd.DataFrame:
    """Unseen patients' risks by models of the record alone, `risk_record`, and of its images alone, `risk_images`.

    Rows are those of the predictions; none without images. A record that has nothing else to learn from has no risk.
    """
    parts = {"risk_record": cohort.with_role(Role.PREDICTOR), "risk_images": cohort.findings()}
    if not cohort.findings():
        return pd.DataFrame(columns=["pseudonym", "repeat", *parts])
    told = {name: _develop_part(cohort, columns, examples, split, settings, jobs) for name, columns in parts.items()}
    rows = told["risk_images"][["pseudonym", "repeat"]]
    return rows.assign(**{name: part.get(f"risk_{ENSEMBLE}", np.nan) for name, part in told.items()})


def _develop_part(
    cohort: type[Cohort],
    columns: dict[str, Column],
    examples: Examples,
    split: pd.DataFrame,
    settings: Train,
    jobs: int,
) -> pd.DataFrame:
    if not columns:
        return pd.DataFrame()
    plan = make_plan(cohort, settings, columns).alone()
    own = replace(examples, X=examples.X[list(columns)]).for_target(next(iter(examples.targets)))
    return develop_and_test(own, split, partial(develop, plan=plan), jobs)[1]


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
