"""Results of a cohort that hang together as far as a page can tell, made up."""

from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import (
    Binary,
    Cohort,
    FactorClass,
)
from pipeline.reporting import (
    Results,
)
from tests.reporting.made_cohorts import COHORTS, SMALLEST, make_records, make_split
from tests.reporting.made_effects import make_effect
from tests.reporting.made_estimates import est
from tests.reporting.made_explanation import make_explanation
from tests.reporting.made_phenotypes import make_membership, make_phenotypes, make_risks
from tests.reporting.made_resources import make_resources
from tests.reporting.made_validation import make_further, make_members, make_models


def make_performance(cohort: type[Cohort], design: str) -> dict[str, Any]:
    bins = [(i / 10, (i + 1) / 10) for i in range(10)]
    counts = [(None, 40, 0), (12, 60, 0), (20, 50, 0), (25, 35, 0), (30, 25, 0), (24, 16, 0), (15, 11, 0)]
    counts += [(12, None, 0), (None, None, 0), (0, 0, 0)]
    censored = 0 if isinstance(cohort.study().outcome, Binary) else 12
    if censored:
        counts[3] = (25, 35, 12)
    columns, subgroups = cohort.columns(), []
    for group in cohort.study().subgroups:
        levels = [f"{a} to {b}" for a, b in zip((0, *group.cuts), (*group.cuts, 99), strict=True)]
        for i, level in enumerate(columns[group.column].codes.values() if not group.cuts else levels):
            small = i == 2 and group.column != "age"
            subgroups.append({
                "column": columns[group.column].label, "level": level, "n": None if small else 60 + 9 * i,
                "events": None if small else 20 + 3 * i,
                "auroc": est(None, reason="too few events") if small else est(0.66 + 0.03 * i, 0.1),
                "oe_ratio": est(None, reason="too few events") if small else est(0.95 + 0.08 * i, 0.25),
                "suppressed": "fewer than 10 patients" if small else None,
            })  # fmt: skip
    return {
        "sample_size": {
            "patients": 280,
            "events": 117,
            "parameters": 24,
            "needed": 662,
            "needed_events": 115,
            "events_per_parameter": 4.9,
            "needed_events_per_parameter": 4.8,
            "criteria": [{"name": "shrinkage", "sentence": "Expected shrinkage is at least 0.9.", "n": 662}],
            "parameters_allowed": 10,
            "expects": "others reached an AUROC of 0.7 (made up)",
        },
        "repeats_across_parts": 0,
        "design": design,
        "says": "Patients from 1987 on tested a model developed on the patients before."
        if design == "temporal"
        else "Every patient was predicted by models developed on other patients, in 5 folds, twice.",
        "n": 145 + 243 + censored,
        "events": 145,
        "unknown": censored,
        "event_rate": est(0.42, 0.06),
        "estimates": {
            "auroc": est(0.692, 0.051),
            "brier": est(0.211, 0.02),
            "scaled_brier": est(0.112, 0.06),
            "log_loss": est(0.613, 0.04),
            "ici": est(0.034, 0.021),
            "calibration_slope": est(0.93, 0.31),
            "calibration_intercept": est(None, reason="the fit did not converge"),
            "oe_ratio": est(1.06, 0.14),
        },
        "net_benefit": [
            {"threshold": t, "model": est(0.36 - 0.55 * t, 0.05), "treat_all": est((0.42 - t) / (1 - t), 0.04)}
            for t in cohort.study().thresholds
        ],
        "decisions": [make_decision(t, hidden=i % 3 == 1) for i, t in enumerate(cohort.study().thresholds)],
        "calibration_curve": [
            {"predicted": p, "observed": o, "lo": o - 0.09, "hi": o + 0.09, "n": 41}
            for p, o in ((0.17, 0.2), (0.29, 0.26), (0.38, 0.43), (0.5, 0.49), (0.68, 0.66))
        ],
        "risk_distribution": [
            {"low": low, "high": high, "event": e, "no_event": o, "unknown": u}
            for (low, high), (e, o, u) in zip(bins, counts, strict=True)
        ],
        "subgroups": subgroups,
        "phenotypes": make_risks(cohort, 3),
        **make_further(cohort, design),
    }


def make_decision(threshold: float, *, hidden: bool) -> dict[str, Any]:
    """What acting at a threshold comes to, per patient."""
    found, false, reason = 0.4 - 0.4 * threshold, 0.6 - 0.9 * threshold, "too few patients"
    shares = {"treated": found + false, "true_positives": found, "false_positives": false, "missed": 0.42 - found}
    made = {name: est(None, reason=reason) if hidden else est(share, 0.05) for name, share in shares.items()}
    return {"threshold": threshold, "suppressed": reason if hidden else None} | made


