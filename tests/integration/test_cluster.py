"""The pipeline on workers of Dask, as its users run it: the same `dvc.yaml`, the same bytes."""

import pytest
import yaml

from tests.extras import needs_cluster
from tests.integration.shared import build_once, build_tiny, copy_workspace
from tests.integration.tiny import add_cohort, make_table, output_hashes, repro

SPLIT = {"cross_validate_below": 1000, "test_share": 0.3, "folds": 3, "repeats": 1}


def build(workspace, **engine):
    """3,000 records in parts of 1,000, built with `engine`."""
    params = yaml.safe_load((workspace / "params.yaml").read_text())
    params |= {"split": SPLIT, "engine": {"name": "local", "rows": 1000, "memory_share": 0.5} | engine}
    (workspace / "params.yaml").write_text(yaml.safe_dump(params))
    done = repro(workspace)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path: md5 for path, md5 in output_hashes(workspace).items() if "report" not in path.rsplit("/", 1)[-1]}


@needs_cluster
@pytest.mark.slow
def test_workers_of_dask_make_the_same_bytes(tmp_path, tmp_path_factory):
    workspace = copy_workspace(build_once(tmp_path_factory, "tiny", build_tiny), tmp_path / "workspace")
    add_cohort(workspace, "tiny", make_table(3000))
    here = build(workspace)
    assert build(workspace, name="dask", workers=2) == here


@needs_cluster
def test_without_the_scheduler_one_sentence_says_so_and_all_stays(tmp_path, tmp_path_factory):
    workspace = copy_workspace(build_once(tmp_path_factory, "tiny", build_tiny), tmp_path / "workspace")
    before = {path: path.read_bytes() for path in workspace.glob("reports/tiny/*") if path.is_file()}
    params = yaml.safe_load((workspace / "params.yaml").read_text())
    params["engine"] |= {"name": "dask", "scheduler": "tcp://127.0.0.1:1"}
    (workspace / "params.yaml").write_text(yaml.safe_dump(params))
    done = repro(workspace)
    assert done.returncode == 255
    assert "exited with 2" in done.stdout + done.stderr
    assert "no scheduler answers at tcp://127.0.0.1:1" in done.stdout + done.stderr
    assert {path: path.read_bytes() for path in before} == before
