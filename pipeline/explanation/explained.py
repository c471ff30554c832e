"""The patients who are explained: as many as the intervals of the ranking need, one record each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray
from pipeline.explanation.attributions import Attributions, attribute
from pipeline.explanation.ranking import EnoughPatients, enough_patients
from pipeline.explanation.risk_points import share_risk
from pipeline.models.ensemble import RiskModel

FIRST = 1000  # patients, of whom it is told how many more are needed
POINTS_OF, ORDERS = 500, 100  # patients, and orders of the factors, behind the mean parts of the risk


@dataclass(frozen=True)
class Explained:
    """The explained patients: predictors X (n, p), predicted risk (n,), attributions, and those of each refit."""

    X: pd.DataFrame
    risk: FloatArray
    attributions: Attributions
    refits: list[Attributions]

    def contributions_again(self) -> list[pd.DataFrame]:
        """Contributions (n, p) of each refit."""
        return [refit.contributions for refit in self.refits]

    def in_points(self) -> tuple[pd.Series, pd.DataFrame]:
        """Each predictor's mean absolute part of the risk, (p,), and that of each refit, (refits, p)."""
        return _mean_part(self.attributions), pd.DataFrame([_mean_part(refit) for refit in self.refits])


def explain(X: pd.DataFrame, model: RiskModel, refits: Sequence[RiskModel]) -> Explained:
    """What `model` makes of the patients in X (n, p), and what each of its `refits` does."""
    return Explained(X, model.risk(X), attribute(model, X), [attribute(refit, X) for refit in refits])


def explain_enough(
    X: pd.DataFrame, model: RiskModel, refits: Sequence[RiskModel], at_most: int
) -> tuple[Explained, EnoughPatients]:
    """Explain the first 1,000 patients of X, and more until the ranking needs no more, X ends, or there are `at_most`.

    The order of X tells nothing.
    """
    most = min(len(X), at_most)
    count = min(FIRST, most)
    while True:
        explained = explain(X.iloc[:count], model, refits)
        enough = enough_patients(explained.attributions.contributions, explained.contributions_again())
        if count >= most or enough.patients <= count:
            return explained, enough
        count = min(max(2 * count, enough.patients), most)


def largest_gap(explained: Explained, model: RiskModel) -> float:
    """By how much, in log-odds, the parts of any patient at most fail to add up to what `model` says."""
    return float(np.abs(explained.attributions.log_odds() - model.log_odds(explained.X)).max())


def _mean_part(attributions: Attributions) -> pd.Series:
    some = attributions.contributions.iloc[:POINTS_OF]
    parts = share_risk(attributions.base, some.to_numpy(float), ORDERS)
    return pd.Series(np.abs(parts).mean(axis=0), index=some.columns)
