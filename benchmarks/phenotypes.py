"""Phenotypes: planted clusters found, clouds without clusters refused, and 1,000,000 x 40 against one plain fit.

    PYTHONPATH=. OMP_NUM_THREADS=1 .venv/bin/python benchmarks/phenotypes.py
        [--seeds N] [--apart D] [--clouds N] [--rows N] [--jobs J]

Prints in how many of N seeds (100) the planted clusters, D standard deviations apart (4), are found (right k,
adjusted Rand of at least .95), in how many (100) each shape of cloud is told to have no stable clusters, and CPU
seconds of finding, choosing and describing clusters of N x 40 (1,000,000) beside those of one MiniBatchKMeans fit with
the k chosen. 0 leaves a part out.
"""

import argparse
import resource
import time

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score

from pipeline.phenotypes import Patients, Rules, find_phenotypes
from pipeline.phenotypes.describe import describe_phenotypes
from pipeline.phenotypes.meaning import Meaning
from tests.phenotypes.builders import BLOBS, blob, planted

RULES = Rules(k_max=8, resamples=30, threshold=0.75, smallest=10, seed=1)
FOUND = 0.95
NUMBERS, CODES = 30, 10


def find_planted(seed: int, apart: float) -> tuple[bool, float]:
    """Whether k is right, and the adjusted Rand index with the truth."""
    frame, truth = planted(seed, apart=apart)
    found = find_phenotypes(Patients.whole(frame, frame), Meaning(), ("kmeans",), RULES)
    return found.k == truth.max() + 1, float(adjusted_rand_score(truth, found.assignment))


def find_in_cloud(seed: int, shape: str) -> bool:
    """Whether a cloud is told to have no clusters."""
    frame = blob(seed, shape)
    return find_phenotypes(Patients.whole(frame, frame), Meaning(), ("kmeans",), RULES).k is None


def make_large(rows: int) -> pd.DataFrame:
    """Four clusters in 40 mixed predictors, a tenth of the values missing."""
    rng = np.random.default_rng(0)
    truth, low = rng.integers(0, 4, rows), rng.integers(0, 2, (4, NUMBERS + CODES))
    frame = pd.DataFrame(2.0 * low[truth, :NUMBERS] + rng.normal(size=(rows, NUMBERS))).rename(
        columns=lambda j: f"x{j}"
    )
    for j in range(CODES):
        code = np.where(rng.random(rows) < 0.8, low[truth, NUMBERS + j], rng.integers(0, 3, rows))
        frame[f"c{j}"] = pd.Categorical.from_codes(code, list("abc"))
    return frame.mask(rng.random(frame.shape) < 0.1)


def time_large(rows: int) -> None:
    """Print both ways' CPU seconds."""
    frame = make_large(rows)
    names = {str(name): str(name) for name in frame}
    start = time.process_time()
    found = find_phenotypes(Patients.whole(frame, frame), Meaning(names), ("kmeans",), Rules(6, 50, 0.75, 10, 1))
    chosen = time.process_time() - start
    describe_phenotypes(found, frame, None, Meaning(names, dict.fromkeys(names), {}), 10, 1)
    whole = time.process_time() - start
    start = time.process_time()
    MiniBatchKMeans(found.k or 4, random_state=0).fit(found.matrix)
    plain = time.process_time() - start
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{rows} x {frame.shape[1]}: k {found.k}; {whole:.1f} CPU s, {chosen:.1f} before the description;")
    print(f"  one MiniBatchKMeans {plain:.1f} CPU s: {whole / plain:.1f} times; most memory {most:.1f} GB")
    print("  " + " ".join(found.notes))


def count_planted(seeds: int, apart: float, jobs: int) -> None:
    """Print how many are found."""
    told = Parallel(jobs)(delayed(find_planted)(seed, apart) for seed in range(seeds))
    right, rands = sum(k for k, _ in told), np.array([rand for _, rand in told])
    both = sum(k and rand >= FOUND for k, rand in told)
    print(f"planted: right k in {right} of {seeds}, adjusted Rand {rands.mean():.3f} (least {rands.min():.3f}),")
    print(f"  right k and at least {FOUND} in {both}", flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("seeds", 100), ("clouds", 100), ("rows", 1_000_000), ("jobs", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--apart", type=float, default=4.0)
    asked = parser.parse_args()
    if asked.rows:
        time_large(asked.rows)
    if asked.seeds:
        count_planted(asked.seeds, asked.apart, asked.jobs)
    for shape in BLOBS if asked.clouds else ():
        none = sum(Parallel(asked.jobs)(delayed(find_in_cloud)(seed, shape) for seed in range(asked.clouds)))
        print(f"cloud, {shape}: no stable clusters in {none} of {asked.clouds}", flush=True)


if __name__ == "__main__":
    main()
