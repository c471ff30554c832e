"""Treatment effects made up in the shape of `treatment_effect.json`."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from data_schemas.columns import Cohort, FactorClass

from .made_cohorts import COHORTS
from .made_estimates import est

RECURRENCE = COHORTS["breast_cancer_recurrence"]
OUTCOME = "recurrence within 3 years"
DESIGNS = [
    {"design": design, "estimand": estimand}
    for design in ("observational", "randomised")
    for estimand in ("ATE", "ATT")
]
LOT = {"treated": 1517, "control": 1628}
BY_LOT: dict[str, Any] = {"design": "randomised", "adjusts": False}

DESCRIBES = "it describes these patients and has no interval"
FEW = "fewer patients than may be shown are behind it"
ALONE = "no column is adjusted for, so that no risk is predicted"
ATE_ALONE = "it is given for the mean effect in all patients alone"


def described(value: float) -> dict[str, Any]:
    return {"value": value, "lo": None, "hi": None, "reason": DESCRIBES}


def none(reason: str) -> dict[str, Any]:
    return est(None, reason=reason)


def make_compared(treated: float, control: float, half: float = 0.05) -> dict[str, Any]:
    """Risks in both arms, their difference with an interval of `half` on each side, and their ratio."""
    ratio = treated / control
    return {
        "risk_treated": est(treated, half / 2),
        "risk_control": est(control, half / 2),
        "difference": est(treated - control, half),
        "ratio": {"value": ratio, "lo": ratio / (1 + 4 * half), "hi": ratio * (1 + 4 * half), "reason": None},
    }


def make_bins(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Bins of unequal width; in the first nobody was treated."""
    edges = [(0.0, 0.15), *[(round(i / 20, 2), round((i + 1) / 20, 2)) for i in range(3, 17)], (0.85, 1.0)]
    bins = [
        {"lo": lo, "hi": hi, "treated": int(t), "control": int(c)}
        for (lo, hi), t, c in zip(edges, *rng.integers(10, 90, (2, len(edges))), strict=True)
    ]
    bins[0]["treated"] = 0
    return bins


def make_groups(rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    """Groups of patients, the lowest first."""
    means = np.sort(rng.uniform(0.2, 0.7, count))
    return [
        {
            "patients": {"treated": int(rng.integers(100, 300)), "control": int(rng.integers(100, 300))},
            "mean": described(mean),
            "predicted": described(rng.uniform(-0.15, 0.05)),
            **make_compared(mean + rng.uniform(-0.15, 0.05), mean, 0.1),
        }
        for mean in means.tolist()
    ]


def make_effect(
    cohort: type[Cohort],
    *,
    design: str = "observational",
    estimand: str = "ATE",
    adjusts: bool = True,
    groups: int = 4,
    seed: int = 0,
) -> dict[str, Any]:
    """The effect of the cohort's treatment, adjusted for other predictors or not."""
    rng, predictors = np.random.default_rng(seed), cohort.predictors()
    treatment = next(name for name, column in predictors.items() if column.factor == FactorClass.TREATMENT)
    control, *treated = predictors[treatment].labels
    chosen = [name for name in predictors if name != treatment][:3] if adjusts else []
    chance, compared = design == "randomised", make_compared(0.31, 0.42)
    overlap = None if chance else make_overlap(rng, estimand)
    patients = {arm: sum(row[arm] for row in overlap["bins"]) for arm in ("treated", "control")} if overlap else LOT
    found = {
        "treatment": treatment, "treated": treated, "control": [control], "design": design, "estimand": estimand,
        "adjust": {name: f"reason {i} <b>why</b>" for i, name in enumerate(chosen)}, "horizon": None,
        "learner": "penalised logistic regression with splines" if adjusts else None,
        "patients": patients, "in_neither_arm": 41,
        "naive": make_compared(0.38, 0.40),
        "adjusted": compared if adjusts else {name: none(ALONE) for name in compared},
        "overlap": overlap,
        "sensitivity": None if chance else {"e_value": described(2.043), "e_value_of_limit": described(1.587)},
        "balance": list(make_balance(cohort, chosen, rng, weighted=not chance)),
        "by_risk": {"groups": make_groups(rng, groups), "reason": None},
        "by_benefit": {"groups": make_groups(rng, groups), "reason": None,
                       "slope": est(0.71, 0.42) if estimand == "ATE" else none(ATE_ALONE)},
    }  # fmt: skip
    if not adjusts:
        nothing: dict[str, Any] = {"groups": [], "reason": ALONE}
        found |= {"by_risk": nothing, "by_benefit": nothing | {"slope": none(ALONE)}}
    return found


def make_overlap(rng: np.random.Generator, estimand: str) -> dict[str, Any]:
    bins, left = make_bins(rng), {"treated": 53, "control": 37}
    return {
        "bins": bins,
        "drawn": {"treated": True, "control": True},
        "rule": [0.1 if estimand == "ATE" else None, 0.9],
        "share": described(0.97),
        "left": left,
        "stay": {arm: sum(row[arm] for row in bins) - gone for arm, gone in left.items()},
    }


def make_balance(
    cohort: type[Cohort], names: list[str], rng: np.random.Generator, *, weighted: bool
) -> Iterator[dict[str, Any]]:
    """A row for each number, one for each level, and the last of them hidden."""
    columns, rows = cohort.columns(), []
    for name in names:
        rows += [{"column": name, "level": level} for level in columns[name].labels or [None]]
    for row in rows:
        before = rng.uniform(-0.6, 0.6)
        after = before * rng.uniform(-0.3, 0.3) if weighted else before
        yield {**row, "before": described(before), "after": described(after)}
    if rows:
        yield {"column": names[-1], "level": "missing", "before": none(FEW), "after": none(FEW)}


def hide(effect: dict[str, Any]) -> dict[str, Any]:
    """The same effect where so few leave, and so few are in neither arm, that no count may be told."""
    overlap = effect["overlap"] | {"share": none(FEW), "left": None, "stay": None, "bins": []}
    rest = {
        key: effect[key] | {"groups": [group | {"patients": None} for group in effect[key]["groups"]]}
        for key in ("by_risk", "by_benefit")
    }
    return effect | rest | {"overlap": overlap, "in_neither_arm": None, "patients": {"treated": None, "control": None}}
