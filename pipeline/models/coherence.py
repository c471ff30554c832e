"""Risks of one patient that contradict each other, made to agree."""

from itertools import accumulate

import numpy as np

from data_schemas.columns import Binary, Classes, Outcome
from pipeline.arrays import FloatArray
from pipeline.outcomes import name_horizons


def make_coherent(risks: dict[str, FloatArray], outcome: Outcome) -> dict[str, FloatArray]:
    """`risks` by target, arrays of one shape, such that no patient's contradict each other.

    Each target has a model of its own, so a risk by 5 years may come out below that by 3, and those of all classes
    may not add up to 1. The risk of the headline figures never changes, so that its explanation still adds up.
    Horizons: outwards from the outcome's own, no earlier risk exceeds a later one. Classes: the others are scaled to
    add up to 1 less the risk of the class of interest, and share it equally where all are 0.
    """
    if isinstance(outcome, Binary):
        return risks
    if isinstance(outcome, Classes):
        return _adding_up(risks, outcome.event)
    horizons = name_horizons(outcome)
    later = [name for name, horizon in sorted(horizons.items(), key=lambda it: it[1]) if horizon >= outcome.horizon]
    sooner = [name for name, horizon in sorted(horizons.items(), key=lambda it: -it[1]) if horizon <= outcome.horizon]
    rising = accumulate((risks[name] for name in later), np.maximum)
    falling = accumulate((risks[name] for name in sooner), np.minimum)
    made = dict(zip(later, rising, strict=True)) | dict(zip(sooner, falling, strict=True))
    return {name: made[name] for name in risks}


def _adding_up(risks: dict[str, FloatArray], event: str) -> dict[str, FloatArray]:
    others = {name: risk for name, risk in risks.items() if name != event}
    total, left = sum(others.values(), np.zeros_like(risks[event])), 1 - risks[event]
    equal = np.full_like(left, 1 / len(others))
    shares = {name: np.divide(risk, total, out=equal.copy(), where=total > 0) for name, risk in others.items()}
    return {name: risks[event] if name == event else shares[name] * left for name in risks}
