"""Risks for patients whom no fitting has seen: the evidence on which every figure of the report rests."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from pipeline.arrays import BoolArray, IntArray
from pipeline.engine import Engine, LocalEngine
from pipeline.errors import DataRefusedError
from pipeline.models.development import Development
from pipeline.models.ensemble import rows_at_once
from pipeline.models.outcomes import Examples
from pipeline.progress import progress

TEST = "test"
LOCAL = LocalEngine()
Develop = Callable[[Examples], Development]


def develop_and_test(
    examples: Examples, split: pd.DataFrame, develop: Develop, jobs: int = 1, engine: Engine = LOCAL
) -> tuple[Development, pd.DataFrame]:
    """The development on all development patients, and risks for patients whom a development has not seen.

    `split` has one row per record with `part`. With a test part its patients are predicted, some at a time by
    `engine`; without one the whole development is cross-validated over the columns `fold_1`..., in `jobs` processes.
    """
    test = (split["part"] == TEST).to_numpy(bool)
    development = develop(examples.take(~test))
    if test.any():
        return development, predict_in_parts(development, examples, np.flatnonzero(test), engine)
    return development, cross_validate(examples, split.filter(like="fold_"), develop, jobs)


def testing_rows(split: pd.DataFrame) -> list[tuple[BoolArray, BoolArray]]:
    """Pairs of masks (n,), the records that teach and those that test: the test part, or the first repeat's folds."""
    test = (split["part"] == TEST).to_numpy(bool)
    if test.any():
        return [(~test, test)]
    fold = split["fold_1"].to_numpy()
    return [(fold != k, fold == k) for k in sorted(set(fold))]


def predict_in_parts(development: Development, examples: Examples, place: IntArray, engine: Engine) -> pd.DataFrame:
    """What `predict_held_out` gives for the examples at `place` (k,), from parts of them that `engine` works on."""
    rows = rows_at_once(examples.X)
    parts = (examples.take(place[start : start + rows]) for start in range(0, len(place), rows))
    told = list(engine.map(partial(predict_held_out, development), parts))
    return pd.concat(told, ignore_index=True)


def predict_held_out(development: Development, test: Examples, repeat: int = 1) -> pd.DataFrame:
    """One row per record of `test`: `pseudonym`, `repeat`, `event`, `time`, then what `Development.predict` gives."""
    observed = test.observed
    time = np.full(len(observed), np.nan) if observed.time is None else observed.time
    known = {"pseudonym": test.pseudonym, "repeat": repeat, "event": observed.event, "time": time}
    return pd.concat([pd.DataFrame(known, index=test.X.index), development.predict(test.X)], axis=1).reset_index(
        drop=True
    )


def cross_validate(examples: Examples, folds: pd.DataFrame, develop: Develop, jobs: int = 1) -> pd.DataFrame:
    """Out-of-fold risks of the whole development, tuning and recalibration included.

    `folds` has one column per repeat and one row per record, holding fold numbers. Returns the rows of
    `predict_held_out` for every record and repeat, in the order of the records, whatever the number of processes
    `jobs`. Raises DataRefusedError if a fold is empty.
    """
    pairs = [(r, int(k)) for r in range(1, folds.shape[1] + 1) for k in sorted(folds.iloc[:, r - 1].unique())]
    tasks = [(folds.iloc[:, repeat - 1].to_numpy() == fold, repeat) for repeat, fold in pairs]
    work = (delayed(_one_fold)(examples, held_out, develop, repeat) for held_out, repeat in tasks)
    done = Parallel(n_jobs=jobs, return_as="generator")(work)
    parts = [part for _, part in zip(progress(tasks, "Cross-validation"), done, strict=True)]
    together: pd.DataFrame = pd.concat(parts)
    return together.sort_values(["repeat", "pseudonym"], kind="stable", ignore_index=True)


def _one_fold(examples: Examples, held_out: BoolArray, develop: Develop, repeat: int) -> pd.DataFrame:
    if held_out.all():
        raise DataRefusedError("all patients fall into one fold; gather more patients or raise folds in params.yaml")
    return predict_held_out(develop(examples.take(~held_out)), examples.take(held_out), repeat)
