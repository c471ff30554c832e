"""Every word that judges, in tables from which a number picks it; a test finds it nowhere else.

An adjective or adverb judges when it says how good, sure or large a result is. Words that compare two numbers shown
(higher, fewer, better), or name the ends of a scale (perfect, ideal), do not.
"""

import math
from dataclasses import dataclass

from pipeline.phrases import phrase
from pipeline.reporting.words.numbers import Estimate, position


@dataclass(frozen=True)
class Scale:
    """Steps from the lowest: an upper bound and its word. A bound is of the step above it, or below it if `closed`.

    Words are codes too: whoever shows one puts it into the language spoken.
    """

    steps: tuple[tuple[float, str], ...]
    closed: bool = False

    def word(self, value: float) -> str:
        """The word of the step in which `value` lies."""
        return next(word for bound, word in self.steps if value < bound or (self.closed and value == bound))


@dataclass(frozen=True)
class Sides:
    """Words for an estimate whose whole interval lies below or above the ideal, or that holds it."""

    below: str
    around: str
    above: str

    def word(self, estimate: Estimate, ideal: float = 1.0) -> str:
        """The word of the side on which the interval lies; `unknown` without one."""
        words = {"below": self.below, "around": self.around, "above": self.above}
        return words.get(position(estimate, ideal), "unknown")


DISCRIMINATION = Scale(
    (
        (0.6, phrase("weak")),
        (0.7, phrase("modest")),
        (0.8, phrase("moderate")),
        (0.9, phrase("good")),
        (math.inf, phrase("very good")),
    )
)
"""By AUROC."""
PRECISION = Scale(((0.5, ""), (math.inf, phrase("imprecise"))), closed=True)
"""By the width of the 95% interval of a calibration slope."""
SPREAD = Sides(phrase("too extreme"), phrase("about right"), phrase("too cautious"))
"""Of predicted risks, by their calibration slope."""
LEVEL = Sides(phrase("overstated"), phrase("right on average"), phrase("understated"))
"""Of predicted risks, by the ratio of observed to expected events."""
