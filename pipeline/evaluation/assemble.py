"""The published figures of a cohort, from the risks its patients were given unseen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Study, TimeToEvent
from pipeline.arrays import FloatArray, IntArray
from pipeline.evaluation.intervals import Estimate
from pipeline.evaluation.performance import calibration_curve, measure, risk_distribution
from pipeline.evaluation.rates import event_rate
from pipeline.evaluation.subgroups import by_subgroup
from pipeline.outcomes import Observed
from pipeline.progress import progress
from pipeline.settings import Evaluate

HEADLINES = ("auroc", "brier", "scaled_brier", "calibration_slope", "calibration_intercept", "oe_ratio")
COMPARED = ("auroc", "brier", "calibration_slope", "oe_ratio")
RISK_BINS, CURVE_GROUPS = 20, 10


@dataclass(frozen=True)
class HeldOut:
    """Risks of n unseen records by each model, (r, n) for r repeats, their outcomes, and a number per patient."""

    risks: dict[str, FloatArray]
    observed: Observed
    patient: IntArray

    @classmethod
    def from_predictions(cls, predictions: pd.DataFrame, study: Study) -> "HeldOut":
        """Read the rows of stage `train`: `pseudonym`, `repeat`, `event`, `time`, and a risk column per model."""
        repeats = [rows for _, rows in predictions.groupby("repeat", sort=True)]
        first, models = repeats[0], predictions.columns[4:]
        event = first["event"].to_numpy(float)
        horizon = study.outcome.horizon if isinstance(study.outcome, TimeToEvent) else None
        observed = (
            Observed(event) if horizon is None else Observed(event, first["time"].to_numpy(float), float(horizon))
        )
        risks = {str(name): np.stack([rows[name].to_numpy(float) for rows in repeats]) for name in models}
        return cls(risks, observed, pd.factorize(first["pseudonym"])[0])


def compare_models(held_out: HeldOut, study: Study, settings: Evaluate) -> dict[str, dict[str, Estimate]]:
    """All figures of every model, from the same resamples."""
    names = progress(list(held_out.risks), "Bootstrap")
    return {
        name: measure(
            held_out.risks[name],
            held_out.observed,
            held_out.patient,
            study.thresholds,
            settings.resamples,
            settings.seed,
        )
        for name in names
    }


def tabulate_models(
    figures: Mapping[str, Mapping[str, Estimate]], deployed: str, labels: Mapping[str, str]
) -> pd.DataFrame:
    """One row per model with its figures and intervals, the deployed one first."""
    rows = [
        {"model": name, "label": labels[name], "deployed": name == deployed}
        | {key: number for figure in COMPARED for key, number in _flat(figure, found[figure]).items()}
        for name, found in figures.items()
    ]
    return pd.DataFrame(rows).sort_values("deployed", ascending=False, kind="stable", ignore_index=True)


def flatten_metrics(figures: Mapping[str, Estimate], observed: Observed) -> dict[str, float | int]:
    """Flat finite numbers for `metrics.json`: `auroc`, `auroc_lo`, `auroc_hi`...; what is not defined is left out."""
    counts = {"n": len(observed), "events": int(observed.by_horizon().sum())}
    flat = {key: number for name, estimate in figures.items() for key, number in _flat(name, estimate).items()}
    return counts | {key: number for key, number in flat.items() if number is not None}


def describe_performance(
    held_out: HeldOut,
    deployed: str,
    figures: Mapping[str, Estimate],
    groups: Mapping[str, pd.Categorical],
    study: Study,
    settings: Evaluate,
    smallest: int,
) -> dict[str, Any]:
    """The content of `performance.json`, less how patients were chosen. Curves use the mean risk over repeats."""
    observed, risks = held_out.observed, held_out.risks[deployed]
    mean_risk = risks.mean(axis=0)
    return {
        "n": len(observed),
        "events": int(observed.by_horizon().sum()),
        "unknown": int((~observed.known()).sum()),
        "event_rate": asdict(event_rate(observed)),
        "estimates": {name: asdict(figures[name]) for name in HEADLINES},
        "net_benefit": [
            {
                "threshold": t,
                "model": asdict(figures[f"net_benefit_at_{t:.2f}"]),
                "treat_all": asdict(figures[f"treat_all_at_{t:.2f}"]),
            }
            for t in study.thresholds
        ],
        "calibration_curve": calibration_curve(mean_risk, observed, CURVE_GROUPS, max(smallest, len(observed) // 20)),
        "risk_distribution": risk_distribution(mean_risk, observed, RISK_BINS, smallest),
        "subgroups": by_subgroup(
            risks, observed, held_out.patient, groups, smallest, settings.resamples, settings.seed
        ),
    }


def _flat(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: estimate.value, f"{name}_lo": estimate.lo, f"{name}_hi": estimate.hi}
