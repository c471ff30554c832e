"""External validation: how well a model holds for other patients than those of development, and what would mend it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from data_schemas.columns import Cohort
from pipeline.arrays import FloatArray
from pipeline.disclosure import hide_in_bins
from pipeline.estimates import Estimate
from pipeline.evaluation.assemble import HeldOut, compare_models, describe_performance, resample_models
from pipeline.evaluation.subgroups import label_groups
from pipeline.evaluation.updating import Choice, choose_update, describe_updates
from pipeline.models.calibration import sigmoid
from pipeline.operations.scoring.followed import Followed, rarer
from pipeline.sections import Settings

DEPLOYED = "deployed"
TOLD = {"auroc": "AUROC", "oe_ratio": "observed to expected", "calibration_slope": "calibration slope"}


def validate_externally(
    followed: Followed, choices: Mapping[str, Choice], refused: int, cohort: type[Cohort], settings: Settings
) -> dict[str, Any]:
    """What `describe_performance` says of the model for these patients, `left_out` and `recalibration`.

    Aggregates only, small groups hidden. `refused` counts the records that have no risk.
    """
    study, smallest = cohort.study(), settings.disclosure.smallest_group
    held_out = _as_held_out(followed)
    figures = compare_models(resample_models(held_out, study, settings.evaluate), held_out.observed)[DEPLOYED]
    groups = label_groups(followed.records, study.subgroups, cohort.predictors())
    described = describe_performance(held_out, DEPLOYED, figures, groups, study, settings.evaluate, smallest)
    counts = {"refused": refused, "without_outcome": followed.without_outcome}
    left_out = {name: hide_in_bins([count], smallest)[0] for name, count in counts.items()}
    recalibration = _describe_choices(followed, choices, figures, cohort, settings)
    return {"left_out": left_out} | described | {"recalibration": recalibration}


def choose_updates(followed: Followed, smallest: int) -> dict[str, Choice]:
    """The recalibration that the patients support, by target, that of the headline figures first.

    Each model is judged by its own risks, before they are made coherent with the others'. Targets with fewer than
    `smallest` patients with the event, or known to be without it, are left out.
    """
    return {
        name: choose_update(sigmoid(followed.scores[name]), observed, followed.patient)
        for name, observed in followed.targets.items()
        if rarer(observed, followed.patient) >= smallest
    }


def say_findings(found: Mapping[str, Any]) -> list[str]:
    """Two sentences for the console, of what `validate_externally` found."""
    figures = ", ".join(f"{words} {_interval(found['estimates'][name])}" for name, words in TOLD.items())
    return [
        f"For {found['n']:,} records, {found['events']:,} with the event: {figures}.",
        found["recalibration"]["says"],
    ]


def _describe_choices(
    followed: Followed,
    choices: Mapping[str, Choice],
    figures: Mapping[str, Estimate],
    cohort: type[Cohort],
    settings: Settings,
) -> dict[str, Any]:
    """What `describe_updates` says of the first model, and under `also` what is supported for each of the others."""
    (target, first), *others = choices.items()
    observed, patient = followed.targets[target], followed.patient
    risk, thresholds = followed.told["risk"].to_numpy(float), cohort.study().thresholds
    also = [
        {"target": name, "supported": choice.supported, "says": choice.says} | asdict(choice.update)
        for name, choice in others
    ]
    described = describe_updates(first, figures, risk, observed, patient, thresholds, settings.evaluate)
    return described | {"also": also}


def _as_held_out(followed: Followed) -> HeldOut:
    told = followed.told
    _, *others = followed.targets

    def once(name: str) -> FloatArray:
        return told[name].to_numpy(float)[None]

    return HeldOut(
        risks={DEPLOYED: once("risk")},
        also={name: once(f"also_{name}") for name in others},
        lower=once("lower"),
        upper=once("upper"),
        outside=once("outside") > 0,
        targets=followed.targets,
        patient=followed.patient,
    )


def _interval(estimate: Mapping[str, Any]) -> str:
    if estimate["lo"] is None:
        return f"without interval ({estimate['reason']})"
    return f"{estimate['value']:.3g} (95% interval {estimate['lo']:.3g} to {estimate['hi']:.3g})"
