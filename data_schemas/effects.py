"""What a cohort declares to have the effect of a treatment estimated; opt-in, one declaration a cohort."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Design = Literal["randomised", "observational"]
Estimand = Literal["ATE", "ATT"]


@dataclass(frozen=True)
class Effect:
    """Two arms of one treatment, how patients came into them, and whose mean effect is asked for.

    `treated` and `control` are labels of the column `treatment`; patients with another label, or none, are left out.
    `estimand` is the mean effect in all patients of the arms (ATE) or in the treated (ATT). `adjust` maps each column
    that is adjusted for to the reason: why it bears on the choice of treatment and the outcome, or, where treatment was
    drawn by lot, on the outcome alone. A treatment drawn by lot needs none.
    """

    treatment: str
    treated: tuple[str, ...]
    control: tuple[str, ...]
    design: Design
    estimand: Estimand = "ATE"
    adjust: Mapping[str, str] = field(default_factory=dict)