def make_factors(cohort: type[Cohort]) -> tuple[pd.DataFrame, dict[str, list[dict[str, Any]]]]:
    rows, curves = [], {}
    for rank, (name, column) in enumerate(cohort.predictors().items(), start=1):
        expected = {None: "", -1: "decreases", 1: "increases"}[column.expected and int(column.expected.direction)]
        learnt = expected or ("not monotone" if rank % 2 else "flat")
        row: dict[str, Any] = {
            "predictor": name, "label": column.label, "unit": column.unit, "factor": str(column.factor),
            "importance": 0.9 / rank, "importance_lo": 0.6 / rank, "importance_hi": 1.2 / rank,
            "points": 0.09 / rank, "points_lo": 0.06 / rank, "points_hi": 0.12 / rank,
            "top_share": 1.0 if rank < 4 else 0.4, "learnt_free": learnt if rank % 3 else "not monotone",
            "rank": rank, "rank_lo": max(rank - 1, 1), "rank_hi": rank + 2, "expected": expected, "learnt": learnt,
            "expected_source": column.expected.source if column.expected else "",
            "low": "low values (at most 4)", "high": "high values (at least 9)", "risk_low": 0.31, "risk_high": 0.52,
        }  # fmt: skip
        if column.change:
            row |= {"eligible": 122, "change": -10.0, "risk_difference": -0.021, "risk_difference_lo": -0.034,
                    "risk_difference_hi": -0.01, "outside_support": 0.07, "not_possible": 0.0, "lowered": 0.9,
                    "recomputed": "", "change_source": ""}  # fmt: skip
        rows.append(row)
        steps = list(column.codes.values()) or ["12", "20", "25", "31", "44", "60"]
        curves[name] = [
            {"group": step if column.codes else f"{step} to under {int(step) + 5}", "n": 70 + i,
             "contribution": 0.2 * i - 0.4, "lo": 0.2 * i - 0.55, "hi": 0.2 * i - 0.3}
            for i, step in enumerate(steps)
        ]  # fmt: skip
    return pd.DataFrame(rows), curves


def make_results(name: str, seed: int = 0, patients: int = 400, cohort: type[Cohort] | None = None) -> Results:
    """Results of a cohort, by default that of the name, that hang together as far as a page can tell."""
    cohort, rng = cohort or COHORTS[name], np.random.default_rng(seed)
    design = "temporal" if cohort.index_date() else "cross-validation" if name != "hostile" else "hold-out"
    valid = make_records(cohort, patients, rng)
    factors, curves = make_factors(cohort)
    sentence = "Discrimination is modest: the interval of the AUROC reaches below 0.65."
    return Results(
        validation={
            "rows_in": patients + 9, "valid": patients, "quarantined": 9, "patients": patients,
            "attrition": [
                {"step": "Records read", "records": patients + 9, "removed": 0, "reason": ""},
                {"step": "Quarantined", "records": patients, "removed": 9, "reason": "not: Age lies in its range"},
                {"step": "Valid records", "records": patients, "removed": 0, "reason": ""},
            ],
            "rules": [
                {"rule": "plausible range", "column": "age", "sentence": "Age lies in the plausible range",
                 "severity": "quarantine", "records": 9, "says": ""},
                {"rule": "unique", "column": None, "sentence": "No record twice", "severity": "refuse", "records": 0,
                 "says": ""},
            ],
        },
        performance=make_performance(cohort, design),
        verdict={
            "verdict": "WARN",
            "checks": [
                {"check": "leakage", "level": "PASS", "sentence": "The AUROC is below the declared ceiling."},
                {"check": "discrimination", "level": "WARN", "sentence": sentence},
            ],
        },
        phenotypes=make_phenotypes(cohort), phenotype_factors=make_membership(cohort, 3),
        model={
            "members": make_members(name), "deployed": "ensemble",
            "labels": {row["model"]: row["label"] for row in make_models().to_dict("records")},
            "recalibration": {"intercept": -0.03, "slope": 1.14}, "event_rate": 0.41,
            "development": {"patients": 280, "events": 117, "mean_follow_up": None}, "parameters": 24,
            "predictors": list(cohort.predictors()),
            "constrained": {n: c.expected.direction.name.lower() for n, c in cohort.predictors().items()
                            if c.expected and c.factor != FactorClass.TREATMENT},
        },
        models=make_models(), risk_factors=factors, factor_curves=curves, valid=valid,
        split=make_split(valid, design), smallest_group=SMALLEST, explanation=make_explanation(cohort),
        treatment_effect=make_effect(cohort) if cohort.study().effect else {},
        provenance={"Data, SHA-256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "Software version": "clinrisk 0.1.0", "scikit-learn": "1.9.1",
                    "Settings": "params.yaml, evaluate: 1000 resamples"},
        resources=make_resources() if name == "breast_cancer_diagnosis" else {},
    )  # fmt: skip
