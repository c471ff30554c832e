"""The stage `report` on a cohort of many patients against the demonstration's own, in one run.

    PYTHONPATH=. .venv/bin/python benchmarks/reports.py [rows]

Needs the results of `make repro`. The records and the split of each demonstration cohort are repeated under new
pseudonyms; all else that a report reads is aggregates, whose size does not depend on the number of patients. Prints
seconds, CPU seconds and peak memory of the process of the stage, start-up included.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

COHORTS = ("breast_cancer_diagnosis", "breast_cancer_recurrence")
NEEDED = ("dvc.yaml", "params.yaml", "model_card.yaml", "requirements.lock", "data_schemas", "reports", "pipeline")


def repeat(folder: Path, rows: int) -> None:
    """The records and the split of a cohort, `rows` patients long."""
    valid, split = (pd.read_parquet(folder / f"{name}.parquet") for name in ("valid", "split"))
    both = valid.merge(split, on="pseudonym").iloc[np.arange(rows) % len(valid)]
    both["pseudonym"] = [f"{number:032x}" for number in range(rows)]
    both[list(valid)].to_parquet(folder / "valid.parquet", index=False)
    both[list(split)].to_parquet(folder / "split.parquet", index=False)


def run_stage(root: Path, cohort: str) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak memory in GB."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "pipeline.stages.report", cohort],
        cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, check=True, capture_output=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu, after.ru_maxrss / 2**20


def main(rows: int = 1_000_000) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        for name in NEEDED:
            copy = shutil.copytree if Path(name).is_dir() else shutil.copy
            copy(name, root / name)
        for cohort in COHORTS:
            shutil.copytree(f"data/{cohort}", root / "data" / cohort)
            small = run_stage(root, cohort)
            repeat(root / "data" / cohort, rows)
            large = run_stage(root, cohort)
            for label, (seconds, cpu, memory) in (("demonstration", small), (f"{rows:,} patients", large)):
                print(f"{cohort}, {label}: {seconds:.1f} s, {cpu:.1f} CPU s, {memory:.2f} GB", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
