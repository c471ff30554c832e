"""Training and evaluating 1,000,000 x 40 against the bare xgboost fits within, in one run.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/scale.py [records] [metrics resamples]

Does what stages `train` and `evaluate` do with the settings of `params.yaml`, on made-up records with a held-out
fifth, in one process. Prints CPU seconds of both, of the xgboost fits among them (building their matrices and
`xgboost.train`, which predicts the held-out rows after each round), their ratio, and the most memory beside the
table's own.
"""

import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from validation import make_cohort

from data_schemas.columns import Cohort
from pipeline.evaluation.assemble import HeldOut, compare_models, compare_with, describe_performance, resample_models
from pipeline.evaluation.internal import trace_learning
from pipeline.models.development import develop, learn_alone
from pipeline.models.held_out import develop_and_test, testing_rows
from pipeline.models.internal import apparent_risks, learning_trials, run_trials
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.planning import make_plan
from pipeline.outcomes import observe
from pipeline.settings import load_settings

SMALLEST, TEST_SHARE = 10, 0.2


class Spent:
    """CPU seconds within calls of a function that it stands in for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def count(self, function: Any) -> Any:
        """`function`, timed."""

        def timed(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return function(*given, **named)
            finally:
                self.seconds += time.process_time() - start

        return timed


def make_records(rows: int, cohort: type[Cohort]) -> pd.DataFrame:
    """Typed records as `valid.parquet` holds them; the outcome is logistic in curves and products of predictors."""
    rng = np.random.default_rng(1)
    made: dict[str, Any] = {"pseudonym": pd.array([f"p{i:08d}" for i in range(rows)], dtype="string")}
    for name, column in cohort.predictors().items():
        if not column.numeric:
            made[name] = pd.Categorical.from_codes(rng.integers(0, len(column.labels), rows), list(column.labels))
        else:
            made[name] = rng.integers(0, 100, rows) if name[0] == "k" else rng.normal(100, 15, rows).round(2)
    x = [(made[f"x{i}"] - 100) / 15 for i in range(8)]
    score = -2 + 0.5 * x[0] - 0.4 * x[1] + 0.3 * x[2] ** 2 + 0.3 * x[3] * x[4] + 0.3 * np.sin(2 * x[5]) + 0.2 * x[6]
    ill = rng.random(rows) < 1 / (1 + np.exp(-score - 0.01 * (made["k0"] - 50)))
    return pd.DataFrame(made | {"ill": pd.Categorical.from_codes(ill.astype(int), ["no", "yes"])})


def train(examples: Examples, split: pd.DataFrame, cohort: type[Cohort], settings: Any) -> tuple[Any, ...]:
    """As stage `train`; one process, so that all CPU time is counted."""
    plan = make_plan(cohort, settings)
    development, predictions = develop_and_test(examples, split, partial(develop, plan=plan))
    trials = learning_trials(examples.patient, testing_rows(split), settings.learning_curve)
    tried = run_trials(examples, trials, partial(learn_alone, plan=plan), 1)
    apparent = apparent_risks(development, examples, (split["part"] == "development").to_numpy(bool))
    return predictions, pd.concat([apparent, tried], ignore_index=True)


def evaluate(
    predictions: pd.DataFrame, internal: pd.DataFrame, valid: pd.DataFrame, cohort: type[Cohort], settings: Any
) -> float:
    """As stage `evaluate`, but for its files and the verdict; the deployed model's AUROC."""
    unseen = valid[valid["pseudonym"].isin(predictions["pseudonym"])]
    held_out = HeldOut.from_predictions(predictions, observe(unseen, cohort.study()))
    drawn = resample_models(held_out, cohort.study(), settings)
    figures = compare_models(drawn, held_out.observed)
    compare_with(held_out, drawn, "ensemble")
    describe_performance(held_out, "ensemble", figures["ensemble"], {}, cohort.study(), settings, SMALLEST)
    observed = next(iter(observe(valid, cohort.study()).values()))
    trace_learning(internal, observed, np.arange(len(valid)), settings)
    return float(figures["ensemble"]["auroc"].value)


def main(rows: int = 1_000_000, resamples: int = 1000) -> None:
    """Print the figures."""
    cohort, settings = make_cohort(), load_settings(Path(__file__).parents[1] / "params.yaml")
    valid = make_records(rows, cohort)
    part = np.where(np.random.default_rng(2).random(rows) < TEST_SHARE, "test", "development")
    split, examples = pd.DataFrame({"pseudonym": valid["pseudonym"], "part": part}), make_examples(valid, cohort)
    table = examples.X.memory_usage(deep=True).sum() / 1e9
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    spent = Spent()
    xgboost.train, xgboost.QuantileDMatrix = spent.count(xgboost.train), spent.count(xgboost.QuantileDMatrix)
    start = time.process_time()
    predictions, internal = train(examples, split, cohort, settings.train)
    trained = time.process_time() - start
    area = evaluate(predictions, internal, valid, cohort, settings.evaluate.model_copy(update={"resamples": resamples}))
    whole, most = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{rows} x {examples.X.shape[1]}: {whole:.0f} CPU s, train {trained:.0f}, evaluate {whole - trained:.0f}")
    print(f"  xgboost fits {spent.seconds:.0f} CPU s; ratio {whole / spent.seconds:.2f}; AUROC {area:.4f}")
    print(f"  table {table:.2f} GB; most memory {most:.2f} GB ({before:.2f} before), {most / table:.1f} tables")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
