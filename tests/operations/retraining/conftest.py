"""A workspace with a release, built once and copied for each test."""

from pathlib import Path

import pytest

from tests.integration.shared import build_once, build_tiny, copy_workspace
from tests.operations.retraining.workspaces import build_released


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tiny = build_once(tmp_path_factory, "tiny", build_tiny)
    return build_once(tmp_path_factory, "released", lambda folder: build_released(folder, tiny))


@pytest.fixture
def workspace(released: Path, tmp_path: Path) -> Path:
    return copy_workspace(released, tmp_path / "workspace")
