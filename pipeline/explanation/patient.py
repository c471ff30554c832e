"""What the model makes of one patient: each factor's part of the risk, what missing values might change, and place."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray
from pipeline.explanation.attributions import attribute
from pipeline.explanation.changes import Basis
from pipeline.explanation.patient_changes import WhatIf, try_changes_of
from pipeline.explanation.risk_points import count_orders, share_risk
from pipeline.models.calibration import sigmoid
from pipeline.models.features import has_direction, model_frame
from pipeline.models.support import RARE, Numbers

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
ROUND_TO = 5  # percent: a finer place would tell of single patients


@dataclass(frozen=True)
class Part:
    """What one predictor adds to the base, in log-odds and as a share of 1 in risk."""

    predictor: str
    log_odds: float
    risk: float


@dataclass(frozen=True)
class Gap:
    """The lowest and highest risk that the missing value of `predictor` may lead to, and the values that do.

    All are None where no development patient had a value. A value is a number, or a category's label.
    """

    predictor: str
    low: float | None = None
    high: float | None = None
    low_at: float | str | None = None
    high_at: float | str | None = None


@dataclass(frozen=True)
class Account:
    """All of one patient: `told` by `Deployed.predict`, the base in log-odds, and what the risk is made of.

    The base and the `log_odds` of the parts add up to the log-odds of the risk, to 1e-5; the base's risk and the
    `risk` of the parts add up to the risk to the same accuracy.
    """

    told: dict[str, Any]
    base: float
    base_risk: float
    orders: int
    parts: tuple[Part, ...]
    what_ifs: tuple[WhatIf, ...]
    gaps: tuple[Gap, ...]


def explain_patients(records: pd.DataFrame, basis: Basis, asked: dict[str, float] | None = None) -> list[Account]:
    """An account of each of the typed `records` (n, columns of the cohort), in their order.

    `asked` gives values to try for modifiable predictors, by name, in the place of the declared step.
    """
    X = model_frame(records, basis.inputs)
    told = basis.deployed.predict(X)
    found = attribute(basis.deployed.model, X)
    accounts = []
    for row in range(len(X)):
        contributions = found.contributions.iloc[row]
        points = share_risk(found.base, contributions.to_numpy(float)[None])[0]
        pairs = zip(contributions.items(), points, strict=True)
        parts = tuple(Part(str(name), float(log_odds), float(risk)) for (name, log_odds), risk in pairs)
        known = {str(name): value for name, value in told.iloc[row].items()}
        what_ifs = try_changes_of(records.iloc[[row]], known, basis, asked or {})
        gaps = weigh_gaps(X.iloc[[row]], basis)
        risk = float(sigmoid(np.array([found.base]))[0])
        accounts.append(Account(known, found.base, risk, count_orders(len(points)), parts, what_ifs, gaps))
    return accounts


def weigh_gaps(X: pd.DataFrame, basis: Basis) -> tuple[Gap, ...]:
    """What each missing value of the one patient in X, `model_frame` output, might change; one at a time.

    A number takes the development patients' quantiles from 10% to 90%, read between those that support keeps, to three
    digits, so that none is one patient's value; a category each level that at least 0.2% of them had.
    """
    missing = [name for name in basis.inputs if X[name].isna().iloc[0]]
    return tuple(_weigh_gap(X, name, basis) for name in missing)


def _weigh_gap(X: pd.DataFrame, name: str, basis: Basis) -> Gap:
    values, shown = _usual_values(basis.deployed.support.usual[name], basis.inputs[name])
    if not values:
        return Gap(name)
    filled = pd.Series(values, dtype=X[name].dtype)
    tried = X.iloc[np.zeros(len(values), dtype=int)].reset_index(drop=True).assign(**{name: filled})
    risk = basis.deployed.model.risk(tried)
    least, most = int(risk.argmin()), int(risk.argmax())
    return Gap(name, float(risk[least]), float(risk[most]), shown[least], shown[most])


def _usual_values(usual: Any, column: Column) -> tuple[list[Any], list[Any]]:
    """Values as the model sees them, and as people do."""
    if isinstance(usual, Numbers):
        if usual.missing == 1:
            return [], []
        scores = [NormalDist().inv_cdf(share) for share in SHARES]
        values = [float(f"{value:.3g}") for value in np.interp(scores, usual.scores, usual.values)]
        return values, values
    codes = [float(place) if has_direction(column) else label for place, label in enumerate(column.labels)]
    seen = [(code, label) for code, label in zip(codes, column.labels, strict=True) if _share(usual, code) >= RARE]
    return [code for code, _ in seen], [label for _, label in seen]


def _share(usual: Any, code: float | str) -> float:
    return float(usual.shares.get(str(code), 0.0))


def place_among(risk: float, others: FloatArray, fewest: int) -> int | None:
    """Of which percentage of `others` (n,) the risk is higher, to the nearest 5 from 5 to 95; equal ones count half.

    None where the others are fewer than `fewest`.
    """
    if len(others) < fewest:
        return None
    share = float((others < risk).mean() + 0.5 * (others == risk).mean())
    return int(np.clip(ROUND_TO * round(100 * share / ROUND_TO), ROUND_TO, 100 - ROUND_TO))
