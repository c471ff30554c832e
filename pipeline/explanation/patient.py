"""What the model makes of one patient: each factor's part of the risk, what missing values might change, and place.

Parts come on two scales. In log-odds they are the exact attributions. In risk they are the average, over orders in
which the factors may be added to the base, of how far each moves the risk (Shapley 1953, Contributions to the Theory
of Games 2:307): all parts and the base risk add up to the risk in every single order and so in the average, a part
has the sign of its log-odds, and none exceeds 100 points, which a mere rescaling of log-odds would not promise.
"""

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from math import factorial
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import FloatArray, IntArray
from pipeline.explanation.attributions import attribute
from pipeline.explanation.patient_changes import Basis, WhatIf, try_changes_of
from pipeline.models.calibration import sigmoid
from pipeline.models.features import has_direction, model_frame
from pipeline.models.support import RARE, Numbers

STEPS_OF_ORDERS = 600_000  # additions tried: about a tenth of a second, and parts good to about 0.1 points
MOST_ORDERS, FEW = 20_000, 7  # of so few predictors every order is tried
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
        points = share_risk(found.base, contributions.to_numpy(float))
        pairs = zip(contributions.items(), points, strict=True)
        parts = tuple(Part(str(name), float(log_odds), float(risk)) for (name, log_odds), risk in pairs)
        known = {str(name): value for name, value in told.iloc[row].items()}
        what_ifs = try_changes_of(records.iloc[[row]], known, basis, asked or {})
        gaps = weigh_gaps(X.iloc[[row]], basis)
        risk = float(sigmoid(np.array([found.base]))[0])
        accounts.append(Account(known, found.base, risk, count_orders(len(points)), parts, what_ifs, gaps))
    return accounts


def share_risk(base: float, contributions: FloatArray) -> FloatArray:
    """The difference of the risks at `base` plus all `contributions` (p,), in log-odds, and at `base`, parted (p,).

    The average over `count_orders(p)` orders: all there are, or as many drawn once and for all, each beside its
    reverse.
    """
    orders = _orders(len(contributions))
    start = np.full((len(orders), 1), base)
    reached = np.concatenate([start, base + np.cumsum(contributions[orders], axis=1)], axis=1)
    steps = np.diff(sigmoid(reached), axis=1)
    shared: FloatArray = np.bincount(orders.ravel(), steps.ravel(), len(contributions)) / len(orders)
    return shared


def count_orders(predictors: int) -> int:
    """In how many orders so many predictors are added: all of them where they are a few thousand."""
    if predictors <= FEW:
        return factorial(predictors)
    return 2 * max(min(MOST_ORDERS, STEPS_OF_ORDERS // predictors) // 2, 100)


@cache
def _orders(predictors: int) -> IntArray:
    if predictors <= FEW:
        return np.array(list(permutations(range(predictors))), dtype=np.int64)
    generator = np.random.default_rng(0)
    half = generator.permuted(np.tile(np.arange(predictors), (count_orders(predictors) // 2, 1)), axis=1)
    return np.concatenate([half, half[:, ::-1]])


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
