"""Small neural networks: a candidate that competes with the deployed models."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sklearn.neural_network import MLPClassifier

from pipeline.arrays import FloatArray
from pipeline.models.features import LinearDesign
from pipeline.models.folds import Folds, Learnt, log_loss

PORTFOLIO = (((32,), 0.01), ((32,), 1.0))  # units of each layer, penalty
EPOCHS = (5, 10, 20, 40)
NETWORKS = 3
MOST_ROWS = 50_000
LARGEST_BATCH = 200
RATE = 0.005
DIV = 10
SURE = 1e-6  # no risk is nearer to 0 or to 1

Networks = tuple[MLPClassifier, ...]


@dataclass(frozen=True)
class NetworkModel:
    """Networks that differ by their seed; log-odds are those of their mean probability."""

    design: LinearDesign
    networks: Networks

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        return _log_odds(self.networks, self.design.transform(X))


@dataclass(frozen=True)
class NetworkCandidate:
    """Multilayer perceptrons with rectified units (Adam, Kingma and Ba 2015); three seeds are averaged.

    Layers, penalty and epochs have the least held-out log-loss of a portfolio. Of a table of more than 50,000 rows
    the first are learnt from.
    """

    label: str
    seed: int

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        layers = " and ".join(str(units) for units in settings["layers"])
        return (
            f"{NETWORKS} networks with {layers} hidden units, penalty {settings['penalty']:g}, "
            f"{settings['epochs']} epochs"
        )

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """Tune with one network a fold, then average three in each fold, and on all of X."""
        parts = [_Part.prepare(X.iloc[rows], y[rows], weight[rows]) for rows, _ in folds]
        unseen = [part.design.transform(X.iloc[rows]) for part, (_, rows) in zip(parts, folds, strict=True)]

        def judge(networks: list[Networks]) -> tuple[float, FloatArray]:
            scores = np.full(len(y), np.nan)
            for some, matrix, (_, held_out) in zip(networks, unseen, folds, strict=True):
                scores[held_out] = _log_odds(some, matrix)
            return log_loss(y, scores, weight), scores

        tried: list[tuple[float, dict[str, Any]]] = []
        for layers, penalty in PORTFOLIO:
            losses: list[float] = []
            for epochs, networks in self._grow(parts, layers, penalty):
                losses.append(judge(networks)[0])
                tried.append((losses[-1], {"layers": list(layers), "penalty": penalty, "epochs": epochs}))
                if losses[-1] > min(losses):
                    break
        settings = min(tried, key=lambda one: one[0])[1]
        _, scores = judge([self._fit_part(part, settings) for part in parts])
        return Learnt(settings, scores, self.fit(X, y, weight, settings))

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> NetworkModel:
        """Fit once on X with the settings that `learn` chose."""
        part = _Part.prepare(X, y, weight)
        return NetworkModel(part.design, self._fit_part(part, settings))

    def _grow(
        self, parts: list["_Part"], layers: tuple[int, ...], penalty: float
    ) -> Iterator[tuple[int, list[Networks]]]:
        """One network for each part, after ever more epochs."""
        networks = [_start(layers, penalty, self.seed, part) for part in parts]
        for before, epochs in pairwise((0, *EPOCHS)):
            for network, part in zip(networks, parts, strict=True):
                part.train(network, epochs - before)
            yield epochs, [(network,) for network in networks]

    def _fit_part(self, part: "_Part", settings: dict[str, Any]) -> Networks:
        seeds = range(self.seed, self.seed + NETWORKS)
        networks = tuple(_start(tuple(settings["layers"]), settings["penalty"], seed, part) for seed in seeds)
        for network in networks:
            part.train(network, settings["epochs"])
        return networks


@dataclass(frozen=True)
class _Part:
    """Rows to learn from, as networks read them."""

    design: LinearDesign
    matrix: FloatArray
    y: FloatArray
    weight: FloatArray

    @classmethod
    def prepare(cls, X: pd.DataFrame, y: FloatArray, weight: FloatArray) -> "_Part":
        rows = slice(MOST_ROWS)
        design = LinearDesign.learn(X.iloc[rows], splines=False)
        return cls(design, np.ascontiguousarray(design.transform(X.iloc[rows])), y[rows], weight[rows])

    def train(self, network: MLPClassifier, epochs: int) -> None:
        for _ in range(epochs):
            network.partial_fit(self.matrix, self.y, self.weight, classes=np.array([0.0, 1.0]))


def _start(layers: tuple[int, ...], penalty: float, seed: int, part: _Part) -> MLPClassifier:
    batch = min(LARGEST_BATCH, max(1, len(part.y) // DIV))
    return MLPClassifier(layers, alpha=penalty, batch_size=batch, learning_rate_init=RATE, random_state=seed)


def _log_odds(networks: Networks, matrix: FloatArray) -> FloatArray:
    probability = np.mean([network.predict_proba(matrix)[:, 1] for network in networks], axis=0)
    kept = np.clip(probability, SURE, 1 - SURE)
    result: FloatArray = np.log(kept) - np.log1p(-kept)
    return result
