"""What every test needs: one thread per numerical library, and a repository root of its own where asked for."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

import pipeline.stages  # noqa: F401 - pins the number of threads, before numpy is imported
from tests.integration.tiny import SCHEMA, SMALL_SETTINGS, make_table

ROOT = Path(__file__).parents[1]
DISK = 80  # MB
VOCABULARY = ("__init__", "columns", "vocabulary", "outcomes", "faults", "later")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository root with the released settings and demonstration data; the working folder."""
    for file in ("dvc.yaml", "params.yaml", "model_card.yaml", "requirements.lock"):
        shutil.copy(ROOT / file, tmp_path / file)
    shutil.copytree(ROOT / "data/demo", tmp_path / "data/demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)]
    mounted = shutil.which("mount") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all room of a file system but `leave` bytes."""
    filler, state = disk / "filler", os.statvfs(disk)
    with filler.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, state.f_bavail * state.f_frsize - leave)
    return filler


@pytest.fixture
def tiny_root(tmp_path: Path) -> Path:
    """A repository root whose one cohort is `tiny`, with its own data_schemas, for stages run as processes."""
    for file in ("dvc.yaml", "params.yaml", "requirements.lock", *(f"data_schemas/{name}.py" for name in VOCABULARY)):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "data_schemas/tiny.py").write_text(SCHEMA)
    cohorts = {"tiny": {"source": {"format": "csv", "path": "tiny.csv"}}}
    change_params(tmp_path, lambda p: p.update(SMALL_SETTINGS, cohorts=cohorts))
    write_source(tmp_path, make_table(60))
    return tmp_path


def write_source(root: Path, table: pd.DataFrame) -> None:
    """Write the file of records of `tiny_root`."""
    table.to_csv(root / "tiny.csv", index=False)


def change_params(root: Path, change) -> None:
    """Rewrite params.yaml after `change` has altered its content."""
    params = yaml.safe_load((root / "params.yaml").read_text())
    change(params)
    (root / "params.yaml").write_text(yaml.safe_dump(params))


def python(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in `root`: its own data_schemas come first, then the code under test."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
