"""What sets a cluster apart, predictor by predictor, and a name made from the largest differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.arrays import FloatArray, IntArray
from pipeline.disclosure import NumberOf, are_enough, hide_in_groups, pool_ages, quantile_of_several, share
from pipeline.phenotypes.meaning import Meaning
from pipeline.phenotypes.space import Kind, Space, compress, kind_of, label_values, read_values
from pipeline.phrases import phrase

NAMED = 3
"""At most so many predictors make a cluster's name."""
NOTABLE = 0.5
"""Half a standard deviation, a medium difference (Cohen 1988): less does not make a name."""
SAME = 0.8
"""Two predictors that correlate more than this say one thing twice; a name takes the first."""
NO_NAME = phrase("no predictor differs by half a standard deviation")


@dataclass(frozen=True)
class PredictorProfile:
    """One predictor in one cluster. None stands for what may not be shown or cannot be computed.

    `mean` and `median` are in the predictor's unit, for numbers; `shares` of those with a known level, for
    categories. `difference` is the cluster's mean minus that of everyone else, in standard deviations of
    everyone (Austin, Stat Med 2009;28:3083-3107, with the overall deviation, so that it stays finite): of the
    log-transformed number where the space takes logarithms, of the level's position for ordered categories,
    and for unordered ones of the share of `level`, the level that differs most.
    """

    predictor: str
    label: str
    kind: Kind
    mean: float | None
    median: float | None
    shares: Mapping[str, float | None]
    missing_share: float | None
    difference: float | None
    level: str | None

    @property
    def phrase(self) -> str:
        """Say the direction of the difference with the column's own label."""
        if self.level is not None:
            return f"{'more' if (self.difference or 0) > 0 else 'less'} often {self.label}: {self.level}"
        return f"{'higher' if (self.difference or 0) > 0 else 'lower'} {self.label}"


@dataclass(frozen=True)
class ClusterProfile:
    """One cluster: its number, name, patients, and predictors by decreasing absolute difference.

    `jaccard` is its mean similarity over resamples, `dissolved` the share of resamples in which it was lost.
    """

    cluster: int
    name: str
    n: int
    share: float
    jaccard: float
    dissolved: float
    predictors: tuple[PredictorProfile, ...]


@dataclass(frozen=True)
class _Column:
    """A predictor ready to be summarised, NaN where missing.

    `position` (rows,) is in raw units or level numbers, `compared` (rows,) on the scale of the differences.
    """

    name: str
    label: str
    kind: Kind
    levels: tuple[str, ...]
    position: FloatArray
    compared: FloatArray


def profile_clusters(
    frame: pd.DataFrame,
    assignment: IntArray,
    space: Space,
    meaning: Meaning,
    smallest: int,
) -> dict[int, tuple[str, tuple[PredictorProfile, ...]]]:
    """Return name and predictors of each cluster present in `assignment` (rows,) over the patients of `frame`.

    No figure rests on fewer than `smallest` patients; ages from 90 on are one.
    """
    columns = [_read_column(str(c), frame[c], space, meaning, smallest) for c in frame.columns]
    clusters = np.unique(assignment)
    tables = [_profile_column(c, assignment, clusters, smallest) for c in columns]
    twins = _find_twins(columns)
    profiles = {}
    for i, cluster in enumerate(clusters):
        ranked = tuple(sorted((t[i] for t in tables), key=lambda p: -abs(p.difference or 0.0)))
        profiles[int(cluster)] = (_name(ranked, twins), ranked)
    return profiles


def _read_column(name: str, column: "pd.Series[Any]", space: Space, meaning: Meaning, smallest: int) -> _Column:
    label, kind = meaning.labels.get(name, name), kind_of(name, column)
    position = pool_ages(read_values(name, column), name, label, meaning.units.get(name))
    distinct = np.unique(position[~np.isnan(position)])
    if kind == "numeric" and len(distinct) <= 2:
        # The mean of a two-valued number is a count in disguise, so it is shown, and hidden, as levels.
        codes = np.where(np.isnan(position), np.nan, np.searchsorted(distinct, position).astype(float))
        return _Column(name, label, "ordered", tuple(label_values(position, distinct, smallest)), codes, codes)
    if kind == "numeric":
        log_unit = next((c.log_unit for c in space.coordinates if c.predictor == name), None)
        return _Column(name, label, kind, (), position, compress(position, log_unit))
    return _Column(name, label, kind, tuple(str(v) for v in column.cat.categories), position, position)


