"""Retraining as its users run it: a workspace, the command, real DVC; and whatever may go wrong meanwhile."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.integration.shared import retrain
from tests.integration.tiny import make_table
from tests.operations.retraining.workspaces import champion
from tests.operations.test_guard import children_of

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("CLINRISK_KILLS", "2"))
SOURCE = "data/incoming/tiny.csv"


def last_record(workspace: Path) -> dict[str, Any]:
    record = max((workspace / "runs").glob("2*.json"))
    return dict(json.loads(record.read_text()))


def rewrite(workspace: Path, change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> None:
    """Let `change` alter the table of records, as text."""
    table = pd.read_csv(workspace / SOURCE, dtype=str, keep_default_na=False)
    changed = change(table)
    (table if changed is None else changed).to_csv(workspace / SOURCE, index=False)


def test_a_first_release_holds_all_that_was_built_and_is_what_people_read(released: Path) -> None:
    folder = champion(released)
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    assert (manifest["cohort"], manifest["verdict"], manifest["replaces"]) == ("tiny", "WARN", None)
    assert {"model.json", "schema.py", "params.yaml", "requirements.lock", "split.parquet", "reference.parquet",
            "predictions.parquet", "reports/report.html", "reports/metrics.json"} <= set(manifest["files"])  # fmt: skip
    assert "patient_id" not in pd.read_parquet(folder / "reference.parquet")
    page = (released / "reports/tiny/report.html").read_bytes()
    assert page == (folder / "reports/report.html").read_bytes()
    assert folder.name in (released / "reports/summaries/tiny.json").read_text()
    record = last_record(released)
    assert (record["exit_code"], record["cohorts"]["tiny"]["outcome"]) == (0, "published")


def test_what_runs_leave_is_closed_and_unknown_to_git(released: Path) -> None:
    for top in ("runs", "releases"):
        modes = {stat.S_IMODE(path.lstat().st_mode) for path in (released / top).rglob("*") if not path.is_symlink()}
        assert stat.S_IMODE((released / top).stat().st_mode) == 0o700
        assert modes <= {0o700, 0o600} or top == "runs"
    status = subprocess.run(["git", "status", "--porcelain", "--untracked-files=all"], cwd=released,
                            capture_output=True, text=True, check=True)  # fmt: skip
    assert not [line for line in status.stdout.splitlines() if line.split()[1].startswith(("runs/", "releases/"))]


def test_the_same_records_keep_the_champion(workspace: Path) -> None:
    before = champion(workspace)
    done = retrain(workspace)
    assert done.returncode == 0, done.stderr
    assert "tiny kept: The challenger is not clearly better" in done.stdout
    assert champion(workspace) == before
    found = last_record(workspace)["cohorts"]["tiny"]
    assert found["comparison"]["differences"]["auroc"]["value"] == 0
    assert found["comparison"]["agreement"]["limits"] == [0, 0]
    assert not found["drift"]["beyond"]


def test_records_that_are_refused_leave_the_champion(workspace: Path) -> None:
    before = champion(workspace)
    rewrite(workspace, lambda table: table.drop(columns="pressure"))
    done = retrain(workspace)
    assert done.returncode == 3
    assert "tiny refused: " in done.stdout
    assert "pressure" in done.stdout
    assert champion(workspace) == before
    assert last_record(workspace)["cohorts"]["tiny"]["outcome"] == "refused"


def test_of_twenty_starts_at_once_one_runs(workspace: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "retrain"]
    started = [
        subprocess.Popen(command, cwd=workspace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(20)
    ]
    codes = sorted(process.wait() for process in started)
    assert codes == [0] + [75] * 19


def spoil(workspace: Path) -> None:
    """All that a broken run, or somebody's hand, may leave at once; test_clone.py has more kinds of broken locks."""
    (workspace / "runs/workspace/dvc.lock").write_text("stages: [\x00")
    (workspace / "runs/workspace/artifacts/tiny/model.json").write_text('{"format": 2}')
    (workspace / "runs/lock").write_text("99999 left by a run that is no more")
    (workspace / "runs/workspace/.dvc/tmp").mkdir(parents=True, exist_ok=True)
    (workspace / "runs/workspace/.dvc/tmp/rwlock").write_text("")
    (workspace / "releases/tiny/versions/.partial-1").mkdir()


def test_what_a_broken_run_may_leave_is_no_hindrance(workspace: Path) -> None:
    before = champion(workspace)
    spoil(workspace)
    done = retrain(workspace)
    assert done.returncode == 0, done.stdout + done.stderr
    assert champion(workspace) == before


def test_a_killed_run_harms_nothing_and_leaves_nobody(workspace: Path) -> None:
    generator = np.random.default_rng(int(os.environ.get("CLINRISK_SEED", "0")))
    for number in range(KILLS):
        marker = f"{os.getpid()}-{number}"
        if number % 4 == 0:
            make_table(seed=number).to_csv(workspace / SOURCE, index=False)
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "retrain", "--accept"], cwd=workspace, start_new_session=True,
            env=os.environ | {"MARKER": marker}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(generator.uniform(0, float(os.environ.get("CLINRISK_SECONDS", "8"))))
        (os.killpg if number % 2 else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
        killed = time.monotonic()
        while children_of(marker):
            assert time.monotonic() - killed < 1, "a process outlives its run"
            time.sleep(0.02)
        champion(workspace)
    make_table().to_csv(workspace / SOURCE, index=False)
    done = retrain(workspace, "--accept")
    assert done.returncode == 0, done.stdout + done.stderr
    command = [sys.executable, "-m", "pipeline", "releases", "tiny", "verify"]
    verified = subprocess.run(command, cwd=workspace, check=True, capture_output=True, text=True)
    assert f"{champion(workspace).name} is as it was sealed" in verified.stdout
    assert not list((workspace / "releases/tiny/versions").glob(".partial*"))


def test_a_person_is_told_by_the_command_of_the_settings(workspace: Path, tmp_path: Path) -> None:
    params = yaml.safe_load((workspace / "params.yaml").read_text())
    params["retrain"]["notify"] = ["cp", "--target-directory", str(tmp_path)]
    params["retrain"]["keep_runs"] = 10
    (workspace / "params.yaml").write_text(yaml.safe_dump(params))
    for number in range(15):
        (workspace / "runs" / f"2000010{number % 10}T00000{number}Z.json").write_text("{}")
    shutil.rmtree(workspace / "data_schemas")
    done = retrain(workspace)
    assert done.returncode == 2
    [told] = tmp_path.glob("2*.json")
    assert json.loads(told.read_text())["summary"] in done.stdout
    assert len(list((workspace / "runs").glob("2*.json"))) == 10
