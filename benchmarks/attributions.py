"""Exact attributions of 100,000 patients against xgboost's own `pred_contribs`, on the same trees.

    PYTHONPATH=. OMP_NUM_THREADS=1 .venv/bin/python benchmarks/attributions.py [rows] [trees]

Prints, for trees of each depth that members have, CPU seconds of both, their ratio, and the largest difference of a
contribution. `pred_contribs` explains at most 10,000 patients, and is multiplied: it takes them one by one. A tenth
of the values is missing; ten of the 40 predictors are categories.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xgboost

from pipeline.explanation.tree_shap import tree_contributions
from pipeline.models.trees import as_matrix

NUMBERS, CODES, TIMED = 30, 10, 10_000


def make_patients(rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(rows, NUMBERS))).rename(columns=lambda k: f"x{k}")
    for k in range(CODES):
        X[f"c{k}"] = pd.Categorical.from_codes(rng.integers(0, 5, rows), list("abcde"))
    score = X["x0"] + X["x1"] * X["x2"] + np.sin(X["x3"]) + (X["c0"] == "b") * X["x4"] - 1
    y = (rng.random(rows) < 1 / (1 + np.exp(-score))).astype(float)
    return X.mask(rng.random(X.shape) < 0.1), y


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    done = work()
    return time.process_time() - start, done


def main(rows: int = 100_000, trees: int = 200) -> None:
    X, y = make_patients(rows)
    matrix = as_matrix(X, y)
    matrix_timed = as_matrix(X.iloc[:TIMED])
    for depth in (1, 2, 4, 6):
        settings = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.06, "max_bin": 128, "nthread": 1}
        booster = xgboost.train(settings, matrix, trees)
        own, (_, contributions) = seconds(lambda b=booster: tree_contributions(b, X))
        theirs, told = seconds(lambda b=booster: b.predict(matrix_timed, pred_contribs=True))
        theirs *= rows / min(rows, TIMED)
        apart = np.abs(contributions[:TIMED] - told[:, :-1]).max()
        print(
            f"{rows} x {X.shape[1]}, {trees} trees of depth {depth}: {own:.1f} s, pred_contribs {theirs:.1f} s, "
            f"{theirs / own:.1f} times; largest difference {apart:.1e}",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
