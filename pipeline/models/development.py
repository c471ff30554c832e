"""From patients to what is deployed: one call learns, tunes, averages, recalibrates and says how sure it is."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column, Outcome
from pipeline.models.calibration import sigmoid
from pipeline.models.coherence import make_coherent
from pipeline.models.ensemble import ENSEMBLE, Learning, Portfolio, RiskModel, learn_outcome
from pipeline.models.outcomes import Examples
from pipeline.models.support import Support
from pipeline.models.venn_abers import VennAbers, widened


@dataclass(frozen=True)
class Deployed:
    """What gives new patients their risks.

    `model` tells the outcome that headline figures are about; `others` tell the further horizons or classes of
    `outcome`. `interval` and `support` say how sure that is.
    """

    model: RiskModel
    others: dict[str, RiskModel]
    target: str
    outcome: Outcome
    interval: VennAbers
    support: Support

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """One row per row of X: `risk`, `lower`, `upper`, `outside`, `distance`, `because`, and `also_<target>`.

        `lower` and `upper` are the limits of `VennAbers.sampling_interval`, widened where needed to hold the risk;
        `outside`, `distance` and `because` are those of `Support.judge`; `also_<target>` are the risks of the
        others, made coherent with the first.
        """
        score = self.model.log_odds(X)
        risk = sigmoid(score)
        lower, upper = widened(*self.interval.sampling_interval(score), risk)
        known = pd.DataFrame({"risk": risk, "lower": lower, "upper": upper}, index=X.index)
        risks = {self.target: risk} | {name: model.risk(X) for name, model in self.others.items()}
        coherent = make_coherent(risks, self.outcome)
        also = pd.DataFrame({f"also_{name}": coherent[name] for name in self.others}, index=X.index)
        return pd.concat([known, self.support.judge(X), also], axis=1)


@dataclass(frozen=True)
class Plan:
    """What a development does: with which candidates, in how many inner folds, for which outcome, from what.

    `others` is the portfolio for the targets that headline figures are not about, where it is another.
    """

    portfolio: Portfolio
    folds: int
    outcome: Outcome
    predictors: dict[str, Column]
    others: Portfolio | None = None

    def alone(self) -> "Plan":
        """The same without the candidates that only compete."""
        return replace(self, portfolio=self.portfolio.alone())


@dataclass(frozen=True)
class Development:
    """All models developed on the same patients, by name, the settings tuning chose, and what is deployed."""

    models: dict[str, RiskModel]
    settings: dict[str, dict[str, Any]]
    deployed: Deployed

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """`Deployed.predict` less its `risk`, and `risk_<model>` for every model."""
        risks = pd.DataFrame({f"risk_{name}": model.risk(X) for name, model in self.models.items()}, index=X.index)
        return pd.concat([self.deployed.predict(X).drop(columns="risk"), risks], axis=1)


def develop(examples: Examples, plan: Plan) -> Development:
    """Learn every candidate for the first target, and the average alone for the others.

    Raises DataRefusedError where too few patients have, or are known not to have, a target's event.
    """
    first, *others = examples.targets
    learning = _learn(examples, first, plan.portfolio, plan.folds)
    alone = (plan.others or plan.portfolio).alone()
    more = {name: _learn(examples, name, alone, plan.folds).models[ENSEMBLE] for name in others}
    support = Support.learn(examples.X, plan.predictors)
    deployed = Deployed(learning.models[ENSEMBLE], more, first, plan.outcome, _interval(learning), support)
    return Development(learning.models, learning.settings, deployed)


def learn_alone(examples: Examples, plan: Plan) -> RiskModel:
    """The deployed model of the first target, with nothing else of a development. Raises as `develop`."""
    return _learn(examples, next(iter(examples.targets)), plan.portfolio.alone(), plan.folds).models[ENSEMBLE]


def _learn(examples: Examples, target: str, portfolio: Portfolio, folds: int) -> Learning:
    return learn_outcome(examples.X, examples.targets[target], examples.patient, portfolio, folds)


def _interval(learning: Learning) -> VennAbers:
    known = np.isfinite(learning.scores)
    return VennAbers.learn(learning.scores[known], learning.y[known], learning.weight[known])
