"""Whether a challenger does better or worse than the champion, on the same patients, unseen by both."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.estimates import Estimate, Z, nothing
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.performance import measure
from pipeline.evaluation.subgroups import hide_levels
from pipeline.outcomes import Observed
from pipeline.patients import count_patients
from pipeline.phrases import phrase
from pipeline.sections import Evaluate

OWN = ("auroc", "brier", "log_loss", "oe_ratio", "calibration_slope")
FAR = 0.1  # risks that differ by more call for a word to those who know the earlier ones
ONE_PATIENT = phrase("there is one patient")


@dataclass(frozen=True)
class Challenge:
    """What n records were told unseen, (n,) or (r, n) for r repeats each, and what became of them.

    `patient` (n,) numbers the patients, `groups` label each record.
    """

    challenger: FloatArray
    champion: FloatArray
    observed: Observed
    patient: IntArray
    groups: Mapping[str, pd.Categorical]

    def take(self, members: BoolArray) -> "Challenge":
        """The same of the records in `members`, (n,)."""
        groups = {name: labels[members] for name, labels in self.groups.items()}
        risks = np.atleast_2d(self.challenger)[:, members], np.atleast_2d(self.champion)[:, members]
        return Challenge(*risks, self.observed.take(members), self.patient[members], groups)


def compare_with_champion(
    challenge: Challenge, thresholds: Sequence[float], smallest: int, settings: Evaluate
) -> dict[str, Any]:
    """Figures of both, their paired differences (challenger less champion) and how far single risks agree.

    Estimates have `value`, `lo`, `hi` of 95% and `reason`. Subgroups are those that may be shown.
    """
    rest = challenge.observed, challenge.patient, thresholds, settings.resamples, settings.seed
    both = {"challenger": challenge.challenger, "champion": challenge.champion}
    own = {name: measure(risk, *rest) for name, risk in both.items()}
    subgroups = compare_subgroups(challenge, smallest, settings)
    known = [row for row in subgroups if row["auroc"]["value"] is not None]
    differences = compare(challenge.challenger, challenge.champion, *rest)
    return {
        "patients": count_patients(challenge.patient),
        "figures": {name: {key: asdict(figures[key]) for key in OWN} for name, figures in own.items()},
        "differences": {name: asdict(estimate) for name, estimate in differences.items()},
        "subgroups": subgroups,
        "worst_subgroup": min(known, key=lambda row: row["auroc"]["value"]) if known else None,
        "agreement": describe_agreement(challenge.challenger, challenge.champion, challenge.patient, thresholds),
    }


def compare_subgroups(challenge: Challenge, smallest: int, settings: Evaluate) -> list[dict[str, Any]]:
    """The paired difference in AUROC of each level that has enough patients."""
    rows = []
    for column, labels in challenge.groups.items():
        levels = {level: np.asarray(labels == level) for level in labels.categories if level}
        hidden = hide_levels(levels, challenge.observed, challenge.patient, smallest)
        for level in [level for level in levels if level not in hidden]:
            part = challenge.take(levels[level])
            drawn = (), settings.resamples, settings.seed
            found = compare(part.challenger, part.champion, part.observed, part.patient, *drawn)["auroc"]
            rows.append({"column": column, "level": level, "auroc": asdict(found)})
    return rows


def describe_agreement(
    challenger: FloatArray, champion: FloatArray, patient: IntArray, thresholds: Sequence[float]
) -> dict[str, Any]:
    """How far the risks of single patients move: their mean difference and the limits of agreement.

    After Bland and Altman (1986, Lancet 327:307). Also the share of patients whose risk moves by more than `FAR`, and
    of those who change sides at each threshold. Each patient counts once, by the mean over records and repeats.
    """
    first, second = (np.atleast_2d(risk).mean(axis=0) for risk in (challenger, champion))

    def by_patient(values: FloatArray | BoolArray) -> FloatArray:
        return np.asarray(pd.Series(values).astype(float).groupby(patient).mean(), dtype=np.float64)

    moved, far = by_patient(first - second), by_patient(np.abs(first - second) > FAR)
    crossing = {t: by_patient((first >= t) != (second >= t)) for t in thresholds}
    spread = float(moved.std(ddof=1)) if len(moved) > 1 else 0.0
    return {
        "mean_difference": asdict(estimate_mean(moved)),
        "limits": [float(moved.mean() - Z * spread), float(moved.mean() + Z * spread)],
        "far": asdict(estimate_mean(far)),
        "crossing": [{"threshold": t, "share": asdict(estimate_mean(each))} for t, each in crossing.items()],
    }


def estimate_mean(each: FloatArray) -> Estimate:
    """The mean of a value per patient, with the interval of the normal approximation."""
    if len(each) < 2:
        return nothing(ONE_PATIENT)
    mean, error = float(each.mean()), float(each.std(ddof=1)) / float(np.sqrt(len(each)))
    return Estimate(mean, mean - Z * error, mean + Z * error)
