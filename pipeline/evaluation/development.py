"""Whether enough patients taught the model: the sample-size criteria for this cohort, outcome and design."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from data_schemas.columns import Classes, Study, TimeToEvent
from pipeline.evaluation.sample_size import (
    largest_r2,
    largest_r2_survival,
    needed_binary,
    needed_time_to_event,
    parameters_allowed,
    r2_from_auroc,
    r2_from_concordance,
)
from pipeline.phrases import phrase

PUBLISHED = phrase("others reached an AUROC of {auroc} ({source})")
UNPUBLISHED = phrase("nothing is declared of what others reached, so 15% of the outcome is taken to be explainable")
AGAINST_OTHERS = phrase("{expected}; {label} is the event, against all other classes")
ASSUMED_SHARE = 0.15  # of the largest possible R2, where nothing is known (Riley et al. 2020)
NEARLY_ALL = 0.99


def describe_sample_size(study: Study, model: Mapping[str, Any]) -> dict[str, Any]:
    """How many patients the criteria ask for, and what those there are allow, from `model_summary.json`.

    The R2 to expect follows from the AUROC that others have published, where the schema declares one. Of several
    classes the criteria are those of the class of interest against all others. Holds
    `patients`, `events`, `parameters`, `needed`, `needed_events`, both events per parameter, `criteria`,
    `parameters_allowed` and `expects`.
    """
    development, parameters = model["development"], model["parameters"]
    if isinstance(study.outcome, TimeToEvent):
        per_patient = development["events"] / development["patients"]
        follow_up = development["mean_follow_up"]
        largest = largest_r2_survival(per_patient / follow_up, follow_up)
        r2 = r2_from_concordance(study.published_auroc, per_patient) if study.published_auroc else None
        needs = partial(
            needed_time_to_event,
            event_rate=per_patient / follow_up,
            horizon=float(study.outcome.horizon),
            mean_follow_up=follow_up,
            r2=_bounded(r2, largest),
        )
    else:
        prevalence = model["event_rate"]
        r2 = r2_from_auroc(study.published_auroc, prevalence) if study.published_auroc else None
        needs = partial(needed_binary, prevalence=prevalence, r2=_bounded(r2, largest_r2(prevalence)))
    needed = needs(max(parameters, 1))
    return {
        "patients": development["patients"],
        "events": development["events"],
        "parameters": parameters,
        "needed": needed.n,
        "needed_events": round(needed.events),
        "events_per_parameter": development["events"] / max(parameters, 1),
        "needed_events_per_parameter": needed.events_per_parameter,
        "criteria": [asdict(criterion) for criterion in needed.criteria],
        "parameters_allowed": parameters_allowed(development["patients"], needs),
        "expects": _expects(study),
    }


def _bounded(r2: float | None, largest: float) -> float:
    return ASSUMED_SHARE * largest if r2 is None else min(r2, NEARLY_ALL * largest)


def _expects(study: Study) -> str:
    outcome, auroc, expected = study.outcome, study.published_auroc, UNPUBLISHED
    if auroc is not None:
        expected = PUBLISHED.format(auroc=f"{auroc:g}", source=study.published_auroc_source)
    return AGAINST_OTHERS.format(expected=expected, label=outcome.event) if isinstance(outcome, Classes) else expected
