"""Internal validation: optimism, fewer patients, sites left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.numbers import Estimate, decimal, decimals, estimate, interval, sentences, signed

LEARNING_TABLE = phrase("Performance by the number of patients who taught the model")
LEARNING_FIGURE = phrase("AUROC by the number of patients who taught the model")
SITES_TABLE = phrase("Each site, by a model that the other sites taught")
OPTIMISM = phrase(
    "The whole development was repeated on {resamples} of the patients who taught the model. Optimism is the figure of "
    "such a model on its own resample less that on all of these patients, on average, with an interval that narrows "
    "with more resamples. Corrected: less optimism (Harrell, Lee and Mark 1996, Stat Med 15:361)."
)
ABOVE = phrase(
    "With {more} patients rather than {fewer}, the AUROC is {whole} rather than {before}, above the 95% interval with "
    "fewer: it still rises with the number of patients."
)
BELOW = phrase(
    "With {more} patients rather than {fewer}, the AUROC is {whole} rather than {before}, below the 95% interval with "
    "fewer: it does not rise with the number of patients."
)
WITHIN = phrase(
    "With {more} patients rather than {fewer}, the AUROC is {whole} rather than {before}, within the 95% interval with "
    "fewer: these data do not show that it still rises."
)
LEFT_OUT = phrase("Each site was left out in turn, and tested the model that all others taught.")
ELSEWHERE = phrase(
    "The AUROC to expect in another site is {auroc}, with a 95% prediction interval of {limits} (Higgins, Thompson and "
    "Spiegelhalter 2009, J R Stat Soc A 172:137)."
)


def note_optimism(resamples: int) -> str:
    """How optimism was estimated, on so many resamples."""
    return say(OPTIMISM, resamples=plural(resamples, "{n} bootstrap resample", "{n} bootstrap resamples"))


def say_suspicion(found: Mapping[str, Estimate]) -> str:
    """How much better the model does on the patients who taught it than on unseen ones, and what gives them away."""
    gap = estimate(found["train_to_test_gap"], signed(3))
    members = estimate(found["membership_inference"], decimals(3))
    return say(
        "AUROC on the patients who taught the model less that on unseen ones: {gap}. AUROC with which a patient's loss "
        "tells whether they taught it, where 0.5 tells nothing (Yeom et al. 2018, IEEE CSF 31:268): {members}.",
        gap=gap,
        members=members,
    )


def say_learning(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whether the AUROC of the whole development lies outside the interval of the largest share of it."""
    before, whole = rows[-2:]
    fewer, full = before["auroc"], whole["auroc"]
    if full["value"] is None or fewer["value"] is None or fewer["lo"] is None:
        return say("Whether more patients would raise the AUROC cannot be said.")
    value, lo, hi = full["value"], fewer["lo"], fewer["hi"]
    return say(
        ABOVE if value > hi else BELOW if value < lo else WITHIN,
        more=count_taught(whole),
        fewer=count_taught(before),
        whole=decimal(value, 3),
        before=decimal(fewer["value"], 3),
    )


def count_taught(row: Mapping[str, Any]) -> str:
    """How many patients taught a model; `about` as many in cross-validation."""
    shown = f"{row['patients']:,}"
    return say("about {n}", n=shown) if row["about"] else shown


def describe_learning(models: int) -> str:
    """The learning curve in words."""
    return say(
        "{models}, each taught by another number of patients and tried on the same ones: a dot with its 95% interval.",
        models=plural(models, "{n} model", "{n} models"),
    )


def say_sites(found: Mapping[str, Any]) -> str:
    """How many sites there are, and what to expect in another."""
    hidden, pooled, reason = found["hidden"], found["pooled"], found["pooled"]["reason"]
    said = [say(LEFT_OUT)]
    if hidden:
        said.append(
            plural(
                hidden,
                "{n} site is not shown: too few patients, events or non-events.",
                "{n} sites are not shown: too few patients, events or non-events.",
            )
        )
    if pooled["value"] is None:
        said.append(say("What to expect in another site was not computed: {reason}.", reason=say(reason)))
    else:
        limits = interval(pooled, decimals(3))
        said.append(say(ELSEWHERE, auroc=decimal(pooled["value"], 3), limits=limits))
    return sentences(said)
