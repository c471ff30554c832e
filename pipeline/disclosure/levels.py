"""Levels of which nothing may be shown: their patients, or those of some kind among them, are few."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.arrays import BoolArray, IntArray
from pipeline.patients import count_patients
from pipeline.phrases import phrase

TOO_FEW = phrase("the group, its events or its non-events are too few to publish")
COMPLEMENT = phrase("shown, it would reveal a smaller group by subtraction")


def hide_among(
    levels: Mapping[str, BoolArray], kinds: Sequence[BoolArray], patient: IntArray, smallest: int
) -> dict[str, str]:
    """The levels, by the records (n,) they have, that must not be shown, with the reason.

    A level with fewer than `smallest` patients, by `patient` (n,), of one of the `kinds`, (n,) each, is hidden. Those
    of no level count as one more that is hidden if it is small. So are the next smallest levels, until two are hidden
    that have `smallest` of each kind between them.
    """

    def least(members: BoolArray) -> int:
        return min(count_patients(patient, members & kind) for kind in kinds)

    hidden = {level: TOO_FEW for level, members in levels.items() if least(members) < smallest}
    nowhere = ~np.any([*levels.values()], axis=0) if levels else np.zeros(len(patient), dtype=bool)
    secret = [levels[level] for level in hidden]
    if nowhere.any() and least(nowhere) < smallest:
        secret.append(nowhere)
    for level in sorted((level for level in levels if level not in hidden), key=lambda each: int(levels[each].sum())):
        if not secret or (len(secret) > 1 and least(np.any(secret, axis=0)) >= smallest):
            break
        hidden[level] = COMPLEMENT
        secret.append(levels[level])
    return hidden


def may_tell(count: int, total: int, smallest: int) -> bool:
    """Whether nobody or at least `smallest` of `total` are counted, and nobody or at least so many are not."""
    return none_or_enough((count, total - count), smallest)


def none_or_enough(counts: Iterable[int], smallest: int) -> bool:
    """Whether each of `counts` is 0 or at least `smallest`."""
    return all(count == 0 or count >= smallest for count in counts)


def are_enough(counts: Iterable[int], smallest: int) -> bool:
    """Whether each of `counts` is at least `smallest`."""
    return all(count >= smallest for count in counts)
