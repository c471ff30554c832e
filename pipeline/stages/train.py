"""Stage `train`: the deployed model, and risks for patients it has not seen."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Column, Role
from pipeline import files
from pipeline.cluster import DaskEngine
from pipeline.engine import Engine, start_engine
from pipeline.files import scratch_folder
from pipeline.memory import RECORD_BYTES, fits, require_disk, require_vectors
from pipeline.models.cluster_growing import ClusterGrower
from pipeline.models.development import Development, Plan, develop, learn_alone
from pipeline.models.ensemble import ENSEMBLE
from pipeline.models.features import ENOUGH
from pipeline.models.growing import Grower, LocalGrower
from pipeline.models.held_out import develop_and_test, testing_rows
from pipeline.models.inputs import describe_inputs
from pipeline.models.internal import apparent_risks, learning_trials, optimism_trials, run_trials, site_trials
from pipeline.models.outcomes import Examples, columns_of_examples, gather_examples
from pipeline.models.planning import make_plan
from pipeline.models.shelf import Shelf
from pipeline.models.storage import deployed_to_dict
from pipeline.models.summary import summarise_model
from pipeline.models.trees import ONE_THREAD_BELOW
from pipeline.patients import count_patients
from pipeline.row_groups import list_row_groups
from pipeline.sections import Train
from pipeline.stages.wiring import Stage, align, join_findings, run

FLOAT_BYTES, BIN_BYTES = 4, 2.5  # of a value, and of its bin in xgboost's files, as measured
COPIES = 2.5  # of the table of predictors: the whole, its development part, and what else is taken of it for a while


def main(stage: Stage) -> None:
    """Develop all candidates, keep the ensemble, predict for held-out patients, and try the development again."""
    with scratch_folder(stage.folder("model.json") / "train") as scratch:
        shelf = _find_room(stage, scratch)
        with start_engine(stage.section("engine")) as engine:
            _train(stage, shelf, engine)


def _train(stage: Stage, shelf: Shelf, engine: Engine) -> None:
    settings, cohort = stage.section("train"), stage.cohort()
    examples = _read_examples(stage, shelf)
    split = align(stage.read("split.parquet"), examples.pseudonym.to_frame())
    large = len(split) >= ONE_THREAD_BELOW
    grower = _find_grower(stage, engine) if large else None
    plan = make_plan(cohort, settings, grower=grower or LocalGrower(shelf.folder))
    jobs = 1 if large or shelf.folder else os.cpu_count() or 1  # other processes could not open files without a name
    development, predictions = develop_and_test(examples, split, partial(develop, plan=plan), jobs, engine)
    stage.write("predictions.parquet", predictions)
    told = {"settings": development.settings, "inputs": describe_inputs(cohort.predictors())}
    stage.write("model.json", deployed_to_dict(development.deployed) | told)
    stage.write("model_summary.json", _summarise(development, examples, split, plan, cohort))
    stage.write("internal.parquet", _validate_internally(examples, split, development, plan, settings, jobs))
    stage.write("parts.parquet", _develop_parts(cohort, examples, split, settings, jobs))


def _find_grower(stage: Stage, engine: Engine) -> Grower | None:
    """What grows trees on a cluster, where there is one; it reads the records itself, and findings are not there."""
    cohort = stage.cohort()
    if not isinstance(engine, DaskEngine) or cohort.findings():
        return None
    return ClusterGrower(engine, stage.path("valid.parquet").resolve(), cohort.predictors())


def _find_room(stage: Stage, scratch: Path) -> Shelf:
    """Memory for the predictors if they may have so much, else the disk. Raises ConfigurationError without either."""
    engine, rows = stage.section("engine"), files.count_rows(stage.path("valid.parquet"))
    values = rows * len(stage.cohort().predictors())
    require_vectors(rows, engine)
    if fits(COPIES * FLOAT_BYTES * values + rows * RECORD_BYTES, engine):
        return Shelf()
    needed = (COPIES * FLOAT_BYTES + BIN_BYTES) * values
    require_disk(scratch, needed, "the predictors, which take more memory than a stage may plan for,")
    return Shelf(scratch)


def _read_examples(stage: Stage, shelf: Shelf) -> Examples:
    cohort, groups = stage.cohort(), list_row_groups(stage.path("valid.parquet"))
    findings = stage.read("findings.parquet")
    parts = (
        join_findings(group.read(columns_of_examples(cohort)), findings.iloc[group.start : group.start + group.rows])
        for group in groups
    )
    return gather_examples(parts, sum(group.rows for group in groups), cohort, shelf)


def _summarise(
    development: Development, examples: Examples, split: pd.DataFrame, plan: Plan, cohort: type[Cohort]
) -> dict[str, Any]:
    teaches = (split["part"] == "development").to_numpy(bool)
    some = examples.X.iloc[np.flatnonzero(teaches)[:ENOUGH]]
    counted = replace(examples, X=examples.X[[]])
    taught, tested = counted.take(teaches), counted.take(~teaches)
    return summarise_model(development, some, taught, plan.portfolio.candidates, cohort.predictors(), tested)


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
    if count_patients(examples.patient, taught) <= settings.optimism_at_most:
        trials += optimism_trials(examples.patient, taught, settings.optimism_resamples, settings.seed)
    tried = run_trials(examples, trials, partial(learn_alone, plan=plan), jobs)
    return pd.concat([apparent_risks(development, examples, taught), tried], ignore_index=True)


if __name__ == "__main__":
    run("train", main)
