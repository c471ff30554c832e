"""Trees that workers grow together: nearly those of one process, whoever is killed or stuck meanwhile."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import xgboost
from sklearn.metrics import roc_auc_score

from pipeline import cluster
from pipeline.arrays import FloatArray
from pipeline.cluster import DaskEngine
from pipeline.engine import start_engine
from pipeline.errors import DataRefusedError
from pipeline.files import write_parquet_parts
from pipeline.models import cluster_growing
from pipeline.models.cluster_growing import ClusterGrower, Share
from pipeline.models.features import model_frame
from pipeline.models.growing import BINS, LocalGrower, Rows
from tests.cluster_work import local
from tests.extras import needs_cluster
from tests.models.builders import coded, number

pytestmark = [
    needs_cluster,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of what was killed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PREDICTORS = {**{f"x{i}": number() for i in range(5)}, "code": coded("a", "b", "c")}
PARAMETERS = {
    "objective": "binary:logistic", "tree_method": "hist", "max_bin": BINS, "max_depth": 3, "eta": 0.1,
    "subsample": 0.8, "colsample_bytree": 0.8, "seed": 1, "nthread": 1,
}  # fmt: skip
GROUP = 3_500  # records of a row group
LONG = 1_500  # rounds: seconds of training
ENDINGS = [signal.SIGKILL, signal.SIGSTOP][: int(os.environ.get("CLINRISK_KILLS", "2")) - 1]  # the second takes a while


class Made:
    """A table on disk, its predictors as the pipeline reads them, planted risks, outcomes and weights."""

    def __init__(self, path: Path, seed: int, rows: int) -> None:
        rng = np.random.default_rng(seed)
        table = pd.DataFrame({f"x{i}": rng.normal(size=rows).round(1) for i in range(5)})
        table["code"] = pd.Categorical.from_codes(rng.integers(0, 3, rows), list("abc"))
        table.loc[: GROUP + 9, "code"] = "c"
        table.loc[::13, "x2"] = np.nan
        score = table["x0"] - table["x1"] ** 2 + (table["code"] == "a") + table["x0"] * table["x3"] - 1
        self.path = path
        self.y = (rng.random(rows) < 1 / (1 + np.exp(-score))).to_numpy(float)
        self.weight = rng.uniform(0.5, 2, rows)
        write_parquet_parts(path, (table.iloc[start : start + GROUP] for start in range(0, rows, GROUP)))
        self.X = model_frame(table, PREDICTORS, "float32")
        self.held_out = rng.random(rows) < 0.2

    def part(self) -> tuple[Rows, Rows]:
        """The rows that are seen, of a table that has not all of the file's, and those unseen."""
        places = [np.flatnonzero(mask) for mask in (~self.held_out, self.held_out)]
        return (
            Rows.of(self.X, self.y, self.weight, places[0]),
            Rows.of(self.X, self.y, self.weight, places[1]),
        )


@pytest.fixture(scope="module")
def engine() -> Iterator[DaskEngine]:
    with start_engine(local()) as started:
        assert isinstance(started, DaskEngine)
        yield started


@pytest.fixture(autouse=True)
def for_all_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_growing, "ALONE_BELOW", 0)


def predict(grown: xgboost.Booster, X: pd.DataFrame) -> FloatArray:
    return np.asarray(grown.inplace_predict(X), dtype=float)


def dump(grown: xgboost.Booster) -> bytes:
    return bytes(grown.save_raw(raw_format="ubj"))


def test_shares_are_all_rows_once_each_read_as_the_pipeline_reads_them(tmp_path: Path) -> None:
    made = Made(tmp_path / "valid.parquet", 0, 20_000)
    X = made.X.iloc[3_000:]  # development's, of all records
    place = np.flatnonzero(np.random.default_rng(1).random(len(X)) < 0.3)
    rows = Rows.of(X, made.y[3_000:], made.weight[3_000:], place)
    read = [share.read(made.path, PREDICTORS) for share in Share.deal(rows, 3) if share]
    assert max(map(len, read)) - min(map(len, read)) <= 1
    pd.testing.assert_frame_equal(pd.concat([part.X for part in read], ignore_index=True),
                                  X.iloc[place].reset_index(drop=True))  # fmt: skip
    np.testing.assert_array_equal(np.concatenate([part.y for part in read]), rows.y)
    np.testing.assert_array_equal(np.concatenate([part.weight for part in read]), rows.weight)


