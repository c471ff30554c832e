"""Bootstrap intervals of every figure against the naive loop over scikit-learn, in one run.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/bootstrap.py [rows] [resamples]

Prints CPU seconds of `measure`, all its figures with net benefit at ten thresholds, for patients of one row, patients
of four rows, and censored patients, beside a loop of two figures, AUROC and Brier score. The loop is timed for at
most ten resamples and multiplied. One thread, as in every stage: threads that wait for each other count as CPU.
"""

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score

from pipeline.evaluation.performance import measure
from pipeline.outcomes import Observed

TIMED = 10


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def naive(risk: np.ndarray, y: np.ndarray, resamples: int) -> list[tuple[float, float]]:
    generator = np.random.default_rng(0)
    draws = (generator.integers(0, len(y), len(y)) for _ in range(resamples))
    return [(roc_auc_score(y[d], risk[d]), brier_score_loss(y[d], risk[d])) for d in draws]


def main(rows: int = 200_000, resamples: int = 1000) -> None:
    generator = np.random.default_rng(1)
    risk, horizon = generator.beta(2, 4, rows), 3.0
    y = (generator.random(rows) < risk).astype(float)
    until = generator.exponential(-horizon / np.log1p(-risk))
    stopped = generator.uniform(0.5, 2.5 * horizon, rows)
    censored = Observed((until <= stopped).astype(float), np.minimum(until, stopped).round(3), horizon)
    each, fourth, at = np.arange(rows), np.arange(rows) // 4, tuple(np.linspace(0.05, 0.5, 10))

    timed = min(TIMED, resamples)
    loop = seconds(lambda: naive(risk, y, timed)) * resamples / timed
    print(f"{rows} rows, {resamples} resamples, CPU seconds; two figures in a loop: {loop:.1f}")
    for name, observed, patient in (
        ("one row each", Observed(y), each), ("four rows each", Observed(y), fourth), ("censored", censored, each),
    ):  # fmt: skip
        ours = seconds(lambda o=observed, p=patient: measure(risk, o, p, at, resamples, 0))
        print(f"  all figures, {name}: {ours:.1f}, {ours / loop:.3f} of the loop")
    print(f"  most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
