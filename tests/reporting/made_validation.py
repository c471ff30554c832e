"""The models compared and what further developments told, made up; each cohort lacks something else."""

from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Binary, Cohort, TimeToEvent
from tests.reporting.made_cohorts import HOSTILE
from tests.reporting.made_estimates import est

ENDS = {"": 0, "_lo": -0.05, "_hi": 0.05}
MODELS = {
    "prevalence": "The event rate for everybody", "logistic": "Logistic regression",
    "baseline": "Baseline: Age alone", "ensemble": "Log-odds average, recalibrated", "trees": "Boosted trees",
}  # fmt: skip
FIGURES = {"auroc": 0.69, "brier": 0.21, "log_loss": 0.61, "calibration_slope": 0.95, "oe_ratio": 1.04, "ici": 0.06}
TOO_FEW = "too few patients to publish"


def make_models() -> pd.DataFrame:
    """`models.csv`: the event rate for everybody has no slope, and the trees' ratio no interval."""
    rows = [
        {"model": model, "label": label, "deployed": model == "ensemble",
         **{f"{key}{end}": value + shift for key, value in FIGURES.items() for end, shift in ENDS.items()}}
        for model, label in MODELS.items()
    ]  # fmt: skip
    models = pd.DataFrame(rows)
    models.loc[0, [f"calibration_slope{end}" for end in ENDS]] = None
    models.loc[4, ["oe_ratio_lo", "oe_ratio_hi"]] = None
    return models


def make_members(name: str) -> list[dict[str, Any]]:
    """Two members; of the hostile cohort, the first was pooled over imputations."""
    spline: dict[str, Any] = {
        "name": "spline_logistic", "label": "Logistic regression with splines", "weight": 0.55,
        "says": "Penalised logistic regression; each number enters as a cubic spline with 5 knots.",
    }  # fmt: skip
    trees = {
        "name": "boosted_trees", "label": "Boosted trees", "weight": 0.45,
        "says": "200 gradient-boosted trees of depth 2, monotone where the schema gives a direction.",
    }  # fmt: skip
    if name == "hostile":
        spline["pooled"] = [{"term": HOSTILE, "estimate": 0.405465, "lo": 0.0, "hi": 0.693147, "fmi": 0.23}]
    return [spline, trees]


def make_further(cohort: type[Cohort], design: str) -> dict[str, Any]:
    """What `performance.json` holds beyond the figures of the deployed model."""
    crossed, followed = design == "cross-validation", isinstance(cohort.study().outcome, TimeToEvent)
    hostile = design == "hold-out"
    further: dict[str, Any] = {"targets": [], "classes": {}, "sites": make_sites() if hostile else no_sites()}
    if followed:
        further["targets"] = make_targets("3 years", "1 year", "5 years")
    if hostile:
        further["targets"] = make_targets("yes", "no", HOSTILE)
        further["classes"] = {"macro_auroc": est(0.723), "log_loss": est(None, reason="nobody had the event")}
    return further | {
        "smooth_curve": no_curve() if crossed else make_curve(),
        "worst_gaps": make_gaps(cohort),
        "uncertainty": {
            "median_width": 0.0412, "width_90": 0.0934,
            "outside": 0 if crossed else 23 if hostile else None,
            "outside_share": 0.0 if crossed else 0.058 if hostile else None,
        },
        "suspicion": {"membership_inference": est(0.534, 0.03), "train_to_test_gap": est(0.049, 0.052)},
        "comparisons": make_comparisons(isinstance(cohort.study().outcome, Binary)),
        "optimism": [] if hostile else make_optimism(),
        "learning_curve": [] if hostile else [
            {"share": share, "patients": patients, "auroc": est(auroc, 0.06), "log_loss": est(0.66, 0.03),
             "calibration_slope": est(None, reason="the fit did not converge")}
            for share, patients, auroc in ((0.25, 70, 0.641), (0.5, 140, 0.672))
        ],
    }  # fmt: skip


def make_curve() -> dict[str, Any]:
    grid = np.linspace(0.11, 0.74, 50)
    points = [
        {"predicted": p, "observed": o, "lo": o - 0.06, "hi": o + 0.06} for p, o in zip(grid, grid**1.1, strict=True)
    ]
    return {"fit": "restricted cubic spline", "e90": 0.0731, "points": points, "reason": None}


