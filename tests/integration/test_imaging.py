"""The demonstration with images as its users run it, smaller: real DVC, a kill, and what works without the extra."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.imaging_demo import COHORT, make_workspace
from tests.extras import needs_imaging
from tests.integration.shared import build_once, build_tiny, copy_workspace
from tests.integration.tiny import ROOT, repro

pytestmark = pytest.mark.slow

PATIENTS = 150
SMALL = {
    "split": {"folds": 2, "repeats": 1},
    "imaging": {"epochs": 3, "patience": 3},
    "train": {
        "candidates": ["spline_logistic"],
        "ensemble": ["spline_logistic"],
        "search": [],
        "folds": 2,
        "learning_curve": [],
        "optimism_at_most": 0,
    },
    "cluster": {"clusterers": ["kmeans"], "k_max": 2, "resamples": 10},
    "evaluate": {"resamples": 100},
    "explain": {"refits": 10},
}
WAIT = 120  # seconds
OUTPUTS = (
    Path("data", COHORT, "findings.parquet"),
    Path("artifacts", COHORT, "image_model.safetensors"),
    Path("artifacts", COHORT, "image_predictions.parquet"),
)
WITHOUT = """
import importlib, pkgutil, runpy, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "monai", "pydicom", "safetensors", "PIL"}:
            raise ModuleNotFoundError(name)

import matplotlib.figure, pipeline  # matplotlib itself needs PIL
sys.meta_path.insert(0, Refuse())
seen = [m.name for m in pkgutil.walk_packages(pipeline.__path__, "pipeline.") if ".imaging." not in m.name]
for name in seen:
    importlib.import_module(name)
print(len(seen), "modules", flush=True)
sys.argv = ["imaging", "tiny"]
runpy.run_module("pipeline.stages.imaging", run_name="__main__", alter_sys=True)
"""


def make_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(ROOT)
    make_workspace(folder, PATIENTS, SMALL)
    schema = folder / f"data_schemas/{COHORT}.py"
    schema.write_text(schema.read_text().replace("pixels=64", "pixels=32"))
    return folder


def kill_while_learning(workspace: Path) -> None:
    """Start the stage by DVC, and kill all of its processes as soon as a network has learnt for an epoch."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "dvc", "repro", f"imaging@{COHORT}"]
    process = subprocess.Popen(
        command, cwd=workspace, env=os.environ | {"PATH": path}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    began = time.monotonic()
    while not list(workspace.glob(f"runs/imaging/{COHORT}/**/*.safetensors")):
        assert process.poll() is None, "the stage ended before it could be killed"
        assert time.monotonic() - began < WAIT
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def contents(workspace: Path) -> list[bytes]:
    return [(workspace / path).read_bytes() for path in OUTPUTS]


@needs_imaging
def test_the_demonstration_survives_a_kill_and_reports_its_images(tmp_path, monkeypatch):
    workspace = make_small(tmp_path / "workspace", monkeypatch)
    kill_while_learning(workspace)
    assert not any((workspace / path).exists() for path in OUTPUTS)
    done = repro(workspace)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(workspace.glob("runs/imaging/*"))
    page = (workspace / f"reports/{COHORT}/report.html").read_text()
    assert '<section id="images"' in page
    assert "data:image/png" not in page
    again = repro(workspace)
    assert again.returncode == 0
    assert "Running stage" not in again.stdout
    unbroken = copy_workspace(workspace, tmp_path / "unbroken")
    for path in OUTPUTS:
        (unbroken / path).unlink()
    command = [sys.executable, "-m", "pipeline.stages.imaging", COHORT]
    subprocess.run(command, cwd=unbroken, check=True, capture_output=True)
    assert contents(unbroken) == contents(workspace)


def test_without_the_extra_all_that_needs_no_images_works(tmp_path_factory, tmp_path):
    workspace = copy_workspace(build_once(tmp_path_factory, "tiny", build_tiny), tmp_path / "clone")
    outputs = [Path(str(path).replace(COHORT, "tiny")) for path in OUTPUTS]
    before = [(workspace / path).read_bytes() for path in outputs]
    for path in outputs:
        (workspace / path).unlink()
    command = [sys.executable, "-c", WITHOUT]
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 200
    assert [(workspace / path).read_bytes() for path in outputs] == before
