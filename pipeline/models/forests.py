"""Random forests and histogram boosting: candidates that compete with the deployed models."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from pipeline.arrays import FloatArray
from pipeline.models.features import CategoryBlock
from pipeline.models.folds import Folds, Learnt, log_loss
from pipeline.phrases import phrase

MOST_ROWS = 50_000
TREES, FEWEST_PARTS = 300, 3  # in all, and of that number at least so many parts
LEAVES = (5, 20)  # patients
ROWS_PER_TREE = 5000
MAX_ROUNDS, PATIENCE = 300, 20
LEARNING_RATE = 0.06
LEAVES_PER_TREE = 8
MOST_CODES = 128


@dataclass(frozen=True)
class _Indicators:
    """`model_frame` output as forests read it: numbers, NaN where missing, and a column per level."""

    blocks: dict[str, CategoryBlock]

    @classmethod
    def learn(cls, X: pd.DataFrame) -> "_Indicators":
        """Learn from the training patients; levels that few of them have are pooled."""
        return cls(_learn_blocks(X))

    def transform(self, X: pd.DataFrame) -> FloatArray:
        """Shape (n, m); a missing level is all zeros."""
        parts = [
            self.blocks[str(name)].expand(X[name]) if name in self.blocks else X[[name]].to_numpy(np.float64)
            for name in X
        ]
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class _Codes:
    """`model_frame` output as histogram boosting reads it: codes from 0, NaN where missing.

    A number's code says between which of its quantiles, the `edges`, it lies; scikit-learn takes a hundred times as
    long to find them for weighted patients. Of a category with more levels than codes the last ones share a code.
    """

    edges: dict[str, FloatArray]
    blocks: dict[str, CategoryBlock]

    @classmethod
    def learn(cls, X: pd.DataFrame) -> "_Codes":
        """Learn from the training patients."""
        quantiles = np.linspace(0, 1, MOST_CODES + 1)[1:-1]
        edges = {
            str(name): np.unique(np.quantile(column.dropna().astype("float64"), quantiles))
            if column.notna().any()
            else np.array([])
            for name, column in X.select_dtypes("number").items()
        }
        return cls(edges, _learn_blocks(X))

    def transform(self, X: pd.DataFrame) -> FloatArray:
        """Shape (n, p), in the order of the columns of X."""
        return np.column_stack([self._code(X[name]) for name in X])

    def _code(self, column: "pd.Series[Any]") -> FloatArray:
        if column.name in self.edges:
            if not len(self.edges[str(column.name)]):  # nobody had a value; what never varies is never split
                return np.zeros(len(column))
            code = np.searchsorted(self.edges[str(column.name)], column.to_numpy(np.float64))
            return np.where(column.isna(), np.nan, code)
        block = self.blocks[str(column.name)]
        place = block.place(column)
        return np.where(place < block.width, np.minimum(place, MOST_CODES - 1), np.nan)


@dataclass(frozen=True)
class ForestModel:
    """Forests, each with its own encoding and patients; log-odds are those of their mean probability."""

    forests: tuple[tuple[_Indicators, RandomForestClassifier], ...]

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        parts = [_probability(forest, indicators.transform(X)) for indicators, forest in self.forests]
        return _smooth_log_odds(np.mean(parts, axis=0))


@dataclass(frozen=True)
class ForestCandidate:
    """Random forests (Breiman 2001) of 300 trees in all; the least size of a leaf has the least held-out log-loss.

    Each tree draws at most 5,000 rows, of the first 50,000; a large table, which has one fold, has 100 trees.
    """

    label: str
    seed: int

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        said = phrase("{n} trees, leaves of at least {leaf} patients")
        return said.format(n=settings.get("trees", TREES), leaf=settings["leaf"])

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """Grow a part of the trees in each fold; the folds' forests together are the model."""
        trees = -(-TREES // max(len(folds), FEWEST_PARTS))
        tried: list[tuple[float, int, FloatArray, ForestModel]] = []
        for leaf in LEAVES:
            scores, forests = np.full(len(y), np.nan), []
            for training, held_out in folds:
                rows = training[:MOST_ROWS]
                forest = self._grow(X.iloc[rows], y[rows], weight[rows], leaf, trees)
                scores[held_out] = ForestModel((forest,)).log_odds(X.iloc[held_out])
                forests.append(forest)
            tried.append((log_loss(y, scores, weight), leaf, scores, ForestModel(tuple(forests))))
        _, leaf, scores, model = min(tried, key=lambda one: one[0])
        return Learnt({"leaf": leaf, "trees": trees * len(folds)}, scores, model)

    def fit(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]) -> ForestModel:
        """Fit once on X with the leaves that `learn` chose."""
        rows = slice(MOST_ROWS)
        return ForestModel(
            (self._grow(X.iloc[rows], y[rows], weight[rows], settings["leaf"], settings.get("trees", TREES)),)
        )

    def _grow(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, leaf: int, trees: int
    ) -> tuple[_Indicators, RandomForestClassifier]:
        indicators = _Indicators.learn(X)
        forest = RandomForestClassifier(
            trees,
            min_samples_leaf=leaf,
            max_samples=min(len(X), ROWS_PER_TREE),
            n_jobs=1,
            random_state=self.seed,
        )
        return indicators, forest.fit(indicators.transform(X), y, sample_weight=weight)


