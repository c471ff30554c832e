"""A disk or a memory that fills in the middle of a stage: one sentence, the last outputs, nothing half-made."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import change_params, fill, python, write_source
from tests.integration.tiny import make_table

FULL = "error: ingest tiny: the disk is full; free some space, then run it again; --debug shows more"
STREAMING = """
from functools import partial
import numpy as np, pandas as pd
from pipeline.files import write_parquet_parts
from pipeline.stages.wiring import run
def make_parts():
    for seed in range(50):
        yield pd.DataFrame({"x": np.random.default_rng(seed).random(100_000)})
run("ingest", lambda stage: stage.write("raw.parquet", partial(write_parquet_parts, parts=make_parts())))
"""

GREEDY = """
import resource
from functools import partial
import numpy as np, pandas as pd
from pipeline.files import write_parquet_parts
from pipeline.stages.wiring import run
def make_parts():
    yield pd.DataFrame({"x": np.zeros(100_000)})
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
    yield pd.DataFrame({"x": np.zeros(2**30)})
run("ingest", lambda stage: stage.write("raw.parquet", partial(write_parquet_parts, parts=make_parts())))
"""


@pytest.fixture
def filling(tiny_root: Path, small_disk: Path) -> Path:
    """The tiny workspace, with its first outputs and a profile, on a disk that has room for little more."""
    workspace = Path(shutil.copytree(tiny_root, small_disk / "workspace", ignore=shutil.ignore_patterns("disk")))
    change_params(workspace, lambda params: params.update(profile=True))
    assert python(workspace, "-m", "pipeline.stages.ingest", "tiny").returncode == 0
    write_source(workspace, make_table(60_000))
    fill(small_disk, 400_000)
    return workspace


def read_generated(workspace: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (workspace / "data").rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", [["-m", "pipeline.stages.ingest"], ["-c", STREAMING]], ids=["ingest", "in parts"])
def test_a_full_disk_is_said_and_the_last_outputs_stay(filling: Path, command: list[str]) -> None:
    before = read_generated(filling)
    assert before
    done = python(filling, *command, "tiny")
    assert done.returncode == 5
    assert [line.split(" ", 1)[1] for line in done.stderr.splitlines()] == ["ingest tiny: start", FULL]
    assert read_generated(filling) == before
    assert not list((filling / "runs").rglob("*.json"))


def test_a_want_of_memory_is_said_and_the_last_outputs_stay(tiny_root: Path) -> None:
    assert python(tiny_root, "-m", "pipeline.stages.ingest", "tiny").returncode == 0
    before = read_generated(tiny_root)
    done = python(tiny_root, "-c", GREEDY, "tiny")
    assert done.returncode == 5
    assert "error: ingest tiny: there is not enough memory; lower engine.rows" in done.stderr.splitlines()[-1]
    assert read_generated(tiny_root) == before
