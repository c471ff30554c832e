"""What a network calls images, counted by what is there, by the size of the finding, and by how sure it was."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import quantile_of_several
from pipeline.evaluation.images.tally import Cell, Cells, Tally, tally_images

Sizes: TypeAlias = Sequence[tuple[float | None, float | None]]
Bins: TypeAlias = Sequence[tuple[float, float]]
Parts: TypeAlias = dict[Cell, BoolArray]
EDGES = (0.0, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of groups by confidence; below the second a call is unsure."""


@dataclass(frozen=True, eq=False)
class Calls:
    """What m images of known class are, and what they were called, (m,) each.

    `label` and `told` are positions among the classes `names`, of which `found` are a finding; `confidence` is that of
    what is told, `size` the share of the image that its finding covers, NaN where not known, `patient` a number each.
    """

    names: Sequence[str]
    found: list[int]
    label: IntArray
    told: IntArray
    confidence: FloatArray
    size: FloatArray
    patient: IntArray

    @classmethod
    def read(
        cls, told: pd.DataFrame, names: Sequence[str], found: Sequence[str], size: FloatArray, patient: IntArray
    ) -> "Calls":
        """From rows of `image_predictions.parquet`, by the names of the classes."""
        place = {name: number for number, name in enumerate(names)}
        label, called = (told[column].map(place).to_numpy(np.int64) for column in ("label", "told"))
        confidence, positive = told["confidence"].to_numpy(float), [place[name] for name in found]
        return cls(names, positive, label, called, confidence, size, patient)

    @property
    def finding(self) -> BoolArray:
        """Which images have a finding, (m,)."""
        return np.isin(self.label, self.found)

    def classes(self, side: str) -> list[int]:
        """The positions of the classes that are a finding, `found`, or are none."""
        return [number for number in range(len(self.names)) if (number in self.found) == (side == "found")]

    def among(self, low: float, high: float) -> BoolArray:
        """Which are told with a confidence from `low` to under `high`, or to 1, (m,)."""
        return (self.confidence >= low) & ((self.confidence < high) | (high == EDGES[-1]))


def cut_sizes(calls: Calls, smallest: int) -> Sizes:
    """The ends of thirds by size of the images that have a finding of known size; none where they are too few."""
    known = calls.size[calls.finding & np.isfinite(calls.size)]
    cuts = [quantile_of_several(known, share, smallest) for share in (1 / 3, 2 / 3)] if len(known) else [None]
    if None in cuts or cuts[0] == cuts[1]:
        return []
    return [(None, cuts[0]), (cuts[0], cuts[1]), (cuts[1], None)]


def cut_confidence(calls: Calls, smallest: int) -> Bins:
    """Groups between `EDGES`, neighbours joined until each has images of `smallest` patients; else none."""
    bins: list[tuple[float, float]] = []
    for low, high in pairwise(EDGES):
        if bins and not all(_patients(calls.among(*each), calls) >= smallest for each in (bins[-1], (low, high))):
            bins[-1] = bins[-1][0], high
        else:
            bins.append((low, high))
    return bins if _patients(calls.among(*bins[-1]), calls) >= smallest else []


def tally_calls(calls: Calls, sizes: Sizes, bins: Bins, beside: Collection[int], smallest: int) -> Tally:
    """Count images by pairs of what is there and what was told, either a class, `found`, `absent` or `all`.

    What was told may also be the `right` or a `wrong` class: of `found`, among findings that were called, and of
    `absent`, among images that rightly were not. Triples are for the `sizes` of findings and the `bins` of confidence.
    What matters most is kept: findings, their types, right classes, classes, sizes and confidence, then single pairs.
    `beside` are counts of patients that are told elsewhere.
    """
    pairs = _pair(calls)
    most = {pair: members for pair, members in pairs.items() if {*pair} <= {"found", "absent", "all"}}
    classes = {pair: members for pair, members in pairs.items() if pair[1] in ("found", "absent", "all")}
    parts = _part_by_size(calls, sizes, pairs) | _part_by_confidence(calls, bins)
    right = calls.label == calls.told
    every: Parts = {("all", "right"): right, ("all", "wrong"): ~right}
    levels: list[Cells] = [most, _judge(calls, pairs), every, classes, parts, pairs]
    near = {
        cell for cell in (("found", "all"), ("absent", "all"))
        if any(0 < abs(int(pairs[cell].sum()) - other) < smallest for other in beside)
    }  # fmt: skip
    wholes = {cell: members for cell, members in (pairs | parts).items() if cell[-1] == "all"}
    enough = {cell for cell, members in wholes.items() if _patients(members, calls) >= smallest}
    return tally_images(levels, _add(calls, parts), calls.patient, smallest, enough - near | {("all", "all")}, near)


