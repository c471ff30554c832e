"""The demonstration with images: a workspace of its own, build/imaging, with made-up patients and radiographs.

`make repro-imaging` runs it from the root of the repository. The workspace holds a copy of the code and one cohort, and
settings that take minutes on two processor cores instead of the best that could be done.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import yaml

from pipeline.provenance import hash_tree

WORKSPACE = Path("build", "imaging")
COHORT = "synthetic_radiographs"
SOURCE = Path("data", "incoming", COHORT)
GENERATOR = Path("pipeline", "records", "synthetic", "radiographs")
FOLDERS = ("pipeline", "data_schemas")
FILES = ("dvc.yaml", "requirements.lock", "model_card.yaml", ".dvcignore", ".dvc/config")
DVC = "[core]\n    no_scm = true\n"  # the workspace lies in a folder that git ignores
PATIENTS, SEED = 600, 1
LIGHT: dict[str, dict[str, Any]] = {
    "split": {"folds": 4, "repeats": 1},
    "imaging": {"epochs": 30, "patience": 8},
    "train": {
        "candidates": ["logistic", "spline_logistic", "additive_trees", "boosted_trees"],
        "search": [],
        "folds": 3,
        "learning_curve": [],
        "optimism_resamples": 2,
        "optimism_at_most": 0,
    },
    "cluster": {"clusterers": ["kmeans"], "k_max": 3, "resamples": 10},
    "evaluate": {"resamples": 500},
    "explain": {"refits": 10},
}


def make_workspace(folder: Path, patients: int, changed: dict[str, dict[str, Any]]) -> None:
    """Bring `folder` up to date with the code here; what it built stays.

    `changed` is what its `params.yaml` has in place of the settings here, by section.
    """
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(name, folder / name)
    (folder / ".dvc" / "config.local").write_text(DVC, encoding="utf-8")
    (folder / "params.yaml").write_text(yaml.safe_dump(_choose_settings(changed)), encoding="utf-8")
    _make_data(folder, patients)


def _make_data(folder: Path, patients: int) -> None:
    """Make patients and radiographs, unless the same code has made as many here."""
    made_by = f"{hash_tree(folder / GENERATOR).hex()} {patients}\n"
    mark = (folder / SOURCE).with_suffix(".made_by")
    if mark.is_file() and mark.read_text(encoding="utf-8") == made_by:
        return
    mark.unlink(missing_ok=True)
    shutil.rmtree(folder / SOURCE, ignore_errors=True)
    asked = ("synth-radiographs", "--out", str(SOURCE), "--patients", str(patients), "--seed", str(SEED))
    _python(folder, "pipeline", *asked).check_returncode()
    mark.write_text(made_by, encoding="utf-8")


def _choose_settings(changed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    for section, values in changed.items():
        settings[section] |= values
    source = {"path": str(SOURCE), "format": "csv", "encoding": "utf-8", "delimiter": ","}
    return settings | {"cohorts": {COHORT: {"source": source, "table": "records.csv"}}}


def _python(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A module of the workspace or of the environment, run in the workspace; what it says is seen."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, check=False)  # noqa: S603 - our own


def main() -> None:
    """Make or renew the workspace, build what changed, and say where the report is."""
    make_workspace(WORKSPACE, PATIENTS, LIGHT)
    failed = _python(WORKSPACE, "dvc", "repro").returncode
    if failed:
        sys.exit(failed)
    click.echo(f"Open {WORKSPACE}/reports/index.html in a browser.")


if __name__ == "__main__":
    main()