def _profile_column(column: _Column, assignment: IntArray, clusters: IntArray, smallest: int) -> list[PredictorProfile]:
    counts = _count(column, assignment, clusters)
    used = counts.sum(axis=0) > 0
    hidden = np.ones(counts.shape, dtype=bool)
    hidden[:, used] = hide_in_groups(counts[:, used], smallest)
    return [
        _profile_one(column, assignment == cluster, counts[i], hidden[i] & used, smallest)
        for i, cluster in enumerate(clusters)
    ]


def _count(column: _Column, assignment: IntArray, clusters: IntArray) -> IntArray:
    """Count patients, shape (clusters, levels + 1): each level, or 'recorded' for numbers, then missing."""
    missing = np.isnan(column.position)
    width = max(len(column.levels), 1)
    known = column.position if column.levels else np.zeros(len(missing))
    cells = np.where(missing, width, known).astype(np.int64)
    return np.array([np.bincount(cells[assignment == c], minlength=width + 1) for c in clusters], dtype=np.int64)


def _profile_one(
    column: _Column, inside: NDArray[np.bool_], counts: IntArray, hidden: NDArray[np.bool_], smallest: int
) -> PredictorProfile:
    known = ~np.isnan(column.position)
    values = column.position[inside & known]
    others, numeric = int((~inside & known).sum()), column.kind == "numeric"
    shares = {
        level: None if hidden[j] or not len(values) else NumberOf(share, int(counts[j]), len(values))
        for j, level in enumerate(column.levels)
    }
    compares = are_enough([len(values), others], smallest)
    difference, level = _contrast(column, inside, known, hidden) if compares else (None, None)
    return PredictorProfile(
        predictor=column.name,
        label=column.label,
        kind=column.kind,
        mean=float(values.mean()) if numeric and are_enough([len(values)], smallest) else None,
        median=_median(values, smallest) if numeric else None,
        shares=shares,
        missing_share=None if hidden[-1] else NumberOf(share, int(counts[-1]), int(inside.sum())),
        difference=difference,
        level=level,
    )


def _median(values: FloatArray, smallest: int) -> float | None:
    """The median of at least `smallest` values, and no patient's own."""
    enough = are_enough([len(values)], smallest)
    return quantile_of_several(values, 0.5, min(smallest, len(values) // 2)) if enough else None


def _contrast(
    column: _Column, inside: NDArray[np.bool_], known: NDArray[np.bool_], hidden: NDArray[np.bool_]
) -> tuple[float | None, str | None]:
    """Return the standardised difference and, for unordered categories, the level it is about."""
    one, rest = inside & known, ~inside & known
    if column.kind != "nominal":
        # With two levels the difference can be solved for the hidden count.
        secret = len(column.levels) == 2 and bool(hidden[:2].any())
        return (None if secret else _standardise(column.compared, one, rest)), None
    shown = [j for j in range(len(column.levels)) if not hidden[j]]
    contrasts = {j: _standardise((column.position == j).astype(float), one, rest) for j in shown}
    if not contrasts:
        return None, None
    best = max(contrasts, key=lambda j: (round(abs(contrasts[j]), 9), contrasts[j]))
    return contrasts[best], column.levels[best]


def _standardise(values: FloatArray, one: NDArray[np.bool_], rest: NDArray[np.bool_]) -> float:
    spread = float(values[one | rest].std())
    return float(values[one].mean() - values[rest].mean()) / spread if spread > 0 else 0.0


def _find_twins(columns: Sequence[_Column]) -> frozenset[tuple[str, str]]:
    """Return the pairs of predictors that correlate more than `SAME`, in either direction."""
    correlations = pd.DataFrame({c.name: c.compared for c in columns}).corr().to_numpy()
    names = [c.name for c in columns]
    return frozenset((names[i], names[j]) for i, j in np.argwhere(np.abs(correlations) > SAME))


def _name(ranked: tuple[PredictorProfile, ...], twins: frozenset[tuple[str, str]]) -> str:
    named: list[PredictorProfile] = []
    for profile in ranked:
        if len(named) == NAMED or abs(profile.difference or 0.0) < NOTABLE:
            break
        if not any((profile.predictor, p.predictor) in twins for p in named):
            named.append(profile)
    return ", ".join(p.phrase for p in named) or NO_NAME
