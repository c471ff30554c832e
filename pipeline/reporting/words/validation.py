"""Internal validation: optimism, fewer patients, sites left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.words.numbers import Estimate, decimal, decimals, estimate, interval, plural, signed

LEARNING_TABLE = "Performance by the number of patients who taught the model"
LEARNING_FIGURE = "AUROC by the number of patients who taught the model"
SITES_TABLE = "Each site, by a model that the other sites taught"


def note_optimism(resamples: int) -> str:
    """How optimism was estimated, on so many resamples."""
    return (
        f"The whole development was repeated on {plural(resamples, 'bootstrap resample')} of the patients who taught "
        "the model. Optimism is the figure "
        "of such a model on its own resample less that on all of these patients, on average, with an interval that "
        "narrows with more resamples. Corrected: less optimism (Harrell, Lee and Mark 1996, Stat Med 15:361)."
    )


def say_suspicion(found: Mapping[str, Estimate]) -> str:
    """How much better the model does on the patients who taught it than on unseen ones, and what gives them away."""
    gap = estimate(found["train_to_test_gap"], signed(3))
    members = estimate(found["membership_inference"], decimals(3))
    return (
        f"AUROC on the patients who taught the model less that on unseen ones: {gap}. AUROC with which a patient's "
        f"loss tells whether they taught it, where 0.5 tells nothing (Yeom et al. 2018, IEEE CSF 31:268): {members}."
    )


def say_learning(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whether the AUROC of the whole development lies outside the interval of the largest share of it."""
    before, whole = rows[-2:]
    fewer, full = before["auroc"], whole["auroc"]
    taught = f"{'about ' if whole['about'] else ''}{whole['patients']:,} patients rather than {before['patients']:,}"
    if full["value"] is None or fewer["value"] is None or fewer["lo"] is None:
        return "Whether more patients would raise the AUROC cannot be said."
    values = f"{decimal(full['value'], 3)} rather than {decimal(fewer['value'], 3)}"
    said = f"With {taught}, the AUROC is {values}"
    if full["value"] > fewer["hi"]:
        return f"{said}, above the 95% interval with fewer: it still rises with the number of patients."
    if full["value"] < fewer["lo"]:
        return f"{said}, below the 95% interval with fewer: it does not rise with the number of patients."
    return f"{said}, within the 95% interval with fewer: these data do not show that it still rises."


def describe_learning(models: int) -> str:
    """The learning curve in words."""
    return (
        f"{plural(models, 'model')}, each taught by another number of patients and tried on the same ones: "
        "a dot with its 95% interval."
    )


def say_sites(found: Mapping[str, Any]) -> str:
    """How many sites there are, and what to expect in another."""
    hidden, pooled = found["hidden"], found["pooled"]
    said = ["Each site was left out in turn, and tested the model that all others taught."]
    if hidden:
        said.append(f"{plural(hidden, 'site is', 'sites are')} not shown: too few patients, events or non-events.")
    if pooled["value"] is None:
        said.append(f"What to expect in another site was not computed: {pooled['reason']}.")
    else:
        limits = interval(pooled, decimals(3))
        expected = f"{decimal(pooled['value'], 3)}, with a 95% prediction interval of {limits}"
        said.append(
            f"The AUROC to expect in another site is {expected} (Higgins, Thompson and Spiegelhalter 2009, J R Stat "
            "Soc A 172:137)."
        )
    return " ".join(said)
