"""From records to what training needs: predictors, observed outcomes, and who is who."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Binary, Cohort, Study
from pipeline.models.features import model_frame
from pipeline.outcomes import Observed


@dataclass(frozen=True)
class Examples:
    """n records: predictors X (n, p), outcomes, a number per patient (n,), and the pseudonym of each (n,)."""

    X: pd.DataFrame
    observed: Observed
    patient: npt.NDArray[np.intp]
    pseudonym: pd.Series

    def take(self, mask: npt.NDArray[np.bool_]) -> "Examples":
        """The records where `mask` (n,) is true."""
        return Examples(self.X[mask], self.observed.take(mask), self.patient[mask], self.pseudonym[mask])


def observe(records: pd.DataFrame, study: Study) -> Observed:
    """The outcome of each record as the schema defines it."""
    outcome = study.outcome
    if isinstance(outcome, Binary):
        return Observed(np.asarray(records[outcome.column] == outcome.event, dtype=np.float64))
    event = np.asarray(records[outcome.event_column] == outcome.event, dtype=np.float64)
    return Observed(event, np.asarray(records[outcome.time], dtype=np.float64), float(outcome.horizon))


def make_examples(records: pd.DataFrame, cohort: type[Cohort]) -> Examples:
    """Examples from typed records with a column `pseudonym`, in their order."""
    patient = pd.factorize(records["pseudonym"])[0]
    X = model_frame(records, cohort.predictors())
    return Examples(X, observe(records, cohort.study()), patient, records["pseudonym"])