def no_curve() -> dict[str, Any]:
    return {"fit": None, "e90": None, "points": [], "reason": "the predicted risks hardly differ"}


def make_gaps(cohort: type[Cohort]) -> list[dict[str, Any]]:
    """The first subgroup has a gap of both, the second none of O:E, others show too few levels."""
    why = "fewer than two groups are shown"
    made: list[dict[str, Any]] = []
    for place, group in enumerate(cohort.study().subgroups):
        column = cohort.columns()[group.column]
        one, other = list(column.codes.values())[:2] or ["over 65 years", "under 50 years"]
        row = {"column": column.label, "compared": 3 - place, "suppressed": None if place < 2 else why}
        row |= {"auroc": est(0.083, 0.08), "auroc_levels": [one, other]}
        row |= {"log_oe": est(0.182322, 0.18), "log_oe_levels": [other, one]}
        if place:
            row |= {"log_oe": est(None, reason="nobody had the event"), "log_oe_levels": None}
        if place > 1:
            row |= {"auroc": est(None, reason=why), "auroc_levels": None}
        made.append(row)
    return made


def make_targets(*names: str) -> list[dict[str, Any]]:
    """The second has few more or fewer events than the first; the third is hidden for being small."""
    keys = ("auroc", "brier", "log_loss", "calibration_slope", "oe_ratio")
    rows = [
        {"target": name, "events": events} | {key: est(0.7 + 0.01 * place) for key in keys}
        for place, (name, events) in enumerate(zip(names, (145, 141, None), strict=True))
    ]
    return [*rows[:2], rows[2] | dict.fromkeys(keys, est(None, reason=TOO_FEW))]


def make_comparisons(binary: bool) -> dict[str, dict[str, Any]]:
    """The deployed model less each other one; DeLong's test for a binary outcome, once without a spread."""
    tests: dict[str, dict[str, Any]] = {
        "prevalence": {"difference": 0.192, "lo": 0.131, "hi": 0.253, "z": 6.2, "p": 6e-10, "reason": None},
        "logistic": {"difference": 0.011, "lo": -0.009, "hi": 0.031, "z": 1.1, "p": 0.2873, "reason": None},
        "baseline": {"difference": 0.11, "lo": 0.04, "hi": 0.18, "z": 3.1, "p": 0.0021, "reason": None},
        "trees": {"difference": 0.02, "lo": None, "hi": None, "z": None, "p": None, "reason": "one patient only"},
    }
    return {
        model: {"auroc": est(test["difference"] + 0.001, 0.02), "brier": est(-0.004, 0.003),
                "log_loss": est(-0.013, 0.017), "delong": test if binary else None}
        for model, test in tests.items()
    }  # fmt: skip


def make_optimism() -> list[dict[str, Any]]:
    figures = {"auroc": (0.741, 0.031), "brier": (0.192, -0.014), "log_loss": (0.571, -0.032)}
    rows = [
        {"figure": name, "apparent": apparent, "optimism": est(gap, 0.01), "corrected": apparent - gap, "resamples": 20}
        for name, (apparent, gap) in figures.items()
    ]
    undefined = {"figure": "calibration_slope", "apparent": None, "corrected": None, "resamples": 20}
    return [*rows, undefined | {"optimism": est(None, reason="the fit did not converge")}]


def make_sites() -> dict[str, Any]:
    """Three sites, and one left out that has 7 of 400 records and 5 of 262 events."""
    sizes = {"Northern": (190, 120), f"Site {HOSTILE}": (150, 95), "Coast": (53, 42)}
    sites = [
        {"site": name, "n": n, "events": events, "auroc": est(0.66 + 0.04 * place),
         "oe_ratio": est(0.9 + 0.1 * place, 0.2), "calibration_slope": est(0.9, 0.3)}
        for place, (name, (n, events)) in enumerate(sizes.items())
    ]  # fmt: skip
    return {"sites": sites, "hidden": 1, "pooled": est(0.697, 0.09)}


def no_sites() -> dict[str, Any]:
    return {"sites": [], "hidden": 0, "pooled": est(None, reason="fewer than three sites have an interval")}
