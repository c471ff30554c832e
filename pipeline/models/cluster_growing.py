"""Boosted trees grown by the workers of a cluster together, each from its share of the rows.

Every worker reads its share of the valid records from their file, row group by row group, and grows trees as one
process alone would, while xgboost adds up the histograms of all over the network, as `xgboost.dask` has it do.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import xgboost

from data_schemas.columns import Column
from pipeline.arrays import FloatArray, IntArray
from pipeline.cluster import DaskEngine, WorkerLostError
from pipeline.errors import ClinriskError
from pipeline.models.features import model_frame
from pipeline.models.growing import LocalGrower, Rows
from pipeline.models.shelf import Shelf
from pipeline.row_groups import list_row_groups, read_places

ALONE_BELOW = 50_000  # rows; fewer are grown from here before a cluster has begun
TRIES = 3
PATIENCE_SECONDS = 300  # that a worker waits for another in one round


@dataclass(frozen=True)
class Share:
    """k rows of the file of valid records: their positions in it, rising, outcomes and weights, (k,) each."""

    place: IntArray
    y: FloatArray
    weight: FloatArray

    @classmethod
    def deal(cls, rows: Rows | None, workers: int) -> list["Share | None"]:
        """`rows` in as many parts of equal length; X's index tells their positions in the file."""
        if rows is None:
            return [None] * workers
        place = rows.X.index.to_numpy()[rows.place]
        parts = zip(*(np.array_split(each, workers) for each in (place, rows.y, rows.weight)), strict=True)
        return [cls(*part) for part in parts]

    def read(self, table: Path, predictors: Mapping[str, Column]) -> Rows:
        """The rows, read from the file `table`."""
        read = read_places(list_row_groups(table), self.place, list(predictors))
        parts = (model_frame(part, dict(predictors), "float32") for part in read)
        return Rows.of(Shelf().gather(parts, len(self.place)), self.y, self.weight)


@dataclass(frozen=True)
class Order:
    """What one worker does: grow trees from its shares of the rows, with the others whom it meets through `meeting`."""

    table: Path
    predictors: Mapping[str, Column]
    meeting: Mapping[str, Any]
    rounds: int
    patience: int | None
    parameters: Mapping[str, Any]
    rank: int
    seen: Share
    unseen: Share | None


@dataclass(frozen=True)
class ClusterGrower:
    """Grows trees of the valid records in the file `table` on all workers of a cluster; a small table's right here.

    Workers see other bins than one process does, and draw other rows for each tree, so that risks differ a little.
    """

    engine: DaskEngine
    table: Path
    predictors: Mapping[str, Column]

    def grow(
        self, parameters: dict[str, Any], seen: Rows, unseen: Rows | None, rounds: int, patience: int | None = None
    ) -> tuple[xgboost.Booster, FloatArray]:
        """As `Grower.grow`. Raises ClinriskError where workers are lost again and again."""
        if len(seen) < ALONE_BELOW:
            return LocalGrower().grow(parameters, seen, unseen, rounds, patience)
        for _ in range(TRIES):
            try:
                return self._grow(parameters, seen, unseen, rounds, patience)
            except WorkerLostError:
                continue
        raise ClinriskError(f"workers of {self.engine.address} were lost {TRIES} times while trees were grown")

    def _grow(
        self, parameters: dict[str, Any], seen: Rows, unseen: Rows | None, rounds: int, patience: int | None
    ) -> tuple[xgboost.Booster, FloatArray]:
        workers = self.engine.workers()
        dealt = zip(workers.items(), *(Share.deal(rows, len(workers)) for rows in (seen, unseen)), strict=True)
        with meet(len(workers), self.engine.host()) as meeting:
            order = partial(Order, self.table, self.predictors, meeting, rounds, patience)
            orders = {
                worker: order(parameters | {"nthread": threads}, rank, taught, tried)
                for rank, ((worker, threads), taught, tried) in enumerate(dealt)
            }
            told, *_ = self.engine.run_on_each(grow_share, orders)
        booster = xgboost.Booster(model_file=bytearray(told[0]))
        return booster, told[1]


def grow_share(order: Order) -> tuple[bytes, FloatArray]:
    """On a worker: the trees, which are the same on all of them, and the losses on all unseen rows together."""
    seen = order.seen.read(order.table, order.predictors)
    unseen = None if order.unseen is None else order.unseen.read(order.table, order.predictors)
    with xgboost.collective.CommunicatorContext(**order.meeting, dmlc_task_id=f"{order.rank:06d}"):
        booster, losses = LocalGrower().grow(dict(order.parameters), seen, unseen, order.rounds, order.patience)
    return bytes(booster.save_raw(raw_format="ubj")), losses


@contextmanager
def meet(workers: int, host: str) -> Iterator[dict[str, Any]]:
    """Where so many workers of xgboost find each other, at the address `host` of this machine, and how."""
    from xgboost.tracker import RabitTracker

    tracker = RabitTracker(n_workers=workers, host_ip=host, sortby="task", timeout=PATIENCE_SECONDS)
    tracker.start()
    Thread(target=_wait, args=(tracker,), daemon=True).start()
    yield dict(tracker.worker_args()) | {"dmlc_timeout": PATIENCE_SECONDS}


def _wait(tracker: Any) -> None:
    """Let workers meet until all have gone; one that is lost is noticed elsewhere."""
    with suppress(xgboost.core.XGBoostError):
        tracker.wait_for()
