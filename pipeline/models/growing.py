"""Boosted trees grown from rows of a table, batch by batch, so that no second copy of the table is ever made.

xgboost reads the batches twice: once to learn where the bins of each predictor end, once to keep each value as the
number of its bin, in one byte. Where even these bytes are too many they stay on disk, in a folder of their own.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xgboost
from threadpoolctl import threadpool_limits

from pipeline.arrays import FloatArray, IntArray

BINS = 128
BATCH = 250_000  # rows that are handed over at a time
MATRIX: dict[str, Any] = {"enable_categorical": True, "max_bin": BINS}


@dataclass(frozen=True)
class Rows:
    """k rows of a table of predictors X (n, p): their places in X, rising, and outcomes and weights; each (k,)."""

    X: pd.DataFrame
    place: IntArray
    y: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, X: pd.DataFrame, y: FloatArray, weight: FloatArray, place: IntArray | None = None) -> "Rows":
        """The rows of X at `place`, or all of them; `y` and `weight` (n,) are those of all."""
        if place is None:
            return cls(X, np.arange(len(X)), y, weight)
        return cls(X, place, y[place], weight[place])

    def __len__(self) -> int:
        return len(self.place)

    def batches(self, size: int = BATCH) -> Iterator[dict[str, Any]]:
        """`data`, `label` and `weight` of `size` rows at a time, as xgboost takes them."""
        for start in range(0, len(self), size):
            some = slice(start, start + size)
            yield {"data": self._take(self.place[some]), "label": self.y[some], "weight": self.weight[some]}

    def _take(self, place: IntArray) -> pd.DataFrame:
        """Rows that follow each other need not be copied."""
        first, last = int(place[0]), int(place[-1])
        return self.X.iloc[first : last + 1] if last - first == len(place) - 1 else self.X.iloc[place]


class Grower(Protocol):
    """Grows boosted trees somewhere."""

    def grow(
        self, parameters: dict[str, Any], seen: Rows, unseen: Rows | None, rounds: int, patience: int | None = None
    ) -> tuple[xgboost.Booster, FloatArray]:
        """Trees of at most `rounds` rounds from the rows `seen`, and their log-loss on `unseen` after each round.

        Growing ends when `patience` rounds have brought nothing for `unseen`. Without `unseen` there are no losses.
        """


@dataclass(frozen=True)
class LocalGrower:
    """Grows trees in this process; with a `folder` the bins are kept in files there, which none else can read."""

    folder: Path | None = None

    def grow(
        self, parameters: dict[str, Any], seen: Rows, unseen: Rows | None, rounds: int, patience: int | None = None
    ) -> tuple[xgboost.Booster, FloatArray]:
        """As `Grower.grow`, on as many threads as `nthread` of `parameters` says, whatever others are held to."""
        with threadpool_limits(parameters["nthread"], user_api="openmp"), self._cache() as cache:
            return _grow(parameters, seen, unseen, rounds, patience, cache)

    @contextmanager
    def _cache(self) -> Iterator[Path | None]:
        """What names of xgboost's own files begin with, while these are needed; None where bins are in memory."""
        if self.folder is None:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix=".bins-", dir=self.folder) as private:
            yield Path(private, "bins")


def _grow(
    parameters: dict[str, Any], seen: Rows, unseen: Rows | None, rounds: int, patience: int | None, cache: Path | None
) -> tuple[xgboost.Booster, FloatArray]:
    training = _bin(seen, cache)
    if unseen is None:
        return xgboost.train(parameters, training, rounds), np.empty(0)
    return train_until(parameters, training, _bin(unseen, cache, training), rounds, patience)


def _bin(rows: Rows, cache: Path | None, ref: xgboost.DMatrix | None = None) -> xgboost.DMatrix:
    """The bins of `rows`, those of `ref` where it is given; in files whose names begin with `cache`, or in memory."""
    if cache is None:
        return xgboost.QuantileDMatrix(_Batches(rows), ref=ref, **MATRIX)
    return xgboost.ExtMemQuantileDMatrix(_Batches(rows, str(cache)), ref=ref, **MATRIX)


def train_until(
    parameters: dict[str, Any],
    training: xgboost.DMatrix,
    held_out: xgboost.DMatrix,
    rounds: int,
    patience: int | None,
) -> tuple[xgboost.Booster, FloatArray]:
    """The booster and its held-out log-loss after each round, until `patience` rounds have brought nothing."""
    history: dict[str, dict[str, list[float]]] = {}
    booster = xgboost.train(
        parameters | {"eval_metric": "logloss"},
        training,
        rounds,
        evals=[(held_out, "held_out")],
        early_stopping_rounds=patience,
        evals_result=history,
        verbose_eval=False,
    )
    return booster, np.array(history["held_out"]["logloss"])


class _Batches(xgboost.DataIter):
    """The batches of rows, as often as xgboost asks for them; with `cache` its own files begin so."""

    def __init__(self, rows: Rows, cache: str | None = None) -> None:
        self.rows = rows
        self.left = rows.batches()
        super().__init__(cache_prefix=cache, release_data=True)

    def next(self, input_data: Any) -> bool:
        """Hand over the next batch, if there is one."""
        batch = next(self.left, None)
        if batch is not None:
            input_data(**batch)
        return batch is not None

    def reset(self) -> None:
        """Begin again."""
        self.left = self.rows.batches()
