"""The section on the model: its members, the patients needed, and the other models beside it."""

from collections.abc import Mapping
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import NOT_COMPUTED, sentences
from pipeline.reporting.words.tables import INTERVALS

CONSTRAINED = phrase("For these the schema gives a direction with a source, and tree members may not learn another.")
WAYS = {"increases": phrase("increases"), "decreases": phrase("decreases")}
"""What the risk does as a predictor rises, by `data_schemas.vocabulary.Direction`."""
POOLED = phrase(
    "Pooled over imputed tables by Rubin's rules (1987, Multiple Imputation for Nonresponse in Surveys). Missing "
    "information: the share of the variance that imputation adds. Associations in the model, not effects."
)
COMPARED = phrase("The deployed model beside the other candidates and the baselines")
SAMPLE_SIZE = phrase(
    "Criteria of Riley et al. (2019, 2020) for {parameters} parameters, where {expects}. There are {events} events per "
    "parameter, and {needed} are needed. The patients there are suffice for {allowed}. Penalties against over-fitting "
    "make up for some of a lack, not for all of it."
)
DIFFERENCES = phrase(
    "Figures of the deployed model less those of the other on the same patients: it does better where AUROC is above "
    "0, and where log-loss is below. 95% intervals are from resamples of patients, the same for both models."
)
DELONG = phrase(
    "By DeLong: the difference and interval of DeLong et al. (1988, Biometrics 44:837), after averaging risks over "
    "repeats, and P of its test that there is none."
)
SEVERAL = phrase("With several comparisons, some intervals leave out 0 by chance alone.")


def say_model(model: Mapping[str, Any]) -> str:
    """How the members become one model, and on whom; numbers as shown."""
    return say(
        "The deployed model averages the members below on the log-odds scale and then recalibrates the average: "
        "log-odds are multiplied by {slope} and shifted by {intercept}. It was developed on {patients} patients, "
        "{events} of them with the event, from {count}. The rate of the event among them was {event_rate}.",
        **model,
    )


def note_sample_size(sample: Mapping[str, Any]) -> str:
    """The criteria, and how far the patients there are suffice."""
    expects = sample["expects"]
    return say(
        SAMPLE_SIZE,
        parameters=sample["parameters"],
        expects=say(expects),
        events=f"{sample['events_per_parameter']:.3g}",
        needed=f"{sample['needed_events_per_parameter']:.3g}",
        allowed=sample["parameters_allowed"],
    )


def note_models(*, undefined: bool) -> str:
    """What stands in the cells of the table of models; `undefined`: some figure was not computed."""
    if not undefined:
        return say(INTERVALS)
    mark = say("'{mark}': not defined for these risks, as where all are alike.", mark=say(NOT_COMPUTED))
    return sentences([say(INTERVALS), mark])


def note_differences(models: int, *, tested: bool) -> str:
    """How to read the deployed model less each of `models` others, by DeLong's test too where `tested`."""
    said = [DIFFERENCES, *([DELONG] if tested else []), *([SEVERAL] if models > 1 else [])]
    return sentences([say(one) for one in said])
