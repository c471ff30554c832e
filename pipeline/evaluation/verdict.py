"""The verdict: each check with its number, and the worst of them. Quality never fails a stage."""

from collections.abc import Mapping
from typing import Any

from data_schemas.columns import Study
from pipeline.evaluation.data_checks import Check, check_data, make_check
from pipeline.evaluation.suspicion import check_suspicion

LEVELS = ("PASS", "WARN", "FAIL")


def judge(performance: Mapping[str, Any], validation: Mapping[str, Any], study: Study) -> dict[str, Any]:
    """`PASS`, `WARN` or `FAIL` with every check's sentence, from `performance.json` and `validation.json`."""
    estimates = performance["estimates"]
    checks = [
        _discrimination(estimates["auroc"]),
        _suspicion(estimates["auroc"], study),
        *check_suspicion(performance["suspicion"]),
        _covers_one("Calibration slope", estimates["calibration_slope"]),
        _covers_one("Observed to expected ratio", estimates["oe_ratio"]),
        _usefulness(performance["net_benefit"]),
        *check_data(validation, performance),
    ]
    worst = max(LEVELS.index(check["level"]) for check in checks)
    return {"verdict": LEVELS[worst], "checks": checks}


def _interval(estimate: Mapping[str, Any]) -> str:
    return f"{estimate['value']:.3g} (95% interval {estimate['lo']:.3g} to {estimate['hi']:.3g})"


def _missing(name: str, estimate: Mapping[str, Any]) -> Check | None:
    if estimate["lo"] is not None:
        return None
    return make_check(name, "WARN", f"No interval could be computed: {estimate['reason']}.")


def _discrimination(auroc: Mapping[str, Any]) -> Check:
    name = "Discrimination"
    if missing := _missing(name, auroc):
        return missing
    if auroc["lo"] > 0.5:
        return make_check(name, "PASS", f"AUROC is {_interval(auroc)}: better than chance.")
    return make_check(name, "FAIL", f"AUROC is {_interval(auroc)}: chance is not ruled out.")


def _suspicion(auroc: Mapping[str, Any], study: Study) -> Check:
    name, ceiling = "Too good to be true", study.auroc_ceiling
    if missing := _missing(name, auroc):
        return missing
    because = f"{ceiling:g}, the declared ceiling ({study.auroc_ceiling_source})"
    if auroc["lo"] > ceiling:
        return make_check(name, "FAIL", f"Suspected leak: AUROC is {_interval(auroc)}, all of it above {because}.")
    if auroc["value"] > ceiling:
        return make_check(name, "WARN", f"Possible leak: AUROC is {_interval(auroc)}, above {because}.")
    return make_check(name, "PASS", f"AUROC is not above {because}.")


def _covers_one(name: str, estimate: Mapping[str, Any]) -> Check:
    if missing := _missing(name, estimate):
        return missing
    if estimate["lo"] <= 1 <= estimate["hi"]:
        return make_check(name, "PASS", f"{name} is {_interval(estimate)}: the interval holds 1, the ideal.")
    return make_check(name, "WARN", f"{name} is {_interval(estimate)}: the interval leaves out 1, the ideal.")


def _usefulness(net_benefit: list[dict[str, Any]]) -> Check:
    name = "Clinical utility"
    points = [(p["model"]["value"], p["treat_all"]["value"]) for p in net_benefit]
    known = [(model, treat_all) for model, treat_all in points if model is not None and treat_all is not None]
    better = sum(model > max(treat_all, 0.0) for model, treat_all in known)
    sentence = f"Net benefit is above both treating all and treating none at {better} of {len(points)} thresholds."
    return make_check(name, "PASS" if 2 * better > len(points) else "WARN", sentence)
