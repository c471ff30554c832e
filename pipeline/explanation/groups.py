"""Groups of patients with similar values of one predictor, none small enough to show a patient."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import BoolArray
from pipeline.disclosure import pool_ages, quantile_of_several
from pipeline.models.features import has_direction

Group = tuple[str, BoolArray]


def group_values(values: pd.Series, column: Column, smallest: int, count: int) -> list[Group]:
    """Label and members (n,) of each group, in the order of the values; patients without a value are in none.

    A category has a group per label, a number up to `count` groups between its quantiles, rounded to three
    significant digits so that an edge is not one patient's value. No group has fewer than `smallest` patients:
    a label with fewer is left out, a range with fewer joins its neighbour. Ages from 90 on are one.
    """
    if column.numeric:
        pooled = pool_ages(values.to_numpy(float, na_value=np.nan), str(values.name), column.label, column.unit)
        return _ranges(pd.Series(pooled), smallest, count)
    labels = column.labels
    codes = values if has_direction(column) else values.cat.codes.astype(float)
    found = [(label, (codes == code).to_numpy(bool)) for code, label in enumerate(labels)]
    return [(label, members) for label, members in found if members.sum() >= smallest]


def _ranges(values: pd.Series, smallest: int, count: int) -> list[Group]:
    present = values.dropna()
    if len(present) < smallest:
        return []
    shares = np.linspace(0, 1, count + 1)[1:-1]
    quantiles = [quantile_of_several(present.to_numpy(), float(share), smallest) for share in shares]
    edges = sorted({float(f"{q:.3g}") for q in quantiles if q is not None})
    kept = _edges_apart(present.to_numpy(), edges, smallest)
    place = np.searchsorted(kept, values.to_numpy(), side="right")
    given = values.notna().to_numpy()
    return [(label, (place == k) & given) for k, label in enumerate(_labels(kept))]


def _edges_apart(present: npt.NDArray[np.float64], edges: list[float], smallest: int) -> list[float]:
    """The edges that leave at least `smallest` values between each other and outside."""
    kept: list[float] = []
    for edge in edges:
        since = present >= kept[-1] if kept else np.ones(len(present), dtype=bool)
        if (since & (present < edge)).sum() >= smallest and (present >= edge).sum() >= smallest:
            kept.append(edge)
    return kept


def _labels(edges: list[float]) -> list[str]:
    if not edges:
        return ["all values"]
    inner = [f"{low:g} to under {high:g}" for low, high in pairwise(edges)]
    return [f"under {edges[0]:g}", *inner, f"{edges[-1]:g} or more"]