@dataclass(frozen=True)
class HistogramBoostingModel:
    """A fitted booster; log-odds are the sum of its trees' leaves."""

    codes: _Codes
    booster: HistGradientBoostingClassifier

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the event, shape (n,)."""
        scores: FloatArray = self.booster.decision_function(self.codes.transform(X))
        return scores

    def log_odds_after(self, rounds: int, X: pd.DataFrame) -> FloatArray:
        """Log-odds of the first `rounds` trees, or of all where there are fewer, shape (n,)."""
        last = min(rounds, self.booster.n_iter_)
        scores: FloatArray = next(
            islice(self.booster.staged_decision_function(self.codes.transform(X)), last - 1, last)
        )
        return scores


@dataclass(frozen=True)
class HistogramBoostingCandidate:
    """Histogram boosting with 8 leaves a tree; `directions` (-1 or 1 per predictor) constrain it; rounds are tuned."""

    label: str
    seed: int
    directions: dict[str, int] = field(default_factory=dict)

    def describe(self, settings: dict[str, Any]) -> str:
        """The tuned settings in words."""
        said = phrase("{n} trees of {leaves} leaves, learning rate {rate}")
        return said.format(n=settings["rounds"], leaves=LEAVES_PER_TREE, rate=f"{LEARNING_RATE:g}")

    def learn(self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, folds: Folds) -> Learnt:
        """One number of rounds for all folds, with the least mean held-out loss; then fit on all of X."""
        grown = []
        for training, held_out in folds:
            seen, unseen = training[:MOST_ROWS], (X.iloc[held_out], y[held_out], weight[held_out])
            grown.append(self._grow(X.iloc[seen], y[seen], weight[seen], MAX_ROUNDS, unseen))
        losses = [-model.booster.validation_score_[1:] for model in grown]
        longest = max(len(curve) for curve in losses)
        mean = np.mean([np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in losses], axis=0)
        settings = {"rounds": 1 + int(np.argmin(mean))}
        scores = np.full(len(y), np.nan)
        for model, (_, held_out) in zip(grown, folds, strict=True):
            scores[held_out] = model.log_odds_after(settings["rounds"], X.iloc[held_out])
        return Learnt(settings, scores, self.fit(X, y, weight, settings))

    def fit(
        self, X: pd.DataFrame, y: FloatArray, weight: FloatArray, settings: dict[str, Any]
    ) -> HistogramBoostingModel:
        """Fit once on X with the rounds that `learn` chose."""
        rows = slice(MOST_ROWS)
        return self._grow(X.iloc[rows], y[rows], weight[rows], settings["rounds"], None)

    def _grow(
        self,
        X: pd.DataFrame,
        y: FloatArray,
        weight: FloatArray,
        rounds: int,
        held_out: tuple[pd.DataFrame, FloatArray, FloatArray] | None,
    ) -> HistogramBoostingModel:
        """Fit for `rounds`, or until PATIENCE rounds have brought nothing for the predictors, y and weight held out."""
        codes = _Codes.learn(X)
        booster = HistGradientBoostingClassifier(
            learning_rate=LEARNING_RATE,
            max_iter=rounds,
            max_bins=MOST_CODES,
            max_leaf_nodes=LEAVES_PER_TREE,
            min_samples_leaf=min(20, max(5, len(X) // 50)),
            l2_regularization=1.0,
            categorical_features=[name in codes.blocks for name in X],
            monotonic_cst=[self.directions.get(str(name), 0) for name in X],
            early_stopping=held_out is not None,
            n_iter_no_change=PATIENCE,
            random_state=self.seed,
        )
        judged: dict[str, Any] = {}
        if held_out is not None:
            unseen, truth, its_weight = held_out
            judged = {"X_val": codes.transform(unseen), "y_val": truth, "sample_weight_val": its_weight}
        return HistogramBoostingModel(codes, booster.fit(codes.transform(X), y, sample_weight=weight, **judged))


def _learn_blocks(X: pd.DataFrame) -> dict[str, CategoryBlock]:
    return {str(name): CategoryBlock.learn(column) for name, column in X.select_dtypes("category").items()}


def _probability(forest: RandomForestClassifier, matrix: FloatArray) -> FloatArray:
    at = int(np.flatnonzero(forest.classes_ == 1)[0])
    probability: FloatArray = forest.predict_proba(matrix)[:, at]
    return probability


def _smooth_log_odds(probability: FloatArray) -> FloatArray:
    """Log-odds as if one tree more had said one half, which keeps them finite where all trees agree, shape (n,)."""
    smooth = (TREES * probability + 0.5) / (TREES + 1)
    result: FloatArray = np.log(smooth) - np.log1p(-smooth)
    return result
