"""What is found of a made-up patient of each cohort, in the shape in which a page takes it."""

from typing import Any

import numpy as np

from data_schemas.columns import Cohort, Column, FactorClass


def make_found(cohort: type[Cohort], **more: Any) -> dict[str, Any]:
    """A patient inside the support, with one missing input; the second modifiable factor is refused a what-if."""
    predictors = cohort.predictors()
    rng = np.random.default_rng(len(predictors))
    odds = rng.normal(0, 0.4, len(predictors))
    names, base = list(predictors), -1.0
    risk, start = (1 / (1 + np.exp(-value)) for value in (base + odds.sum(), base))
    points = odds * (risk - start) / odds.sum()
    parts = [
        {"predictor": name, "log_odds": float(a), "risk": float(b)}
        for name, a, b in zip(names, odds, points, strict=True)
    ]
    values = {name: _value(column) for name, column in predictors.items()} | {names[-1]: None}
    told = {"risk": float(risk), "lower": 0.5 * risk, "upper": min(1.0, 1.5 * risk), "outside": False,
            "distance": 0.61, "because": "", "also_other": 0.12}  # fmt: skip
    gap = {"predictor": names[-1], "low": 0.1, "high": 0.4, "low_at": values[names[0]], "high_at": values[names[0]]}
    account = {"told": told, "base": base, "base_risk": float(start), "orders": 20_000, "parts": parts,
               "what_ifs": _what_ifs(predictors, risk), "gaps": [gap]}  # fmt: skip
    return {
        "identifier": "4711", "date": None, "records": 1, "taught": False, "values": values, "account": account,
        "place": 70, "patients": 290, "fewest": 20, "phenotype": None, "model": "ab" * 32,
    } | more  # fmt: skip


def change(found: dict[str, Any], **told: Any) -> dict[str, Any]:
    """The same patient, of whom the model has told something else."""
    account = found["account"]
    return found | {"account": account | {"told": account["told"] | told}}


def _what_ifs(predictors: dict[str, Column], risk: float) -> list[dict[str, Any]]:
    listed = [name for name, column in predictors.items() if column.factor == FactorClass.MODIFIABLE]
    made = []
    for place, name in enumerate(listed):
        tried = {"predictor": name, "before": 150.0, "after": 140.0, "refused": "unlike", "recomputed": ()}
        limits = {"risk": 0.8 * risk, "lower": 0.4 * risk, "upper": min(1.0, 1.2 * risk), "difference_lo": -0.3 * risk,
                  "difference_hi": -0.1 * risk}  # fmt: skip
        made.append(tried | (dict.fromkeys(limits) if place else limits | {"refused": "", "recomputed": ("rare",)}))
    return made


def _value(column: Column) -> Any:
    return column.plausible[0] + 1.25 if column.plausible else column.labels[-1]
