"""How patients of each cluster were treated: described, never clustered on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import NumberOf, hide_in_groups, share
from pipeline.phenotypes.space import kind_of, label_values, read_values

NOT_RECORDED = "not recorded"
DIGITS, EVERY_DIGIT = 3, 17
"""Significant digits of the number at which a dose is cut."""


def treatment_mix(
    frame: pd.DataFrame, assignment: IntArray, treatments: Mapping[str, str], smallest: int
) -> dict[int, list[dict[str, Any]]]:
    """Return for each cluster, 1 and up, the rows `label`, `level`, `share` and `others` of each treatment.

    `frame` has one row a patient and the columns that `treatments` gives a label, of the kinds in `fit_space`;
    `assignment` has shape (rows,), 0 for patients of no cluster. `share` is of all patients of the cluster, `others`
    of all other patients; values that are not recorded make a level of their own, so that shares add up to 1. A
    number with more than two values is cut at its median. Both shares are None where they, or subtraction from
    others shown, would tell a count below `smallest`. Raises as `Space.transform`.
    """
    groups, rows = np.unique(assignment, return_inverse=True)
    mix: dict[int, list[dict[str, Any]]] = {int(c): [] for c in groups if c > 0}
    for name, label in treatments.items():
        levels, codes = _read_levels(name, frame[name], smallest)
        counts = np.bincount(rows * len(levels) + codes, minlength=len(groups) * len(levels))
        found = _describe(label, levels, counts.reshape(len(groups), len(levels)), smallest)
        for cluster in mix:
            mix[cluster] += found[int(np.searchsorted(groups, cluster))]
    return mix


def _describe(label: str, levels: list[str], counts: IntArray, smallest: int) -> list[list[dict[str, Any]]]:
    """Return the rows of each group from `counts`, (groups, levels); levels that nobody has are left out."""
    used = np.flatnonzero(counts.sum(axis=0))
    inside = counts[:, used]
    rest = inside.sum(axis=0) - inside
    hidden = hide_in_groups(inside, smallest)
    shares, others = (_divide(table, hidden) for table in (inside, rest))
    return [
        [
            {"label": label, "level": levels[j], "share": share, "others": other}
            for j, share, other in zip(used, *row, strict=True)
        ]
        for row in zip(shares, others, strict=True)
    ]


def _divide(counts: IntArray, hidden: BoolArray) -> list[list[float | None]]:
    """Return the shares that each row's counts have of its sum, None where hidden or where the row is empty."""
    totals = counts.sum(axis=1)
    return [
        [None if h or not total else NumberOf(share, int(c), int(total)) for c, h in zip(row, mask, strict=True)]
        for row, mask, total in zip(counts, hidden, totals, strict=True)
    ]


def _read_levels(name: str, column: "pd.Series[Any]", smallest: int) -> tuple[list[str], IntArray]:
    """Return the levels, `NOT_RECORDED` last, and each patient's position among them, shape (rows,)."""
    values = read_values(name, column)
    distinct = np.unique(values[~np.isnan(values)])
    if kind_of(name, column) != "numeric":
        levels, codes = [str(level) for level in column.cat.categories], values
    elif len(distinct) > 2:
        levels, codes = _halve(values)
    else:
        levels = label_values(values, distinct, smallest)
        codes = np.searchsorted(distinct, values).astype(float)
    return [*levels, NOT_RECORDED], np.where(np.isnan(values), len(levels), codes).astype(np.int64)


def _halve(values: FloatArray) -> tuple[list[str], FloatArray]:
    """Cut a dose at its median, rounded; where half of the patients have the least one, above that."""
    median, least = float(np.nanmedian(values)), float(np.nanmin(values))
    cuts = (float(f"{median:.{digits}g}") for digits in range(DIGITS, EVERY_DIGIT + 1))
    cut = next((cut for cut in cuts if cut > least), least)
    if cut <= least:
        return [f"{least:g}", f"above {least:g}"], (values > least).astype(float)
    return [f"under {cut:.10g}", f"{cut:.10g} or more"], (values >= cut).astype(float)