def _pair(calls: Calls) -> Parts:
    """The images (m,) of each pair of what is there, and what was told of it."""
    there, told = _group(calls, calls.label), _group(calls, calls.told)
    said = [(a, b) for a in there for b in told if isinstance(a, int) or (isinstance(b, str) and "all" not in (a, b))]
    said += [(a, "all") for a in ("found", "absent", "all")]
    return {(a, b): there[a] & told[b] for a, b in said}


def _group(calls: Calls, place: IntArray) -> dict[int | str, BoolArray]:
    """The images (m,) of each class by `place`, with a finding and without one."""
    found = np.isin(place, calls.found)
    classes: dict[int | str, BoolArray] = {number: place == number for number in range(len(calls.names))}
    return classes | {"found": found, "absent": ~found, "all": np.ones(len(place), dtype=bool)}


def _judge(calls: Calls, pairs: Parts) -> Parts:
    """The images (m,) of a right and of a wrong class: among findings that were called, images rightly not, and all."""
    right = calls.label == calls.told
    made: Parts = {}
    for side in [side for side in ("found", "absent") if len(calls.classes(side)) > 1]:
        made |= {(side, "right"): pairs[side, side] & right, (side, "wrong"): pairs[side, side] & ~right}
    return made


def _part_by_size(calls: Calls, sizes: Sizes, pairs: Parts) -> Parts:
    """Findings by size, those of no known size last, by whether one was called."""
    group = np.digitize(calls.size, [low for low, _ in sizes if low is not None])
    group = np.where(np.isfinite(calls.size), group, len(sizes))
    places = [place for place in range(len(sizes) + 1) if sizes and (group[calls.finding] == place).any()]
    kinds = ("found", "absent", "all")
    return {("size", place, kind): pairs["found", kind] & (group == place) for place in places for kind in kinds}


def _part_by_confidence(calls: Calls, bins: Bins) -> Parts:
    """Images by confidence, and whether the class was right."""
    right = calls.label == calls.told
    kinds = {"right": right, "wrong": ~right, "all": right | ~right}
    within = [calls.among(low, high) for low, high in bins]
    return {("confidence", k, kind): part & kinds[kind] for k, part in enumerate(within) for kind in kinds}


def _add(calls: Calls, parts: Parts) -> Iterator[tuple[Cell, list[Cell]]]:
    """Which cells are sums of which others."""
    groups: dict[int | str, Sequence[int | str]] = {side: calls.classes(side) for side in ("found", "absent")}
    groups["all"] = ("found", "absent")
    for whole, several in groups.items():
        for other in (*range(len(calls.names)), *groups):
            yield (whole, other), [(part, other) for part in several]
            yield (other, whole), [(other, part) for part in several]
    yield ("all", "all"), [("all", "right"), ("all", "wrong")]
    judged = [side for side in ("found", "absent") if len(groups[side]) > 1]
    yield ("all", "right"), [(side, "right" if side in judged else side) for side in ("found", "absent")]
    for side in judged:
        yield (side, side), [(side, "right"), (side, "wrong")]
        yield (side, "right"), [(number, number) for number in groups[side]]
    for name, whole, kinds in (("size", "all", ("found", "absent")), ("confidence", "all", ("right", "wrong"))):
        places = sorted({place for part, place, _ in parts if part == name})
        for place in places:
            yield (name, place, whole), [(name, place, kind) for kind in kinds]
        for kind in kinds if places else ():
            yield ("found" if name == "size" else "all", kind), [(name, place, kind) for place in places]


def _patients(members: BoolArray, calls: Calls) -> int:
    return len(np.unique(calls.patient[members]))
