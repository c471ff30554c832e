"""How sure a single patient's risk is, in words."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import wording


def say_width(found: Mapping[str, Any]) -> str:
    """What the intervals around patients' risks mean, and how wide they are."""
    half, most = (wording.percentage_points(found[key]) for key in ("median_width", "width_90"))
    return (
        "Each patient's risk comes with a 95% interval of the risk among patients with such a score: from Venn-Abers "
        "prediction (Vovk and Petej 2014, UAI) on out-of-fold scores and Wilson's limits, stretched where needed to "
        "hold the risk. It is narrow where many of the patients who taught the model had such a score, and says "
        f"nothing of what was not measured. Half of the patients evaluated have one at most {half} wide, and "
        f"nine in ten one at most {most}."
    )


def say_outside(found: Mapping[str, Any]) -> str:
    """How many patients are unlike those the model learnt from."""
    number, share = found["outside"], found["outside_share"]
    means = "unlike those of the patients who taught the model, in a value or in their combination"
    if number is None:
        return f"The predictors of some patients evaluated, too few to publish how many, are {means}."
    if number == 0:
        return f"No patient evaluated has predictors {means}."
    return (
        f"{number:,} of the patients evaluated ({wording.percent(share)}) have predictors {means}, as about 1% of "
        "patients like those would. Their risks are extrapolated."
    )
