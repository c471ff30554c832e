"""What has changed in each predictor: its distribution, what is missing, its unit."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.disclosure import TOO_FEW, may_tell
from pipeline.evaluation.drift.distributions import (
    count_bins,
    estimate_difference,
    estimate_ks,
    estimate_psi,
    estimate_ratio,
)
from pipeline.evaluation.drift.figures import Figure, Place
from pipeline.evaluation.drift.reference import Group
from pipeline.phrases import phrase

UNITS = {"unit_low": 0.01, "unit_middle": 0.5, "unit_high": 0.99}
FEW_VALUES = phrase("too few values are given")


def compare_columns(before: Group, after: Group, columns: Mapping[str, Column], smallest: int) -> list[Figure]:
    """The figures of every predictor."""
    return [
        figure
        for name, column in columns.items()
        for figure in _compare_column(before.predictors[name], after.predictors[name], column, smallest)
    ]


def _compare_column(before: pd.Series, after: pd.Series, column: Column, smallest: int) -> Iterator[Figure]:
    place = Place(column=column.label)
    yield Figure("psi", place, *estimate_psi(*count_bins(before, after)))
    yield _missing(before, after, place, smallest)
    if not column.numeric:
        return
    was, now = (values.dropna().to_numpy(float) for values in (before, after))
    kinds = ["ks", *(UNITS if (was > 0).all() else ())]
    for kind in kinds:
        if min(len(was), len(now)) < smallest:
            yield Figure(kind, place, None, None, FEW_VALUES)
        elif kind == "ks":
            yield Figure(kind, place, *estimate_ks(was, now))
        else:
            yield Figure(kind, place, *estimate_ratio(was, now, UNITS[kind]))


def _missing(before: pd.Series, after: pd.Series, place: Place, smallest: int) -> Figure:
    pairs = [(int(values.isna().sum()), len(values)) for values in (before, after)]
    tells = all(may_tell(*pair, smallest) for pair in pairs)
    figure = estimate_difference(*pairs)
    return Figure("missing", place, *figure, reason=None if tells else TOO_FEW, secret=not tells)


def compare_scores(before: Group, after: Group, place: Place, smallest: int) -> list[Figure]:
    """How the distribution of the predicted risk differs."""
    was, now = (group.risk[~np.isnan(group.risk)] for group in (before, after))
    if min(len(was), len(now)) < smallest:
        return [Figure(kind, place, None, None, FEW_VALUES) for kind in ("score_psi", "score_ks")]
    index = estimate_psi(*count_bins(pd.Series(was), pd.Series(now)))
    return [Figure("score_psi", place, *index), Figure("score_ks", place, *estimate_ks(was, now))]
