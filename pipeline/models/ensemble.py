"""The deployed model: an average on the log-odds scale, recalibrated; and every candidate by itself beside it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray
from pipeline.models.calibration import fit_recalibration
from pipeline.models.candidates import Candidate, Fitted
from pipeline.models.folds import make_folds
from pipeline.models.outcomes import Examples

ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class RiskModel:
    """Fitted members, how each weighs, and the recalibration of their average."""

    members: dict[str, Fitted]
    weights: dict[str, float]
    intercept: float
    slope: float

    def log_odds(self, X: pd.DataFrame) -> FloatArray:
        """Recalibrated log-odds of the event by the horizon, shape (n,)."""
        average = sum(
            (self.weights[name] * member.log_odds(X) for name, member in self.members.items()), np.zeros(len(X))
        )
        result: FloatArray = self.intercept + self.slope * average
        return result

    def risk(self, X: pd.DataFrame) -> FloatArray:
        """Predicted probability of the event, shape (n,)."""
        result: FloatArray = 1 / (1 + np.exp(-self.log_odds(X)))
        return result


@dataclass(frozen=True)
class Development:
    """All models developed on the same patients, by name, and the settings tuning chose for each candidate."""

    models: dict[str, RiskModel]
    settings: dict[str, dict[str, Any]]


def develop(examples: Examples, candidates: dict[str, Candidate], ensemble: tuple[str, ...], folds: int) -> Development:
    """Tune, fit and recalibrate every candidate, and the equal-weight average of those in `ensemble`.

    Patients whose outcome is unknown take part through the censoring weights alone, which are estimated here,
    on these patients. Recalibration uses out-of-fold log-odds, so nothing judges what it was fitted to.
    """
    weights = examples.observed.weights()
    used = weights > 0
    X, y, weight = examples.X[used], examples.observed.by_horizon()[used], weights[used]
    inner = make_folds(y, examples.patient[used], folds)
    tuned = {name: candidate.tune(X, y, weight, inner) for name, candidate in candidates.items()}
    fitted = {name: candidate.fit(X, y, weight, tuned[name][0]) for name, candidate in candidates.items()}
    models = {}
    for name, members in {ENSEMBLE: ensemble, **{name: (name,) for name in candidates}}.items():
        average = np.mean([tuned[member][1] for member in members], axis=0)
        intercept, slope = fit_recalibration(average, y, weight)
        share = {member: 1 / len(members) for member in members}
        models[name] = RiskModel({m: fitted[m] for m in members}, share, intercept, slope)
    return Development(models, {name: settings for name, (settings, _) in tuned.items()})
