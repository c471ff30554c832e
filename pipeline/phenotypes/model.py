"""What is kept of phenotypes to tell which of them a patient belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import IntArray
from pipeline.errors import ConfigurationError
from pipeline.phenotypes.assignment import Shapes
from pipeline.phenotypes.space import Space


def predictor_values(records: pd.DataFrame, predictors: Mapping[str, Column]) -> pd.DataFrame:
    """Typed records as phenotypes see them: numbers as float64 with NaN for missing, categories as they are."""
    return pd.DataFrame(
        {n: records[n].astype("Float64").astype("float64") if c.numeric else records[n] for n, c in predictors.items()},
        index=records.index,
    )


@dataclass(frozen=True, eq=False)
class PhenotypeModel:
    """What assigns a patient: the space and the clusters' shapes in it. Restricted, not for reports."""

    space: Space
    shapes: Shapes

    def assign(self, frame: pd.DataFrame) -> IntArray:
        """Return the cluster number, 1 to k, of each row of `frame`; raises as `Space.transform`."""
        return self.shapes.assign(self.space.transform(frame))

    def judge(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Per row of `frame`: `phenotype`, `phenotype_distance` from its centre, and `unlike_phenotypes`.

        A distance of 1 is that within which 99% of the patients lie who taught the cluster; who is further from every
        cluster is unlike any. Raises as `Space.transform`.
        """
        cluster, distance, unlike = self.shapes.judge(self.space.transform(frame))
        told = {"phenotype": cluster, "phenotype_distance": distance, "unlike_phenotypes": unlike}
        return pd.DataFrame(told, index=frame.index)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        return {"space": self.space.to_dict(), "shapes": self.shapes.to_dict()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Rebuild what `to_dict` returned, also after a journey through JSON; raises ConfigurationError for others."""
        try:
            return cls(Space.from_dict(plain["space"]), Shapes.from_dict(plain["shapes"]))
        except (KeyError, TypeError, ValueError):
            raise ConfigurationError(
                "phenotypes are stored as this version does not read them; run `dvc repro`"
            ) from None
