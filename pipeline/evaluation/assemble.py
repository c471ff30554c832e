"""The published figures of a cohort, from the risks its patients were given unseen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Study
from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.disclosure import NumberOf, may_tell, share
from pipeline.estimates import Estimate
from pipeline.evaluation.comparison import delong
from pipeline.evaluation.flexible import flexible_curve
from pipeline.evaluation.intervals import say_why_undefined, summarise
from pipeline.evaluation.performance import calibration_curve, resample_figures, risk_distribution, summarise_figures
from pipeline.evaluation.rates import event_rate
from pipeline.evaluation.resampling import Resampled
from pipeline.evaluation.subgroups import by_subgroup, worst_gap
from pipeline.evaluation.targets import by_target, over_classes
from pipeline.evaluation.utility import describe_decisions
from pipeline.outcomes import Observed
from pipeline.patients import number_patients
from pipeline.progress import progress
from pipeline.sections import Evaluate

HEADLINES = (
    "auroc", "brier", "scaled_brier", "log_loss", "calibration_slope", "calibration_intercept", "oe_ratio", "ici",
)  # fmt: skip
COMPARED = ("auroc", "brier", "log_loss", "calibration_slope", "oe_ratio", "ici")
PREVALENCE = "prevalence"
DIFFERENCES = ("auroc", "brier", "log_loss")
RISK_BINS, CURVE_GROUPS = 10, 10


@dataclass(frozen=True)
class HeldOut:
    """What n unseen records were told by each model, and how sure it was, in each of r repeats.

    `risks` (r, n) by model; `also` (r, n) by further target; `lower`, `upper` and `outside` (r, n) of the deployed
    model; `targets` are the outcomes by name, that of the headline figures first; `patient` (n,) a number per patient.
    """

    risks: dict[str, FloatArray]
    also: dict[str, FloatArray]
    lower: FloatArray
    upper: FloatArray
    outside: BoolArray
    targets: dict[str, Observed]
    patient: IntArray

    @classmethod
    def from_predictions(cls, predictions: pd.DataFrame, targets: dict[str, Observed]) -> "HeldOut":
        """Read the rows of stage `train`; `targets` are the outcomes of the records of a repeat, in its order."""
        repeats = [rows for _, rows in predictions.groupby("repeat", sort=True)]

        def stack(name: str) -> FloatArray:
            return np.stack([rows[name].to_numpy(float) for rows in repeats])

        def named(prefix: str) -> dict[str, FloatArray]:
            names = [str(name) for name in predictions.columns if str(name).startswith(prefix)]
            return {name.removeprefix(prefix): stack(name) for name in names}

        risks, patient = named("risk_"), number_patients(repeats[0]["pseudonym"])
        if PREVALENCE in risks:  # each fold has a rate of its own, which would order patients by their fold
            risks[PREVALENCE] = np.broadcast_to(risks[PREVALENCE].mean(axis=1, keepdims=True), risks[PREVALENCE].shape)
        outside = stack("outside") > 0
        return cls(risks, named("also_"), stack("lower"), stack("upper"), outside, targets, patient)

    @property
    def observed(self) -> Observed:
        """The outcome of the headline figures."""
        return next(iter(self.targets.values()))


def resample_models(held_out: HeldOut, study: Study, settings: Evaluate) -> dict[str, Resampled]:
    """All figures of every model, in the same resamples."""
    names = progress(list(held_out.risks), "Bootstrap")
    return {
        name: resample_figures(
            held_out.risks[name],
            held_out.observed,
            held_out.patient,
            study.thresholds,
            settings.resamples,
            settings.seed,
        )
        for name in names
    }


def compare_models(drawn: Mapping[str, Resampled], observed: Observed) -> dict[str, dict[str, Estimate]]:
    """All figures of every model, with their intervals."""
    return {name: summarise_figures(each, observed) for name, each in drawn.items()}


def compare_with(held_out: HeldOut, drawn: Mapping[str, Resampled], deployed: str) -> dict[str, dict[str, Any]]:
    """The deployed model less every other, on the same patients: differences by paired bootstrap, and DeLong's test.

    `drawn` are the models' figures in the same resamples. DeLong's test is for outcomes known for everybody; after
    censoring `delong` is None.
    """
    observed, patient, risks = held_out.observed, held_out.patient, held_out.risks
    found: dict[str, dict[str, Any]] = {}
    for name in [name for name in risks if name != deployed]:
        pair = risks[deployed], risks[name]
        found[name] = compare_pair(drawn, deployed, name, observed)
        found[name]["delong"] = asdict(delong(*pair, observed.event, patient)) if observed.time is None else None
    return found


def compare_pair(drawn: Mapping[str, Resampled], one: str, other: str, observed: Observed) -> dict[str, Any]:
    """Figures of the model `one` less those of `other`, in the same resamples of the same patients."""
    first, second, reason = drawn[one], drawn[other], say_why_undefined(observed)
    return {
        key: asdict(summarise(first.points[key] - second.points[key], first.values[key] - second.values[key], reason))
        for key in DIFFERENCES
    }


def tabulate_models(
    figures: Mapping[str, Mapping[str, Estimate]],
    differences: Mapping[str, Mapping[str, Any]],
    deployed: str,
    labels: Mapping[str, str],
) -> pd.DataFrame:
    """One row per model with its figures and intervals, the deployed one first.

    `auroc_less` and `log_loss_less` say what the deployed model has more, with the interval of paired resamples.
    """
    rows = []
    for name, found in figures.items():
        row: dict[str, Any] = {"model": name, "label": labels[name], "deployed": name == deployed}
        row |= {key: number for figure in COMPARED for key, number in _flat(figure, found[figure]).items()}
        blank = asdict(Estimate(None, None, None))
        less = {key: differences[name][key] if name in differences else blank for key in ("auroc", "log_loss")}
        row |= {k: v for key, one in less.items() for k, v in _flat(f"{key}_less", Estimate(**one)).items()}
        rows.append(row)
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
    observed, risks, patient = held_out.observed, held_out.risks[deployed], held_out.patient
    mean_risk, drawn = risks.mean(axis=0), (smallest, settings.resamples, settings.seed)
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
        "decisions": describe_decisions(risks, observed, patient, study.thresholds, *drawn),
        "calibration_curve": calibration_curve(mean_risk, observed, CURVE_GROUPS, max(smallest, len(observed) // 20)),
        "smooth_curve": flexible_curve(mean_risk, observed, patient, settings.resamples, settings.seed, smallest),
        "risk_distribution": risk_distribution(mean_risk, observed, RISK_BINS, smallest),
        "subgroups": by_subgroup(risks, observed, patient, groups, *drawn),
        "worst_gaps": worst_gap(risks, observed, patient, groups, *drawn),
        "uncertainty": _describe_uncertainty(held_out, smallest),
        **_describe_targets(held_out, deployed, study, settings, smallest),
    }


def _describe_targets(
    held_out: HeldOut, deployed: str, study: Study, settings: Evaluate, smallest: int
) -> dict[str, Any]:
    """`targets`: figures of each horizon or class, empty where there is one alone; `classes`: those over all."""
    if len(held_out.targets) == 1:
        return {"targets": [], "classes": {}}
    first, *_ = held_out.targets
    risks = {first: held_out.risks[deployed]} | held_out.also
    classes = over_classes(risks, held_out.targets, held_out.patient, study.outcome, settings)
    return {
        "targets": by_target(risks, held_out.targets, held_out.patient, study.outcome, smallest, settings),
        "classes": {name: asdict(estimate) for name, estimate in classes.items()},
    }


def _describe_uncertainty(held_out: HeldOut, smallest: int) -> dict[str, Any]:
    """How wide the patients' intervals are, and how many are unlike those the model learnt from, if enough are."""
    width = (held_out.upper - held_out.lower).mean(axis=0)
    outside = held_out.outside.mean(axis=0) >= 0.5
    tells = may_tell(int(outside.sum()), len(outside), smallest)
    return {
        "median_width": float(np.median(width)),
        "width_90": float(np.quantile(width, 0.9)),
        "outside": int(outside.sum()) if tells else None,
        "outside_share": NumberOf(share, int(outside.sum()), len(outside)) if tells else None,
    }


def _flat(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: estimate.value, f"{name}_lo": estimate.lo, f"{name}_hi": estimate.hi}
