"""The section on the model: its members, the patients needed, and the other models beside it."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting.words.tables import INTERVALS

CONSTRAINED = "For these the schema gives a direction with a source, and tree members may not learn another."
POOLED = (
    "Pooled over imputed tables by Rubin's rules (1987, Multiple Imputation for Nonresponse in Surveys). Missing "
    "information: the share of the variance that imputation adds. Associations in the model, not effects."
)
COMPARED = "The deployed model beside the other candidates and the baselines"
NOT_COMPUTED = "not computed"


def say_model(model: Mapping[str, Any]) -> str:
    """How the members become one model, and on whom; numbers as shown."""
    return (
        "The deployed model averages the members below on the log-odds scale and then recalibrates the average: "
        f"log-odds are multiplied by {model['slope']} and shifted by {model['intercept']}. It was developed on "
        f"{model['patients']} patients, {model['events']} of them with the event, from {model['count']}. The rate of "
        f"the event among them was {model['event_rate']}."
    )


def note_sample_size(sample: Mapping[str, Any]) -> str:
    """The criteria, and how far the patients there are suffice."""
    return (
        f"Criteria of Riley et al. (2019, 2020) for {sample['parameters']} parameters, where {sample['expects']}. "
        f"There are {sample['events_per_parameter']:.3g} events per parameter, and "
        f"{sample['needed_events_per_parameter']:.3g} are needed. "
        f"The patients there are suffice for {sample['parameters_allowed']}. Penalties against over-fitting make up "
        "for some of a lack, not for all of it."
    )


def note_models(*, undefined: bool) -> str:
    """What stands in the cells of the table of models; `undefined`: some figure was not computed."""
    return (
        f"{INTERVALS} '{NOT_COMPUTED}': not defined for these risks, as where all are alike."
        if undefined
        else INTERVALS
    )


def note_differences(models: int, *, tested: bool) -> str:
    """How to read the deployed model less each of `models` others, by DeLong's test too where `tested`."""
    said = [
        "Figures of the deployed model less those of the other on the same patients: it does better where AUROC is "
        "above 0, and where log-loss is below. 95% intervals are from resamples of patients, the same for both models."
    ]
    if tested:
        said.append(
            "By DeLong: the difference and interval of DeLong et al. (1988, Biometrics 44:837), after averaging risks "
            "over repeats, and P of its test that there is none."
        )
    if models > 1:
        said.append("With several comparisons, some intervals leave out 0 by chance alone.")
    return " ".join(said)
