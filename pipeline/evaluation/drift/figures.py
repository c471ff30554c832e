"""A figure of drift: what it is of, its bound, and when it lies beyond."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pipeline.evaluation.drift.distributions import Interval, Limits
from pipeline.sections import Drift

FALSE_ALARMS = 0.05  # at most, in all comparisons together, where every figure lies at its bound or within


class Side(Enum):
    """Where a figure lies beyond its bound."""

    ABOVE = "above the bound"
    EITHER = "above the bound, or below its negative"
    FACTOR = "above the bound, or below its inverse"


BOUNDS = {
    "psi": ("psi", Side.ABOVE),
    "ks": ("ks", Side.ABOVE),
    "missing": ("missing", Side.EITHER),
    "unit_low": ("unit_factor", Side.FACTOR),
    "unit_middle": ("unit_factor", Side.FACTOR),
    "unit_high": ("unit_factor", Side.FACTOR),
    "classifier": ("classifier_auroc", Side.ABOVE),
    "score_psi": ("psi", Side.ABOVE),
    "score_ks": ("ks", Side.ABOVE),
    "oe": ("oe_factor", Side.FACTOR),
    "intercept": ("oe_factor", Side.FACTOR),
    "auroc": ("auroc_drop", Side.ABOVE),
}
"""The setting that bounds each kind of figure, and on which side."""


@dataclass(frozen=True)
class Place:
    """What a figure is of: a column's label, a level of a grouping, a period; nothing is everybody's risk."""

    column: str | None = None
    group: str | None = None
    level: str | None = None
    period: str | None = None


@dataclass(frozen=True)
class Figure:
    """A figure of some `kind`, and its interval at any level; or the `reason` why there is none.

    A figure that is `secret` is judged and not told: it would tell of few patients, as `reason` says.
    """

    kind: str
    place: Place
    value: float | None
    interval: Interval | None
    reason: str | None = None
    secret: bool = False


def judge_figures(figures: Sequence[Figure], settings: Drift) -> list[dict[str, Any]]:
    """Every figure with its interval, at a level that all share by Bonferroni's inequality, bound and judgement."""
    judged = sum(figure.interval is not None for figure in figures)
    return [_judge(figure, settings, FALSE_ALARMS / max(judged, 1)) for figure in figures]


def _judge(figure: Figure, settings: Drift, level: float) -> dict[str, Any]:
    attribute, side = BOUNDS[figure.kind]
    bound = float(getattr(settings, attribute))
    limits = (None, None) if figure.interval is None else figure.interval(level)
    value, lo, hi = (None, None, None) if figure.secret else (figure.value, *limits)
    beyond = figure.interval is not None and is_beyond(limits, bound, side)
    told = {"kind": figure.kind, **vars(figure.place), "value": value, "lo": lo, "hi": hi}
    judged = figure.interval is not None
    return told | {"bound": bound, "judged": judged, "beyond": beyond, "reason": figure.reason}


def is_beyond(limits: Limits, bound: float, side: Side) -> bool:
    """Whether the whole interval lies beyond the bound."""
    lo, hi = limits
    least = {Side.ABOVE: None, Side.EITHER: -bound, Side.FACTOR: 1 / bound}[side]
    return (lo is not None and lo > bound) or (least is not None and hi is not None and hi < least)
