"""Counts of images that are sums of each other, of which those that would tell of few patients are hidden."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pipeline.arrays import BoolArray, IntArray
from pipeline.disclosure import NumberOf, hide_small_counts, share
from pipeline.estimates import Estimate, nothing, wilson
from pipeline.evaluation.likelihood_ratio import mean_design_effect
from pipeline.evaluation.protection import TELLS
from pipeline.phrases import phrase

Cell: TypeAlias = tuple[int | str, ...]
Cells: TypeAlias = Mapping[Cell, BoolArray]
NONE_OF_THEM = phrase("there are no such images")
NEARLY_ALL = phrase("it is above {share}: the other images are too few to publish")
HARDLY_ANY = phrase("it is below {share}: such images are too few to publish")


@dataclass(frozen=True, eq=False)
class Tally:
    """Which of m images are in each cell, (m,), with the `patient` (m,) of each, and the cells that are `hidden`."""

    cells: Cells
    patient: IntArray
    hidden: Collection[Cell]
    smallest: int

    def count(self, cell: Cell) -> int | None:
        """How many images are in `cell`; None where that is hidden."""
        return None if cell in self.hidden else int(self.cells[cell].sum())

    def share(self, cell: Cell, whole: Cell) -> Estimate:
        """The share of the images of `whole` that are in `cell`, with an interval as `estimate_clustered` has it."""
        part, all_of_it = self.cells[cell], self.cells[whole]
        if whole not in self.hidden and not all_of_it.any():
            return nothing(NONE_OF_THEM)
        if not {cell, whole} & set(self.hidden):
            return estimate_clustered(part[all_of_it], self.patient[all_of_it])
        return nothing(TELLS if whole in self.hidden else self._bound(part, all_of_it))

    def _bound(self, part: BoolArray, whole: BoolArray) -> str:
        """What may be said of a share whose count is hidden: where few images are on one side, that they are few."""
        total, count = int(whole.sum()), int((part & whole).sum())
        few = min(count, total - count) < self.smallest <= total // 2
        if not few:
            return TELLS
        if 2 * count < total:
            return HARDLY_ANY.format(share=f"{self.smallest / total:.0%}")
        return NEARLY_ALL.format(share=f"{1 - self.smallest / total:.0%}")


def tally_images(
    levels: Sequence[Cells],
    sums: Iterable[tuple[Cell, Sequence[Cell]]],
    patient: IntArray,
    smallest: int,
    told: Collection[Cell],
    secret: Collection[Cell] = (),
) -> Tally:
    """Hide which cells, (m,) images each, would tell of fewer than `smallest` patients, as `hide_small_counts` does.

    Each of `sums` is a cell and those that it is the sum of; readers know the cells `told`, and never the `secret`. The
    cells that matter most stand in the first of `levels`: none is hidden for the sake of one that comes after.
    """
    given, cells, known = list(sums), dict[Cell, BoolArray](), set(told)
    hidden = set(secret)
    for level in levels:
        cells |= level
        few = {cell for cell, members in level.items() if len(np.unique(patient[members])) < smallest}
        hidden |= few - known
        within = [(whole, parts) for whole, parts in given if cells.keys() >= {whole, *parts}]
        counts = {cell: int(members.sum()) for cell, members in cells.items()}
        hidden |= hide_small_counts(counts, within, smallest, known & cells.keys(), hidden & cells.keys())
        known |= cells.keys() - hidden
    return Tally(cells, patient, hidden, smallest)


def estimate_part(part: BoolArray, patient: IntArray, smallest: int) -> Estimate:
    """The share of m images that are in `part` (m,), of which nothing else is told."""
    whole, inside, rest = ("whole",), ("part",), ("rest",)
    cells: Cells = {whole: np.ones(len(part), dtype=bool), inside: part, rest: ~part}
    return tally_images([cells], [(whole, [inside, rest])], patient, smallest, {whole}).share(inside, whole)


def estimate_clustered(part: BoolArray, patient: IntArray) -> Estimate:
    """The share of m images, m above 0, that are in `part` (m,), with a 95% interval; made of counts, as `NumberOf`.

    Wilson's interval (1927, JASA 22:209) of as many images as their patients are worth: their number over the design
    effect, the variance of the share in clusters over that without (Korn and Graubard 1998, Surv Methodol 24:193).
    """
    count, total = int(part.sum()), len(part)
    effect = _design_effect(part, patient)

    def limit(count: int, total: int, *, upper: bool) -> float:
        found = wilson(min(count, total) / effect, max(total, 1) / effect)
        return float((found.hi if upper else found.lo) or 0.0)

    return Estimate(
        NumberOf(share, count, total),
        NumberOf(lambda part, whole: limit(part, whole, upper=False), count, total),
        NumberOf(lambda part, whole: limit(part, whole, upper=True), count, total),
    )


def _design_effect(part: BoolArray, patient: IntArray) -> float:
    """How many times the variance of the share is that of as many patients' images; of a share of 0 or 1, at most."""
    patients = len(np.unique(patient))
    if patients == 1 or part.all() or not part.any():
        return len(part) / patients
    once, risk = np.ones(len(part)), np.full(len(part), part.mean())
    return max(1.0, mean_design_effect(once[None], risk, part.astype(float), once, patient, (0,)))
