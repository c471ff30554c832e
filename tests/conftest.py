"""What every test needs: one thread per numerical library, and a repository root of its own where asked for."""

import shutil
from pathlib import Path

import pytest
import yaml

import pipeline.stages  # noqa: F401 - pins the number of threads, before numpy is imported

ROOT = Path(__file__).parents[1]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository root with the released dvc.yaml, params.yaml and demonstration data; the working folder."""
    for file in ("dvc.yaml", "params.yaml", "requirements.lock"):
        shutil.copy(ROOT / file, tmp_path / file)
    shutil.copytree(ROOT / "data/demo", tmp_path / "data/demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change_params(root: Path, change) -> None:
    """Rewrite params.yaml after `change` has altered its content."""
    params = yaml.safe_load((root / "params.yaml").read_text())
    change(params)
    (root / "params.yaml").write_text(yaml.safe_dump(params))
