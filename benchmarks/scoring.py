"""Scoring many records: memory that does not grow with them, and time as a multiple of the bare model's.

    .venv/bin/python benchmarks/scoring.py [records] [factors]

Makes a Parquet file of records with 30 predictors, a model of splines and boosted trees, and scores the file in a
process of its own. Prints CPU seconds, the bare model's for the same rows (predictors to log-odds), the ratio, and the
most memory that process took.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import validation

validation.DECIMALS = 21
sys.path.append(str(Path(__file__).parents[1]))

from scale import make_records  # noqa: E402

from pipeline.models.development import Deployed  # noqa: E402
from pipeline.models.ensemble import RiskModel  # noqa: E402
from pipeline.models.features import model_frame  # noqa: E402
from pipeline.models.linear import LogisticCandidate  # noqa: E402
from pipeline.models.outcomes import make_examples  # noqa: E402
from pipeline.models.storage import deployed_from_dict, deployed_to_dict  # noqa: E402
from pipeline.models.support import Support  # noqa: E402
from pipeline.models.trees import Shape, TreesCandidate, TreesModel  # noqa: E402
from pipeline.models.venn_abers import VennAbers  # noqa: E402
from pipeline.operations import score  # noqa: E402
from pipeline.operations.scoring.places import Places  # noqa: E402
from pipeline.sections import CohortSettings  # noqa: E402
from pipeline.settings import load_settings  # noqa: E402

COHORT = validation.make_cohort()
BLOCK, TIMED = 100_000, 100_000
ROOT = Path(__file__).parents[1]


def make_model(path: Path) -> None:
    """The members that `params.yaml` deploys, five boosters each, with rounds as tuning chooses them."""
    examples = make_examples(make_records(20_000, COHORT), COHORT)
    X, y = examples.X, examples.observed.by_horizon()
    members: dict[str, object] = {
        "splines": LogisticCandidate("", splines=True).fit(X, y, np.ones(len(y)), {"inverse_penalty": 0.1})
    }
    for name, depth, rounds in (("additive", 1, 200), ("boosted", 2, 120)):
        grown = [TreesCandidate("", k, shape=Shape(0.08, depth, 2, 0.8, 0.6, 1)) for k in range(5)]
        boosters = [each.fit(X, y, np.ones(len(y)), {"rounds": rounds}).boosters[0] for each in grown]
        members[name] = TreesModel(tuple(boosters))
    model = RiskModel(members, dict.fromkeys(members, 1 / 3), 0.0, 1.0)  # type: ignore[arg-type]
    interval = VennAbers.learn(model.log_odds(X), y, np.ones(len(y)))
    outcome = COHORT.study().outcome
    deployed = Deployed(model, {}, "yes", outcome, interval, Support.learn(X, COHORT.predictors()))
    path.write_text(json.dumps(deployed_to_dict(deployed)))


def make_file(path: Path, records: int) -> None:
    """The same block of records again and again, which nothing here can tell."""
    block = make_records(BLOCK, COHORT).rename(columns={"pseudonym": "patient_id"})
    codes = {"one": "1", "two": "2", "three": "3", "no": "0", "yes": "1"}
    coded = {name: block[name].astype(object).map(codes).astype("string") for name in block if name[0] in "ci"}
    whole = {name: block[name].astype("Int64") for name in block if name[0] == "k"}
    table = pa.Table.from_pandas(block.assign(**coded, **whole), preserve_index=False)
    with pq.ParquetWriter(path, table.schema) as writer:
        for start in range(0, records, BLOCK):
            writer.write_table(table.slice(0, min(BLOCK, records - start)))


def time_bare(model: Path) -> float:
    """CPU seconds a row, from typed records to log-odds."""
    deployed = deployed_from_dict(json.loads(model.read_text()), COHORT.study().outcome)
    records = make_records(TIMED, COHORT)
    deployed.model.log_odds(model_frame(records.head(1000), COHORT.predictors()))
    start = time.process_time()
    deployed.model.log_odds(model_frame(records, COHORT.predictors()))
    return (time.process_time() - start) / TIMED


def run(folder: str, factors: int) -> None:
    """Score in this process; prints its CPU seconds, wall seconds and most memory."""
    os.chdir(folder)
    settings = load_settings(ROOT / "params.yaml")
    source = CohortSettings.model_validate({"source": {"format": "parquet", "path": "new.parquet"}})
    score.load_settings = lambda: settings.model_copy(update={"cohorts": {"made_up": source}})
    score.load_cohort = lambda _: COHORT
    wall, start = time.perf_counter(), time.process_time()
    score.score_file("made_up", "new.parquet", Places(Path("risks.parquet")), Path("model.json"), factors=factors)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(time.process_time() - start, time.perf_counter() - wall, most)


def main(records: int = 200_000, factors: int = 3) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model.json")
        make_model(model)
        make_file(Path(folder, "new.parquet"), records)
        bare = time_bare(model) * records
        command = [sys.executable, __file__, "run", folder, str(factors)]
        cpu, wall, most = map(float, subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.split())
    print(f"{records:,} records of 30 predictors, {factors} factors")
    print(f"  {cpu:.0f} CPU s, {wall:.0f} s, {records / wall:,.0f} a second")
    print(f"  bare model {bare:.0f} CPU s; ratio {cpu / bare:.2f}; most memory {most:.2f} GB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        run(sys.argv[2], int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))
