"""A tiny cohort with every kind of column, and a clone of the project to run it in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[2]

SCHEMA = '''"""A made-up cohort."""

from data_schemas.columns import (
    Binary, Change, Coded, Cohort, Decimal, Direction, Expected, FactorClass, Role, Study, Subgroup, Text, Whole,
    category, identifier, measurement,
)


class Tiny(Cohort):
    patient_id: Text = identifier("Number")
    age: Whole = measurement("Age", unit="years", plausible=(18, 110), whole=True, factor=FactorClass.IMMUTABLE,
                             expected=Expected(Direction.INCREASES, "made up"))
    pressure: Decimal = measurement(
        "Systolic blood pressure", unit="mmHg", plausible=(60, 260), factor=FactorClass.MODIFIABLE,
        expected=Expected(Direction.INCREASES, "made up"), missing_allowed=True, missing_codes=("-9",),
        change=Change(step=-10, bounds=(110, 260), source="made up"),
    )
    region: Coded = category("Region", {"n": "north", "s": "south", "w": "west"}, factor=FactorClass.IMMUTABLE)
    statin: Coded = category("Statin", {"0": "no", "1": "yes"}, factor=FactorClass.TREATMENT)
    later: Whole = measurement("Days in hospital", unit="days", plausible=(0, 400), whole=True,
                               excluded="known only after the outcome")
    died: Coded = category("Died", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    class Config:
        metadata = {"study": Study(
            title="Death within a year", population="made-up patients", intended_use="To try the pipeline.",
            outcome=Binary("died", "yes", "death within a year"), source="made up", licence="none needed",
            thresholds=(0.2, 0.3, 0.4), auroc_ceiling=0.95, auroc_ceiling_source="made up",
            subgroups=(Subgroup("age", (60,)), Subgroup("region")),
        )}
'''

SMALL_SETTINGS = {
    "split": {"cross_validate_below": 100, "test_share": 0.3, "folds": 3, "repeats": 1},
    "train": {
        "candidates": ["logistic", "spline_logistic", "boosted_trees"],
        "ensemble": ["spline_logistic", "boosted_trees"],
        "search": ["additive_trees"],
        "folds": 3,
        "device": "cpu",
        "learning_curve": [0.5],
        "optimism_resamples": 2,
        "optimism_at_most": 1000,
        "seed": 1,
    },
    "cluster": {"clusterers": ["kmeans"], "k_max": 3, "resamples": 10, "jaccard_at_least": 0.75, "seed": 1},
    "evaluate": {"resamples": 100, "seed": 1},
    "explain": {"patients": 1000, "refits": 10, "seed": 1},
}


def plant(generator: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Age, blood pressure, and the risk that follows from them."""
    age, pressure = generator.integers(30, 90, n), generator.normal(140, 20, n).clip(90, 230).round(1)
    return age, pressure, 1 / (1 + np.exp(-(-1 + 0.06 * (age - 60) + 0.02 * (pressure - 140))))


def make_table(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Text records with a planted effect of age and blood pressure; every 50th pressure is implausible."""
    generator = np.random.default_rng(seed)
    age, pressure, risk = plant(generator, n)
    table = pd.DataFrame(
        {
            "patient_id": [f"P{i:05d}" for i in range(n)],
            "age": age.astype(str),
            "pressure": pressure.astype(str),
            "region": generator.choice(list("nsw"), n),
            "statin": generator.choice(["0", "1"], n),
            "later": generator.integers(1, 30, n).astype(str),
            "died": (generator.random(n) < risk).astype(int).astype(str),
        }
    )
    table.loc[::50, "pressure"] = "999"
    table.loc[7::50, "pressure"] = "-9"
    return table


def clone(folder: Path) -> Path:
    """Copy what git holds (and would hold) to `folder`/clone, with the tiny cohort as the only one."""
    target = folder / "clone"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and name != "dvc.lock" and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)
    params = yaml.safe_load((target / "params.yaml").read_text()) | SMALL_SETTINGS
    params["cohorts"] = {}
    (target / "params.yaml").write_text(yaml.safe_dump(params))
    add_cohort(target, "tiny", make_table())
    return target


def add_cohort(target: Path, name: str, table: pd.DataFrame) -> None:
    """What a user does: a file of records, a schema file, an entry in params.yaml."""
    (target / "data" / "incoming").mkdir(parents=True, exist_ok=True)
    table.to_csv(target / f"data/incoming/{name}.csv", index=False)
    (target / f"data_schemas/{name}.py").write_text(SCHEMA)
    params = yaml.safe_load((target / "params.yaml").read_text())
    params["cohorts"][name] = {"source": {"format": "csv", "path": f"data/incoming/{name}.csv"}}
    (target / "params.yaml").write_text(yaml.safe_dump(params))


def repro(target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`dvc repro` in the clone, with the environment's own python."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "dvc", "repro", *arguments],
        cwd=target,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def output_hashes(target: Path) -> dict[str, str]:
    """Every output's hash as `dvc.lock` has it."""
    stages = yaml.safe_load((target / "dvc.lock").read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}
