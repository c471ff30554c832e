"""The whole pipeline on made-up tables of growing size: time, CPU and memory of every stage.

    .venv/bin/python benchmarks/scaling.py FOLDER RECORDS [PREDICTORS]

Makes a workspace in FOLDER (a copy of the code, a cohort of 39 predictors and its records as Parquet) and runs the
stages there one after the other, each as a process of its own.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ROOT = Path(__file__).parents[1]
BLOCK = 250_000
STAGES = ("ingest", "validate", "split", "imaging", "train", "cluster", "evaluate", "explain", "report")
SCHEMA = '''"""Made-up records for measuring."""

from data_schemas.columns import *

M = FactorClass.MARKER


class MadeUp(Cohort):
    """Records of nobody."""

    patient_id: Text = identifier("Number")
{fields}
    ill: Coded = category("Ill", {{"0": "no", "1": "yes"}}, role=Role.OUTCOME)

    class Config:
        """The study."""

        metadata = {{
            "study": Study(
                title="Made up", population="nobody", intended_use="measuring", outcome=Binary("ill", "yes", "illness"),
                source="made up", licence="none", thresholds=(0.1, 0.2, 0.3), auroc_ceiling=0.95,
                auroc_ceiling_source="made up",
            )
        }}
'''


def kinds(predictors: int) -> dict[str, str]:
    """Three quarters decimals, an eighth whole numbers, an eighth categories."""
    coded, whole = predictors // 10, predictors // 8
    names = [f"x{i}" for i in range(predictors - coded - whole)]
    return dict.fromkeys(names, "x") | {f"k{i}": "k" for i in range(whole)} | {f"c{i}": "c" for i in range(coded)}


def make_schema(predictors: int) -> str:
    lines = {
        "x": '{n}: Decimal = measurement("{n}", plausible=(-1000, 1000), factor=M, missing_allowed=True)',
        "k": '{n}: Whole = measurement("{n}", plausible=(0, 100), whole=True, factor=M)',
        "c": '{n}: Coded = category("{n}", {{"1": "one", "2": "two", "3": "three"}}, factor=M)',
    }
    fields = [f"    {lines[kind].format(n=name)}" for name, kind in kinds(predictors).items()]
    return SCHEMA.format(fields="\n".join(fields))


def make_block(rng: np.random.Generator, start: int, rows: int, predictors: int) -> pa.Table:
    """A block of records; the outcome is logistic in curves and products of eight predictors."""
    made: dict[str, object] = {"patient_id": [f"P{i:010d}" for i in range(start, start + rows)]}
    signal = {}
    for name, kind in kinds(predictors).items():
        if kind == "x":
            values = rng.normal(100, 15, rows).round(2)
            signal[name] = (values - 100) / 15
            made[name] = pa.array(values, mask=rng.random(rows) < (0.05 if name == "x9" else 0.0))
        elif kind == "k":
            made[name] = rng.integers(0, 100, rows)
        else:
            made[name] = pa.array(rng.integers(1, 4, rows)).cast(pa.string())
    x = [signal[f"x{i}"] for i in range(8)]
    score = -2 + 0.5 * x[0] - 0.4 * x[1] + 0.3 * x[2] ** 2 + 0.3 * x[3] * x[4] + 0.3 * np.sin(2 * x[5]) + 0.2 * x[6]
    ill = rng.random(rows) < 1 / (1 + np.exp(-score - 0.01 * (np.asarray(made["k0"]) - 50)))
    bad = rng.random(rows) < 0.01
    made["x8"] = pa.array(np.where(bad, 1e6, np.asarray(made["x8"])))
    return pa.table(made | {"ill": pa.array(ill.astype(int)).cast(pa.string())})


def make_workspace(folder: Path, records: int, predictors: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pipeline", "data_schemas"):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    for name in ("dvc.yaml", "requirements.lock", "model_card.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "data_schemas" / "made_up.py").write_text(make_schema(predictors))
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["cohorts"] = {"made_up": {"source": {"path": "source.parquet", "format": "parquet"}}}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    if not (folder / "source.parquet").exists():
        rng, writer = np.random.default_rng(1), None
        for start in range(0, records, BLOCK):
            table = make_block(rng, start, min(BLOCK, records - start), predictors)
            writer = writer or pq.ParquetWriter(folder / "source.parquet", table.schema)
            writer.write_table(table)
        writer.close()


def run(folder: Path, stage: str) -> dict[str, float]:
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", f"pipeline.stages.{stage}", "made_up"], cwd=folder)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1e6, "status": status}


def main(folder: str, records: str, predictors: str = "39", only: str = "") -> None:
    here = Path(folder)
    make_workspace(here, int(records), int(predictors))
    for stage in only.split(",") if only else STAGES:
        done = run(here, stage)
        print(stage, json.dumps({k: round(v, 2) for k, v in done.items()}), flush=True)
        if done["status"]:
            break


if __name__ == "__main__":
    main(*sys.argv[1:])
