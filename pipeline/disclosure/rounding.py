"""Counts to the nearest multiple of a step, and what follows from counts as it follows from the rounded ones.

Two tables, or two releases, that differ by one patient are then mostly published alike, so that their difference tells
nothing of that patient. Rooms compute with exact counts, and decide by them what to hide; a count of the same patients
has one published form wherever it stands. What is divided adds up, since one part is what the published whole leaves
when the others are taken (`Rest`). A figure or a sentence that rests on counts alone carries them along, and is made
anew from the rounded ones when it is published (`NumberOf`, `TextOf`): an exact share would tell the exact count.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from pipeline.arrays import BoolArray, IntArray
from pipeline.estimates import Estimate, wilson


def round_count(count: int, step: int) -> int:
    """The multiple of `step` nearest to a count, 0 or more, halves up; 0 of nobody alone, so that a few are one step.

    A few that became 0 would be denied: that a rule was broken, that an outcome is unknown.
    """
    return max(_nearest(count, step), step) if count else 0


def round_share(count: int, total: int, step: int) -> float:
    """The share that rounded counts give, never above 1; 0 of nobody.

    A few may come to 0 here: as a share that denies nothing, and one step of a small group would be far too many.
    """
    return share(_nearest(count, step), round_count(total, step))


def share(count: int, total: int) -> float:
    """`count` of `total`, never above 1; 0 of nobody."""
    return min(count, total) / max(total, 1)


def round_table(counts: IntArray, hidden: BoolArray, partitions: Sequence[Sequence[int]], step: int) -> IntArray:
    """Counts as published, shape (levels, groups), where not `hidden`; hidden ones are 0.

    Each of `partitions` lists a column and then those that it is the sum of, as in `hide_in_table`. The last of these
    is what the published others leave of the published whole, and is rounded by itself where one of them is hidden.
    """
    rounded = np.array([[round_count(int(count), step) for count in row] for row in counts], dtype=np.int64)
    rounded = rounded.reshape(counts.shape)
    for whole, *parts, last in partitions:
        shown = ~hidden[:, [whole, *parts, last]].any(axis=1)
        rounded[shown, last] = rounded[shown, whole] - rounded[shown][:, parts].sum(axis=1)
    return np.where(hidden, 0, rounded)


class _Constant:
    """What is copied as itself, since it never changes."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Rest(_Constant, int):
    """What is left of a whole without some parts, which are published too; it is published as what they leave.

    Some that would be published as nobody are hidden.
    """

    whole: int
    parts: tuple[int, ...]

    def __new__(cls, whole: int, *parts: int) -> Self:
        """Of exact counts."""
        made = super().__new__(cls, whole - sum(parts))
        made.whole, made.parts = whole, parts
        return made

    def rounded(self, step: int) -> int | None:
        """As it is published."""
        left = round_count(self.whole, step) - sum(round_count(part, step) for part in self.parts)
        return left if left > 0 else None if self else 0


class NumberOf(_Constant, float):
    """A number that a formula makes of counts; it is published as the formula makes it of the rounded ones.

    As in `round_share`, a few may count as 0 then.
    """

    formula: Callable[..., float]
    counts: tuple[int, ...]

    def __new__(cls, formula: Callable[..., float], *counts: int) -> Self:
        """Of exact counts, or rests."""
        made = super().__new__(cls, formula(*counts))
        made.formula, made.counts = formula, counts
        return made

    def rounded(self, step: int) -> float:
        """As it is published."""
        return float(self.formula(*[_rounded(count, step) or 0 for count in self.counts]))


class TextOf(_Constant, str):
    """A sentence with counts, rests or numbers of counts in it; it is published with the rounded ones."""

    formula: Callable[..., str]
    values: tuple[int | float, ...]

    def __new__(cls, formula: Callable[..., str], *values: int | float) -> Self:
        """Of exact values."""
        made = super().__new__(cls, formula(*values))
        made.formula, made.values = formula, values
        return made

    def rounded(self, step: int) -> str:
        """As it is published; a hidden rest is 0."""
        return str(self.formula(*[_told(value, step) for value in self.values]))


def estimate_share(count: int, total: int) -> Estimate:
    """The share with Wilson's interval, each of them a `NumberOf` both counts; `total` above 0."""
    return Estimate(
        NumberOf(share, count, total), NumberOf(_wilson_lower, count, total), NumberOf(_wilson_upper, count, total)
    )


def _wilson_lower(count: int, total: int) -> float:
    lower = wilson(min(count, total), max(total, 1)).lo
    return 0.0 if lower is None else lower


def _wilson_upper(count: int, total: int) -> float:
    upper = wilson(min(count, total), max(total, 1)).hi
    return 1.0 if upper is None else upper


def _nearest(count: int, step: int) -> int:
    return (2 * count + step) // (2 * step) * step


def _rounded(count: int, step: int) -> int | None:
    return count.rounded(step) if isinstance(count, Rest) else _nearest(count, step)


def _told(value: int | float, step: int) -> int | float:
    if isinstance(value, Rest | NumberOf):
        return value.rounded(step) or 0
    assert isinstance(value, int), "a number in a sentence is a count or made of counts"
    return round_count(value, step)