@pytest.mark.parametrize("seed", range(3))
def test_where_no_rows_are_drawn_and_each_value_has_its_bin_the_trees_are_those_of_one_process(
    engine: DaskEngine, tmp_path: Path, seed: int
) -> None:
    made = Made(tmp_path / "valid.parquet", seed, 20_000)
    all_rows = PARAMETERS | {"subsample": 1, "colsample_bytree": 1}
    one, losses = LocalGrower().grow(all_rows, *made.part(), 300, 10)
    many, curve = ClusterGrower(engine, made.path, PREDICTORS).grow(all_rows, *made.part(), 300, 10)
    np.testing.assert_allclose(predict(many, made.X), predict(one, made.X), atol=1e-5)
    np.testing.assert_allclose(curve, losses, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_drawn_rows_move_risks_no_more_than_another_seed_does_and_discrimination_hardly(
    engine: DaskEngine, tmp_path: Path, seed: int
) -> None:
    made = Made(tmp_path / "valid.parquet", seed, 40_000)
    seen, unseen = made.part()
    grower = ClusterGrower(engine, made.path, PREDICTORS)
    one, other = (LocalGrower().grow(PARAMETERS | {"seed": s}, seen, None, 150)[0] for s in (1, 2))
    many, again = (grower.grow(PARAMETERS, seen, None, 150)[0] for _ in range(2))
    risks = [predict(booster, made.X) for booster in (one, other, many)]
    moved = [float(np.abs(risks[0] - each).mean()) for each in risks[1:]]
    aurocs = [roc_auc_score(unseen.y, each[unseen.place]) for each in risks]
    assert moved[1] < 1.25 * moved[0]
    assert abs(aurocs[2] - aurocs[0]) < 0.002
    assert dump(again) == dump(many)


def test_a_small_table_is_not_sent_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_growing, "ALONE_BELOW", 50_000)
    made = Made(tmp_path / "valid.parquet", 0, 5_000)
    seen, unseen = made.part()
    expected, _ = LocalGrower().grow(PARAMETERS, seen, unseen, 30, 5)
    grown, _ = ClusterGrower(None, made.path, PREDICTORS).grow(PARAMETERS, seen, unseen, 30, 5)
    assert dump(grown) == dump(expected)


def test_a_table_that_is_damaged_ends_training_clearly_and_the_cluster_goes_on(
    engine: DaskEngine, tmp_path: Path
) -> None:
    made = Made(tmp_path / "valid.parquet", 0, 20_000)
    whole = made.path.read_bytes()
    middle = len(whole) // 3
    made.path.write_bytes(whole[:middle] + bytes(200) + whole[middle + 200 :])
    seen, _ = made.part()
    grower = ClusterGrower(engine, made.path, PREDICTORS)
    with pytest.raises(
        DataRefusedError, match=r"valid\.parquet, rule 'parquet file': records \d+ to \d+ cannot be read"
    ):
        grower.grow(PARAMETERS, seen, None, 30)
    made.path.write_bytes(whole)
    assert grower.grow(PARAMETERS, seen, None, 30)[0].num_boosted_rounds() == 30


@pytest.mark.parametrize("how", ENDINGS)
def test_training_whose_worker_is_lost_is_done_again(
    engine: DaskEngine, how: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cluster.QUIET, "distributed.scheduler.worker-ttl", "12s")  # importing xgboost takes a while
    made = Made(tmp_path / "valid.parquet", 0, 10_000)
    seen, unseen = made.part()
    expected, _ = ClusterGrower(engine, made.path, PREDICTORS).grow(PARAMETERS, seen, unseen, LONG)
    with start_engine(local()) as harmed, ThreadPoolExecutor() as other:
        assert isinstance(harmed, DaskEngine)
        ending = other.submit(end_a_worker, harmed, how)
        grown, losses = ClusterGrower(harmed, made.path, PREDICTORS).grow(PARAMETERS, seen, unseen, LONG)
        assert ending.result() not in harmed.workers()
    assert len(losses) == LONG
    assert dump(grown) == dump(expected)


def end_a_worker(engine: DaskEngine, how: signal.Signals) -> str:
    """End the first worker when it has grown trees for a while; its address."""
    address, process = next(iter(engine.client.run(os.getpid).items()))
    worker = psutil.Process(process)
    while not any("libxgboost" in each.path for each in worker.memory_maps()):
        time.sleep(0.05)
    time.sleep(1)
    os.kill(process, how)
    return str(address)
