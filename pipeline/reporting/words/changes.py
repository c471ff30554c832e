"""The section on what changed since the last release."""

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain
from pipeline.reporting.words import numbers

NOTHING_COMPARED = phrase("This build was not compared with a release; `retrain` does that, and releases what passes.")
FIRST = phrase("This is the first release of this model, so there is nothing to compare with.")
CAPTION = phrase("This model and the last release on the same patients")
SAME = phrase(
    "Both figures are of the same patients, whom neither model had learnt from. The interval of a difference is of "
    "paired resamples."
)
GATES = phrase("Gates to release")
DRIFT = {
    "new": phrase("Drift in new patients, figures furthest towards their bounds first"),
    "everybody": phrase("Drift in all patients as read now, figures furthest towards their bounds first"),
}
"""By who is compared with those of the last release."""
BEYOND = phrase(
    "Beyond its bound is a figure whose whole interval lies there. Intervals hold together with 95% confidence."
)
LEVELS = {"passes": phrase("Passes"), "keeps": phrase("Not met"), "blocks": phrase("Blocks")}
FIGURES = {
    "auroc": phrase("AUROC"),
    "brier": phrase("Brier score"),
    "oe_ratio": phrase("O:E ratio"),
    "calibration_slope": phrase("Calibration slope"),
}
KINDS = {
    "psi": phrase("Population stability index"),
    "ks": phrase("Kolmogorov-Smirnov distance"),
    "missing": phrase("Change in the share missing"),
    "unit_low": phrase("Ratio of 1st percentiles"),
    "unit_middle": phrase("Ratio of medians"),
    "unit_high": phrase("Ratio of 99th percentiles"),
    "classifier": phrase("AUROC of telling new patients from old"),
    "score_psi": phrase("Population stability index of risks"),
    "score_ks": phrase("Kolmogorov-Smirnov distance of risks"),
    "oe": phrase("Observed to expected events"),
    "intercept": phrase("Odds of the event to those foreseen"),
    "auroc": phrase("Fall in AUROC"),
}
"""What drift is measured by."""


def name_level(gate: Plain) -> str:
    """What a gate came to."""
    level = gate["level"]
    return say(LEVELS[level])


def name_kind(figure: Plain) -> str:
    """What a figure of drift measures."""
    kind = figure["kind"]
    return say(KINDS[kind])


def say_compared(release: str, comparison: Plain) -> str:
    """With which release on whom, or why not."""
    if comparison.get("reason"):
        return say(
            "The last release is {release}. {reason}", release=release, reason=numbers.told(comparison, "reason")
        )
    return say(
        "The last release is {release}. Both models were asked about {patients} patients whom neither had learnt from.",
        release=release,
        patients=numbers.count(comparison["patients"]),
    )


def say_agreement(agreement: Plain) -> str:
    """How far the risks of single patients move."""
    low, high = agreement["limits"]
    return say(
        "From the last release to this model a patient's risk moves by {mean} percentage points on average, and that "
        "of 95% of patients by {low} to {high}; {far} of patients move by more than 10.",
        mean=numbers.points(agreement["mean_difference"]["value"] or 0.0),
        low=numbers.points(low),
        high=numbers.points(high),
        far=numbers.percent(agreement["far"]["value"] or 0.0),
    )


def say_worst(worst: Plain | None) -> str:
    """The subgroup that gains least."""
    if worst is None:
        return say("No subgroup has enough patients to be compared.")
    return say(
        "Of the subgroups that could be compared, {column} ({level}) gains least or loses most: a difference in AUROC "
        "of {difference}.",
        column=worst["column"],
        level=worst["level"],
        difference=numbers.estimate(worst["auroc"], numbers.signed(3)),
    )
