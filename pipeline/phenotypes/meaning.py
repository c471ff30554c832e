"""What the columns of patients mean to people."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Meaning:
    """Labels and units by predictor, and the labels of those that are treatments.

    A predictor without a label goes by its name.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str | None] = field(default_factory=dict)
    treatments: Mapping[str, str] = field(default_factory=dict)
