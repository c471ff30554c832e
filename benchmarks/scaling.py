"""The whole pipeline on made-up tables of growing size: time, CPU and memory of every stage, beside bare xgboost.

    .venv/bin/python benchmarks/scaling.py FOLDER RECORDS [PREDICTORS] [STAGE,STAGE...]

Makes a workspace in FOLDER (a copy of the code, a cohort and its records as Parquet) and runs the stages there, each as
a process of its own; without names of stages all of them, and then, in one more process, bare xgboost: the trees that
stage `train` kept, grown again on the same numbers of rows, and one read of the source for each stage. Prints a row a
stage and the ratio. `summarise FOLDER...` prints the exponents in the number of records between such folders.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ROOT = Path(__file__).parents[1]
BLOCK = 250_000
STAGES = ("ingest", "validate", "split", "imaging", "train", "cluster", "evaluate", "explain", "report")
RESULT = "scaling.json"
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
    """Three quarters decimals, an eighth whole numbers, a tenth categories."""
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
    """A block of records, one in a hundred of them bad; the outcome is logistic in curves and products."""
    made: dict[str, Any] = {"patient_id": [f"P{i:010d}" for i in range(start, start + rows)]}
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
    made["x8"] = pa.array(np.where(rng.random(rows) < 0.01, 1e6, np.asarray(made["x8"])))
    return pa.table(made | {"ill": pa.array(ill.astype(int)).cast(pa.string())})


def make_workspace(folder: Path, records: int, predictors: int, **engine: Any) -> None:
    """The code as it is now, the cohort, and its records unless they are there; `engine` changes that section."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pipeline", "data_schemas"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name)
    for name in ("dvc.yaml", "requirements.lock", "model_card.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "data_schemas" / "made_up.py").write_text(make_schema(predictors))
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["cohorts"] = {"made_up": {"source": {"path": "source.parquet", "format": "parquet"}}}
    params["engine"] |= engine
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    if not (folder / "source.parquet").exists():
        write_source(folder / "source.parquet", records, predictors)


def write_source(path: Path, records: int, predictors: int) -> None:
    rng = np.random.default_rng(1)
    schema = make_block(rng, 0, 1, predictors).schema
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, records, BLOCK):
            writer.write_table(make_block(rng, start, min(BLOCK, records - start), predictors))


def measure(folder: Path, *command: str) -> dict[str, float]:
    """Wall and CPU seconds and the gigabytes of the largest process of a command, start-up included."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], cwd=folder)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    spent = {"wall": time.perf_counter() - start, "cpu": usage.ru_utime + usage.ru_stime}
    return {key: round(value, 2) for key, value in (spent | {"memory": usage.ru_maxrss / 1e6}).items()}


def grow_bare(source: str, model: str, reads: str) -> None:
    """What bare xgboost takes: the source read as often as there are stages, then each tree member's rounds grown."""
    import xgboost

    from pipeline.models.candidates import CANDIDATES, Context
    from pipeline.models.trees import TreesCandidate

    table = pq.read_table(source)
    for _ in range(int(reads) - 1):
        table = pq.read_table(source)
    names = [name for name in table.column_names if name not in ("patient_id", "ill")]
    y = np.asarray(table["ill"].cast(pa.int64()))
    frame = table.select(names).to_pandas(self_destruct=True)
    frame = frame.apply(lambda c: c.astype("category") if c.dtype.kind not in "fi" else c.astype("float32"))
    content = json.loads(Path(model).read_text())
    for share in (0.63, 0.315):  # what teaches, and half of it for the learning curve
        rows = int(share * len(y))
        for name, chosen in content["settings"].items():
            candidate = CANDIDATES[name](Context({}, 1)) if name in CANDIDATES else None
            if isinstance(candidate, TreesCandidate) and (share > 0.5 or name in content["model"]["members"]):
                parameters = candidate._parameters(frame, y[:rows])
                options = {"enable_categorical": True, "max_bin": parameters["max_bin"]}
                matrix = xgboost.QuantileDMatrix(frame.iloc[:rows], label=y[:rows], **options)
                xgboost.train(parameters, matrix, chosen["rounds"])


def summarise(folders: list[Path]) -> None:
    """The exponent of each stage's CPU time between one folder and the next."""
    found = [json.loads((folder / RESULT).read_text()) for folder in folders]
    for one, other in pairwise(found):
        apart = math.log(other["records"] / one["records"])
        for stage, spent in other["stages"].items():
            exponent = math.log(spent["cpu"] / one["stages"][stage]["cpu"]) / apart
            print(f"{one['records']:,} to {other['records']:,} {stage}: {exponent:.2f}")


def main(folder: str, records: str, predictors: str = "39", only: str = "") -> None:
    here = Path(folder)
    make_workspace(here, int(records), int(predictors))
    stages = {}
    for stage in only.split(",") if only else STAGES:
        stages[stage] = measure(here, "-m", f"pipeline.stages.{stage}", "made_up")
        print(stage, json.dumps(stages[stage]), flush=True)
    if only:
        return
    bare = measure(
        here, str(Path(__file__)), "bare", "source.parquet", "artifacts/made_up/model.json", str(len(STAGES))
    )
    whole = sum(each["cpu"] for each in stages.values())
    print(f"bare {json.dumps(bare)}\nall stages {whole:.0f} CPU s, {whole / bare['cpu']:.2f} times bare xgboost")
    (here / RESULT).write_text(json.dumps({"records": int(records), "stages": stages, "bare": bare}))


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        sys.path.insert(0, os.getcwd())
        grow_bare(*sys.argv[2:])
    elif sys.argv[1] == "summarise":
        summarise([Path(name) for name in sys.argv[2:]])
    else:
        main(*sys.argv[1:])
