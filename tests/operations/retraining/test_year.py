"""A year of weekly retraining on synthetic records: quiet where nothing changes, and awake in the week it does.

The stages run in this process instead of under DVC, which the other tests do; all else is as the command runs it.
"""

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

import data_schemas
from pipeline.operations.model_file import read_model
from pipeline.operations.retraining import run
from pipeline.operations.retraining.build import Built
from pipeline.records.synthetic.risk_function import true_risk
from pipeline.records.synthetic.synthesis import make_risk_function, synthesise
from pipeline.records.typing import type_records
from pipeline.settings import load_cohort
from pipeline.stages import wiring
from tests.integration.tiny import ROOT, SCHEMA, SMALL_SETTINGS

pytestmark = pytest.mark.slow
WEEKS, FIRST, WEEKLY, UNSEEN = 52, 600, 20, 20_000
ORDER = ("ingest", "validate", "split", "imaging", "train", "cluster", "evaluate", "explain", "report")
QUICK: dict[str, Any] = {
    "split": {"cross_validate_below": 100, "test_share": 0.4, "folds": 2, "repeats": 1},
    "train": SMALL_SETTINGS["train"]
    | {
        "candidates": ["logistic"],
        "ensemble": ["logistic"],
        "search": [],
        "learning_curve": [],
        "optimism_resamples": 0,
    },
    "cluster": {"clusterers": ["kmeans"], "k_max": 2, "resamples": 10, "jaccard_at_least": 0.75, "seed": 1},
}


class HereBuilder:
    """Runs the stages that a target needs, one after another, in this process; what they say is kept."""

    def __init__(self, clone: Path, log: Path, seconds: float) -> None:
        self.clone, self.said = clone, list[str]()

    def build(self, *targets: str) -> Built:
        last = "report" if any("report" in target for target in targets) else "evaluate"
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.clone)
            patch.setattr(wiring, "log", self.said.append)
            for name in ORDER[: ORDER.index(last) + 1]:
                if last == "report" and name not in ("explain", "report"):
                    continue
                work = importlib.import_module(f"pipeline.stages.{name}").main
                code = wiring._attempt(name, "ward", work, debug=False)
                if code:
                    return Built(code if code in (2, 3) else 5, self.said[-1].removeprefix("error: "))
        return Built(0)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace whose one cohort is `ward`, and all the records that it will ever have."""
    folder = tmp_path_factory.mktemp("ward")
    for name in (".gitignore", "dvc.yaml", "params.yaml", "model_card.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "data_schemas").mkdir()
    (folder / "data_schemas/ward.py").write_text(SCHEMA)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    params = yaml.safe_load((folder / "params.yaml").read_text()) | SMALL_SETTINGS | QUICK
    params["cohorts"] = {"ward": {"source": {"format": "csv", "path": "ward.csv"}}}
    params["retrain"]["keep_runs"], params["drift"]["resamples"] = 100, 100
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(data_schemas, "__path__", [*data_schemas.__path__, str(folder / "data_schemas")])
        patch.setattr(run, "Builder", HereBuilder)
        patch.setattr("os.cpu_count", lambda: 1)
        patch.setattr("pipeline.phenotypes.separation.DRAWS", 9)  # phenotypes are not what is tried here
        yield folder
    sys.modules.pop("data_schemas.ward", None)


class Year:
    """The records of a year, who had been seen by each week, and what a model of them is worth."""

    def __init__(self) -> None:
        self.cohort = load_cohort("ward")
        self.truth = make_risk_function(self.cohort, 5, 0.3)
        [self.records] = synthesise(self.cohort, FIRST + WEEKS * WEEKLY, 5, self.truth)
        [others] = synthesise(self.cohort, UNSEEN, 6, self.truth)
        self.others = type_records(others, self.cohort.columns()).frame
        self.risk = true_risk(self.others, self.truth)

    def table(self, week: int) -> pd.DataFrame:
        """All records by the end of a week."""
        return self.records.iloc[: FIRST + week * WEEKLY].copy()

    def worth(self, release: Path) -> float:
        """The AUROC of a release in patients whose true risks are known, by expectation, without chance in outcomes."""
        told = read_model(release / "model.json", self.cohort).predict(self.others, self.cohort)["risk"].to_numpy(float)
        twice = np.concatenate([told, told])
        event = np.concatenate([np.ones(UNSEEN), np.zeros(UNSEEN)])
        return float(roc_auc_score(event, twice, sample_weight=np.concatenate([self.risk, 1 - self.risk])))


def weekly(table: pd.DataFrame, *, accepted: bool = False) -> dict[str, Any]:
    """Retrain on a table; what the record says of the cohort."""
    table.to_csv("ward.csv", index=False)
    _, code = run.retrain([], accepted=accepted)
    record = json.loads(max(Path("runs").glob("2*.json"), key=lambda path: path.stat().st_mtime_ns).read_text())
    found: dict[str, Any] = record["cohorts"]["ward"]
    assert found["exit_code"] == code
    return found


def change_units(table: pd.DataFrame) -> None:
    """Another laboratory writes the pressure as two thirds of what it was, within what is plausible."""
    known = pd.to_numeric(table["pressure"], errors="coerce")
    table["pressure"] = (0.67 * known).clip(60).round(1).astype(str).where(known > 0, table["pressure"])


def add_hospital(table: pd.DataFrame) -> None:
    """Half of the patients since the first come from a region that the schema does not know."""
    table.iloc[FIRST::2, table.columns.get_loc("region")] = "e"


def change_label(table: pd.DataFrame) -> None:
    """The code of the outcome means the opposite."""
    table["died"] = table["died"].map({"0": "1", "1": "0"})


def leak(table: pd.DataFrame) -> None:
    """A column is filled in by what is known only after the outcome."""
    table["pressure"] = np.where(table["died"] == "1", "180", "110")


def lose_events(table: pd.DataFrame) -> None:
    """No event is recorded any more."""
    table["died"] = "0"


FAULTS: dict[int, tuple[Callable[[pd.DataFrame], None], set[int], str]] = {
    10: (change_units, {4}, "Drift"),
    18: (add_hospital, {3}, "region"),
    26: (change_label, {4}, "Drift"),
    34: (leak, {4}, "Verdict"),
    42: (lose_events, {3}, "died"),
}
"""By week: what goes wrong, the exit code, and the gate that blocks or the word in the reason."""


def test_a_year_of_weekly_retraining(ward: Path) -> None:
    year = Year()
    assert weekly(year.table(0), accepted=True)["outcome"] == "published"
    worths, outcomes = [year.worth(Path("releases/ward/current"))], []
    for week in range(1, WEEKS + 1):
        before, table = Path("releases/ward/current").resolve(), year.table(week)
        spoil, codes, catches = FAULTS.get(week, (None, {0}, ""))
        if spoil is not None:
            spoil(table)
        found = weekly(table)
        outcomes.append(found["outcome"])
        assert found["exit_code"] in codes, (week, found["reasons"])
        after = Path("releases/ward/current").resolve()
        if found["outcome"] == "published":
            worths.append(year.worth(after))
        else:
            assert after == before
        if spoil is not None:
            blocking = {gate["gate"] for gate in found.get("gates", []) if gate["level"] == "blocks"}
            assert catches in blocking or any(catches in reason for reason in found["reasons"]), (week, found)
    assert outcomes.count("published") <= 6
    assert all(later > earlier - 0.005 for earlier, later in pairwise(worths)), worths
