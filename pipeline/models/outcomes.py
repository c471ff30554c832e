"""From records to what training needs: predictors, observed outcomes, and who is who."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Cohort, Role
from pipeline.arrays import BoolArray, IntArray
from pipeline.models.features import model_frame
from pipeline.outcomes import Observed, observe


@dataclass(frozen=True)
class Examples:
    """n records: predictors X (n, p), outcomes, a number per patient (n,), and the pseudonym of each (n,).

    `targets` are the outcomes as `observe` names them, the one of the headline figures first. `site` (n,) is where
    each record comes from, as text, if the cohort declares it.
    """

    X: pd.DataFrame
    targets: dict[str, Observed]
    patient: npt.NDArray[np.intp]
    pseudonym: pd.Series
    site: pd.Series | None = None

    @property
    def observed(self) -> Observed:
        """The outcome of the headline figures."""
        return next(iter(self.targets.values()))

    def take(self, index: BoolArray | IntArray) -> "Examples":
        """The records at `index`: a mask (n,), or positions, of which some may come several times."""
        targets = {name: observed.take(index) for name, observed in self.targets.items()}
        site = None if self.site is None else self.site.iloc[index]
        return Examples(self.X.iloc[index], targets, self.patient[index], self.pseudonym.iloc[index], site)

    def for_target(self, name: str) -> "Examples":
        """The same records with the outcome `name` alone."""
        return replace(self, targets={name: self.targets[name]})


def make_examples(records: pd.DataFrame, cohort: type[Cohort]) -> Examples:
    """Examples from typed records with a column `pseudonym`, in their order."""
    site = next(iter(cohort.with_role(Role.SITE)), None)
    return Examples(
        X=model_frame(records, cohort.predictors(), "float32"),
        targets=observe(records, cohort.study()),
        patient=pd.factorize(records["pseudonym"])[0],
        pseudonym=records["pseudonym"],
        site=None if site is None else records[site].astype("string"),
    )
