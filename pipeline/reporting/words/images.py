"""The section on images: what was read, how well the network tells it, where it looks, and what images add."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import (
    Estimate,
    count,
    decimal,
    decimals,
    estimate,
    interval,
    join,
    no_value,
    percent,
    say_reason,
    sentences,
    signed,
)

JUDGED = {
    "test": phrase(
        "The network was judged on images of the patients who tested the model. The network that tells of them has "
        "learnt from none of these patients."
    ),
    "out-of-fold": phrase(
        "Each image was told by networks that had learnt from other patients only (out-of-fold), within the folds in "
        "which the model was tested."
    ),
}
CALLED = phrase(
    "A finding is called where the most probable class is one. Intervals count patients, not images, where a patient "
    "has several."
)
SENSITIVITY, SPECIFICITY = phrase("Sensitivity"), phrase("Specificity")
ACCURACY = {
    "sensitivity": (SENSITIVITY, phrase("images with a finding on which one is called")),
    "specificity": (SPECIFICITY, phrase("images without a finding on which none is called")),
    "type": (phrase("Right type"), phrase("findings that are called and whose type is right")),
    "class": (phrase("Right class"), phrase("all images whose class is right, no finding being one")),
}
"""The label of each share, and of what it is one."""
KINDS = {
    ("missed", "class"): phrase("Findings missed, by type"),
    ("missed", "size"): phrase("Findings missed, by size as a share of the image"),
    ("false alarm", "class"): phrase("False alarms, by class without a finding"),
}
CONFUSION_NOTE = phrase(
    "Rows are what is there, columns what the network calls it. Counts from which fewer patients than may be told "
    "follow are hidden."
)
CONFIDENCE_NOTE = phrase(
    "Confidence is the probability of the class that is called. Neighbouring groups with few patients are joined."
)
NO_PICTURE = phrase(
    "No image of a patient stands in this report. What the network sees and a map of where it looks are on the "
    "patient's own page alone."
)
FINDINGS_NOTE = phrase(
    "Factors that are a finding or a component of the network are what it tells of images: see the section on images."
)
ALONE = {
    "both": phrase("Record and images (deployed)"),
    "record": phrase("Record alone"),
    "images": phrase("Images alone"),
}
ADDED = {
    "record": {
        "adds": phrase("Images add to the rest of the record"),
        "unproven": phrase("No gain from images over the rest of the record is shown"),
        "harms": phrase("Images make predictions from the rest of the record worse"),
    },
    "images": {
        "adds": phrase("The rest of the record adds to images"),
        "unproven": phrase("No gain from the rest of the record over images alone is shown"),
        "harms": phrase("The rest of the record makes predictions from images worse"),
    },
}
"""What the deployed model has over each part, by where the intervals of the differences lie."""
UNKNOWN = {
    "record": phrase("Whether images add to the rest of the record is not known: {reason}."),
    "images": phrase("Whether the rest of the record adds to images is not known: {reason}."),
}
RULE = phrase(
    "Something adds where the whole 95% interval of the difference in AUROC is above 0 and the Brier score is not "
    "higher beyond its interval; it makes worse where either interval lies on the wrong side of 0."
)
FUSION_NOTE = phrase(
    "All on the same patients, unseen by each model; the parts were developed anew without the other's predictors, in "
    "the same way."
)
DIFFERENCES_NOTE = phrase("The deployed model less the part. Of the Brier score and the log-loss, less is better.")
ABOVE = phrase("More often than by weights drawn at random: the interval of one lies above that of the other.")
NOT_ABOVE = phrase("That this is more often than by weights drawn at random is not shown.")


def say_classes(found: Sequence[str], absent: Sequence[str]) -> str:
    """Which classes the network tells apart."""
    return say("{found}, against {absent}", found=join(found), absent=join(absent))


def say_pixels(side: int) -> str:
    """What the network sees of an image."""
    return say("{side} by {side} pixels, grey", side=side)


def say_judged(network: Mapping[str, Any]) -> str:
    """On whose images the network was judged, and how many."""
    counts = say(
        "Images of known class: {images}, of them with a finding: {found}; of unknown class: {unknown}.",
        images=count(network["images"]),
        found=count(network["with_finding"]),
        unknown=count(network["unknown"]),
    )
    judged = JUDGED[network["judged"]]
    return sentences([say(judged), counts, say(CALLED)])


def say_size(row: Mapping[str, Any]) -> str:
    """A group of findings by the share of the image that they cover."""
    low, high = (None if row[end] is None else f"{decimal(100 * row[end], 1)}%" for end in ("low", "high"))
    if low is None:
        return say("under {high}", high=high)
    return say("{low} or more", low=low) if high is None else say("{low} to under {high}", low=low, high=high)


def say_confidence(row: Mapping[str, Any]) -> str:
    """A group of images by confidence."""
    if row["low"] == 0:
        return say("under {high}", high=percent(row["high"])) if row["high"] < 1 else say("any")
    if row["high"] == 1:
        return say("{low} or more", low=percent(row["low"]))
    return say("{low} to under {high}", low=percent(row["low"]), high=percent(row["high"]))


def say_unsure(network: Mapping[str, Any]) -> str:
    """How sure the network is."""
    unsure = say("Called with a confidence under 60%: {share}.", share=estimate(network["unsure"], percent))
    if network["median_confidence"] is None:
        return unsure
    return sentences([say("Median confidence: {median}.", median=percent(network["median_confidence"])), unsure])


def say_looked(looked: Mapping[str, Estimate]) -> list[str]:
    """How often the map points at the finding, and whether it hangs on what the network has learnt."""
    hit, random = looked["hit"], looked["hit_random"]
    if hit["value"] is None:
        said = [say("Whether the maps point at findings is not told: {why}.", why=no_value(hit))]
    else:
        pointing = say(
            "Where the place of the finding is known, the map of where the network looks is highest on it in {hit} of "
            "the images (pointing game). Maps of the same network with weights drawn at random are so in {random}.",
            hit=estimate(hit, percent),
            random=estimate(random, percent),
        )
        beyond = hit["lo"] is not None and random["hi"] is not None and hit["lo"] > random["hi"]
        said = [sentences([pointing, say(ABOVE if beyond else NOT_ABOVE)])]
    if looked["similarity"]["value"] is not None:
        said.append(
            say(
                "The two maps of an image have a rank correlation of {alike} on average. Near 1, maps would show the "
                "image rather than what the network has learnt (Adebayo et al. 2018, NeurIPS).",
                alike=estimate(looked["similarity"], decimals(2)),
            )
        )
    return said


def say_added(fusion: Mapping[str, Any], part: str) -> str:
    """Whether the deployed model does better than one of its parts alone, from the intervals alone."""
    found = fusion["differences"][part]
    if fusion["verdicts"][part] == "unknown":
        missing = next(found[name] for name in ("auroc", "brier") if found[name]["lo"] is None)
        return say(UNKNOWN[part], reason=say_reason(missing))
    verdict = ADDED[part][fusion["verdicts"][part]]
    return say(
        "{verdict}: the difference in AUROC is {auroc}, that in Brier score {brier}.",
        verdict=say(verdict),
        auroc=_difference(found["auroc"]),
        brier=_difference(found["brier"]),
    )


def _difference(found: Estimate) -> str:
    limits = interval(found, signed(3))
    return say("{value} (95% interval {limits})", value=signed(3)(found["value"]), limits=limits)


def say_multiplicity(groups: int) -> str:
    """What chance does where several groups are looked at."""
    return say(
        "AUROC with images less that without. Groups compared: {groups}. Each interval is one of 95% by itself, so "
        "that about {chance} of them would leave out 0 by chance if images added nothing.",
        groups=groups,
        chance=decimal(0.05 * groups, 1),
    )


def how_well() -> str:
    """The heading over how the network was judged."""
    return say("How well the network tells what is on images")


def say_area(area: str) -> str:
    """How well a finding is told, in the summary."""
    return say("The network tells a finding with an AUROC of {auroc}.", auroc=area)


def without_images() -> str:
    """What records without an image are called."""
    return say("Valid records without an image, for which what images tell is missing")


def without_header() -> str:
    """What images are called of which nothing can be compared with the record."""
    return say("Images without a header that tells modality and body part")


def with_images(count: str) -> str:
    """How many records of those evaluated have an image."""
    return say("Patients' records with an image: {n}.", n=count)
