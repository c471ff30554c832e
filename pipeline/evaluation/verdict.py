"""The verdict: each check with its number, and the worst of them. Quality never fails a stage."""

from collections.abc import Mapping
from typing import Any

from data_schemas.columns import Study
from pipeline.evaluation.data_checks import Check, check_data, make_check
from pipeline.evaluation.suspicion import check_suspicion
from pipeline.phrases import phrase

LEVELS = ("PASS", "WARN", "FAIL")
LEAK = phrase("Suspected leak: AUROC is {interval}, all of it above {ceiling}, the declared ceiling ({source}).")
PERHAPS_LEAK = phrase("Possible leak: AUROC is {interval}, above {ceiling}, the declared ceiling ({source}).")
NOT_ABOVE = phrase("AUROC is not above {ceiling}, the declared ceiling ({source}).")


def judge(performance: Mapping[str, Any], validation: Mapping[str, Any], study: Study) -> dict[str, Any]:
    """`PASS`, `WARN` or `FAIL` with every check's sentence, from `performance.json` and `validation.json`."""
    estimates = performance["estimates"]
    checks = [
        _discrimination(estimates["auroc"]),
        _suspicion(estimates["auroc"], study),
        *check_suspicion(performance["suspicion"]),
        _covers_one(phrase("Calibration slope"), estimates["calibration_slope"]),
        _covers_one(phrase("Observed to expected ratio"), estimates["oe_ratio"]),
        _usefulness(performance["net_benefit"]),
        *check_data(validation, performance),
    ]
    worst = max(LEVELS.index(check["level"]) for check in checks)
    return {"verdict": LEVELS[worst], "checks": checks}


def _interval(estimate: Mapping[str, Any]) -> str:
    limits = {key: f"{estimate[key]:.3g}" for key in ("value", "lo", "hi")}
    return phrase("{value} (95% interval {lo} to {hi})").format(**limits)


def _missing(name: str, estimate: Mapping[str, Any]) -> Check | None:
    if estimate["lo"] is not None:
        return None
    sentence = phrase("No interval could be computed: {reason}.").format(reason=estimate["reason"])
    return make_check(name, "WARN", sentence)


def _discrimination(auroc: Mapping[str, Any]) -> Check:
    name = phrase("Discrimination")
    if missing := _missing(name, auroc):
        return missing
    level, sentence = (
        ("PASS", phrase("AUROC is {interval}: better than chance."))
        if auroc["lo"] > 0.5
        else ("FAIL", phrase("AUROC is {interval}: chance is not ruled out."))
    )
    return make_check(name, level, sentence.format(interval=_interval(auroc)))


def _suspicion(auroc: Mapping[str, Any], study: Study) -> Check:
    name, ceiling = phrase("Too good to be true"), study.auroc_ceiling
    if missing := _missing(name, auroc):
        return missing
    level, sentence = (
        ("FAIL", LEAK) if auroc["lo"] > ceiling else ("WARN", PERHAPS_LEAK) if auroc["value"] > ceiling
        else ("PASS", NOT_ABOVE)
    )  # fmt: skip
    told = {"interval": _interval(auroc), "ceiling": f"{ceiling:g}", "source": study.auroc_ceiling_source}
    return make_check(name, level, sentence.format(**told))


def _covers_one(name: str, estimate: Mapping[str, Any]) -> Check:
    if missing := _missing(name, estimate):
        return missing
    level, sentence = (
        ("PASS", phrase("{figure} is {interval}: the interval holds 1, the ideal."))
        if estimate["lo"] <= 1 <= estimate["hi"]
        else ("WARN", phrase("{figure} is {interval}: the interval leaves out 1, the ideal."))
    )
    return make_check(name, level, sentence.format(figure=name, interval=_interval(estimate)))


def _usefulness(net_benefit: list[dict[str, Any]]) -> Check:
    points = [(p["model"]["value"], p["treat_all"]["value"]) for p in net_benefit]
    known = [(model, treat_all) for model, treat_all in points if model is not None and treat_all is not None]
    better = sum(model > max(treat_all, 0.0) for model, treat_all in known)
    sentence = phrase("Net benefit is above both treating all and treating none at {n} of {thresholds} thresholds.")
    level = "PASS" if 2 * better > len(points) else "WARN"
    return make_check(phrase("Clinical utility"), level, sentence.format(n=better, thresholds=len(points)))
