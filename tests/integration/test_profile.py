"""Asked for, every stage says what it took; nothing but the report differs, and that only for as long."""

import json
from pathlib import Path

import pytest

from tests.conftest import change_params
from tests.integration.shared import build_once, build_tiny, copy_workspace
from tests.integration.tiny import repro

pytestmark = pytest.mark.slow
STAGES = {"ingest", "validate", "split", "imaging", "train", "cluster", "evaluate", "explain", "report"}
SHOWING = ("report.html", "report.json", "resources.csv")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_workspace(
        build_once(tmp_path_factory, "tiny", build_tiny), tmp_path_factory.mktemp("profile") / "clone"
    )


def read_outputs(workspace: Path) -> dict[str, bytes]:
    folders = ("reports", "artifacts", "data/tiny")
    return {str(p): p.read_bytes() for f in folders for p in sorted((workspace / f).rglob("*")) if p.is_file()}


def build(workspace: Path, *arguments: str, profile: bool) -> str:
    change_params(workspace, lambda params: params.update(profile=profile))
    done = repro(workspace, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_figures_are_written_and_shown_only_where_asked_for(built: Path) -> None:
    before = read_outputs(built)
    assert "train" not in build(built, profile=True).split("Running stage")[1]
    assert read_outputs(built) == before
    build(built, "--force", profile=True)
    after = read_outputs(built)
    found = {path.stem: json.loads(path.read_text()) for path in (built / "runs/profile/tiny").iterdir()}
    assert found.keys() == STAGES
    assert {stage: taken["records"] for stage, taken in found.items() if taken["records"] != 392} == {
        "ingest": 400,
        "validate": 400,
    }
    assert all(taken["cpu_seconds"] > 0.5 and taken["largest_bytes"] > 50_000_000 for taken in found.values())
    assert (built / "runs/profile/index.json").exists()
    assert {Path(path).name for path in after if after[path] != before.get(path)} == set(SHOWING)
    assert 'id="resources"' in (built / "reports/tiny/report.html").read_text()
    build(built, profile=False)
    assert read_outputs(built) == before
