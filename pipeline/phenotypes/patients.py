"""The patients among whom phenotypes are sought: of a large table a sample teaches and describes, all are assigned."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from pipeline.arrays import IntArray
from pipeline.patients import draw_places
from pipeline.phenotypes.model import PhenotypeModel

LEARNT = 100_000
"""At most so many development patients, drawn at random, teach the space and the clusters."""
SEEN = 100_000
"""At most so many patients, evenly spaced in their order, say what is typical of a cluster, and draw the map."""


@dataclass(frozen=True, eq=False)
class Patients:
    """Frames of one row a patient and one column a predictor, and how all patients are assigned.

    `development` are the patients that teach, all `taught` development patients or a sample; `seen` those that
    describe, at the `places` (s,) of all `everyone` patients; `assign` gives the cluster of each of these, (everyone,).
    """

    development: pd.DataFrame
    taught: int
    seen: pd.DataFrame
    places: IntArray
    everyone: int
    assign: Callable[[PhenotypeModel], IntArray]

    @classmethod
    def whole(cls, development: pd.DataFrame, everyone: pd.DataFrame) -> Self:
        """All patients of a table that is small enough for memory."""
        places = spread(len(everyone))
        seen = everyone.iloc[places]
        return cls(development, len(development), seen, places, len(everyone), lambda model: model.assign(everyone))


def spread(patients: int) -> IntArray:
    """The places of those who describe all `patients`."""
    return np.arange(patients)[:: -(-patients // SEEN) or 1]


def draw_development(places: IntArray, seed: int) -> IntArray:
    """Those of `places`, of development patients, who teach, in their order."""
    return draw_places(places, LEARNT, seed)
