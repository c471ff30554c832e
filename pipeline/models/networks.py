"""Small neural networks: a candidate that competes with the deployed models."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from pipeline.arrays import FloatArray
from pipeline.models.features import LinearDesign
from pipeline.models.folds import Folds, Learnt, log_loss
from pipeline.phrases import phrase

PORTFOLIO = (((32,), 1.0), ((32,), 10.0), ((64, 32), 10.0))  # units of each layer, penalty
EPOCHS = (3, 10, 30)
NETWORKS = 3
RATE = 0.01
BATCHES, LARGEST_BATCH = 5, 300  # of an epoch, where patients are few; rows
MOST_ROWS = 50_000
SURE = 1e-6  # no risk is nearer to 0 or to 1
ONE_LAYER = phrase("{n} networks with {first} hidden units, penalty {penalty}, {epochs} epochs")
TWO_LAYERS = phrase("{n} networks with {first} and {second} hidden units, penalty {penalty}, {epochs} epochs")


@dataclass(frozen=True)
class NetworkModel:
    """Networks that differ by their seed; log-odds are those of their mean probability."""

    design: LinearDesign
    networks: tuple[MLPClassifier, ...]

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        matrix = self.design.transform(X)
        probability = np.mean([network.predict_proba(matrix)[:, 1] for network in self.networks], axis=0)
        kept = np.clip(probability, SURE, 1 - SURE)
        result: FloatArray = np.log(kept) - np.log1p(-kept)
        return result


@dataclass(frozen=True)
class NetworkCandidate:
    """Multilayer perceptrons with rectified units (Adam, Kingma and Ba 2015), the average of three seeds.

    Layers, penalty and epochs have the least held-out log-loss of a small portfolio. Of a table of more than 50,000
    rows the first are learnt from.
    """

    label: str
    seed: int

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        layers = dict(zip(("first", "second"), settings["layers"], strict=False))
        told = {"penalty": f"{settings['penalty']:g}", "epochs": settings["epochs"]}
        return (TWO_LAYERS if "second" in layers else ONE_LAYER).format(n=NETWORKS, **layers, **told)

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """Tune with one network a fold; then average three in each fold, and on all of X."""

        def score(settings: dict[str, Any], count: int) -> FloatArray:
            scores = np.full(len(y), np.nan)
            for rows, held_out in folds:
                model = self._average(X.iloc[rows], y[rows], weight[rows], settings, count)
                scores[held_out] = model.log_odds(X.iloc[held_out])
            return scores

        tried: list[tuple[float, dict[str, Any]]] = []
        for layers, penalty in PORTFOLIO:
            losses: list[float] = []
            for epochs in EPOCHS:
                settings: dict[str, Any] = {"layers": list(layers), "penalty": penalty, "epochs": epochs}
                losses.append(log_loss(y, score(settings, 1), weight))
                tried.append((losses[-1], settings))
                if losses[-1] > min(losses):
                    break
        best = min(tried, key=lambda one: one[0])[1]
        return Learnt(best, score(best, NETWORKS), self.fit(X, y, weight, best))

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> NetworkModel:
        """Fit once on X with the settings that `learn` chose."""
        return self._average(X, y, weight, settings, NETWORKS)

    def _average(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any], count: int
    ) -> NetworkModel:
        rows = slice(MOST_ROWS)
        design = LinearDesign.learn(X.iloc[rows], splines=False)
        matrix = np.ascontiguousarray(design.transform(X.iloc[rows]))
        seeds = range(self.seed, self.seed + count)
        return NetworkModel(design, tuple(_train(matrix, y[rows], weight[rows], settings, seed) for seed in seeds))


def _train(matrix: FloatArray, y: FloatArray, weight: FloatArray, settings: dict[str, Any], seed: int) -> MLPClassifier:
    network = MLPClassifier(
        tuple(settings["layers"]),
        alpha=settings["penalty"],
        batch_size=min(LARGEST_BATCH, -(-len(y) // BATCHES)),
        learning_rate_init=RATE,
        max_iter=settings["epochs"],
        n_iter_no_change=settings["epochs"],
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # to stop early is the plan
        return network.fit(matrix, y, weight)
