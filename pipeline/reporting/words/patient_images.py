"""The panel on images of a patient's page."""

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import percent
from pipeline.reporting.words.patient import risk

NO_IMAGE = phrase("This record has no image: the risk rests on the rest of the record alone.")
SANITY = phrase("In patients of the cohort whom the network had not seen:")
CAUTION = phrase("A map shows where the network looked, not whether it is right.")
SEEN, LOOKED = phrase("The image as the network sees it"), phrase("Where the network looks for a finding")
LEARNT = {
    True: phrase("The network that tells this has not learnt from this patient."),
    False: phrase(
        "The network that tells this has learnt from this patient among others, so that it may be surer here than it "
        "ought to be. The risk above rests on what networks told that had not."
    ),
    None: phrase("Whether the network that tells this has learnt from this patient is not known."),
}
"""By whether it was out of the fold."""
AREAS = (
    (phrase("in the upper left"), phrase("in the upper middle"), phrase("in the upper right")),
    (phrase("in the middle left"), phrase("in the middle"), phrase("in the middle right")),
    (phrase("in the lower left"), phrase("in the lower middle"), phrase("in the lower right")),
)
"""Thirds of an image as it is seen, from top to bottom."""


def name_area(row: float, column: float) -> str:
    """Where a point lies, given as shares of the side from the top and from the left."""
    area = AREAS[int(3 * row)][int(3 * column)]
    return say(area)


def say_learnt(unseen: bool | None) -> str:
    """Whether the network has learnt from the patient."""
    return say(LEARNT[unseen])


def describe_seen(side: int) -> str:
    """The image for those who do not see it."""
    return say("The image in grey, {side} by {side} pixels.", side=side)


def describe_map(area: str) -> str:
    """The map for those who do not see it; `area` is where it is highest, "" where it is even."""
    if not area:
        return say("The same image under an even map: nothing on it speaks for a finding.")
    return say("The same image under the map; a cross marks its highest point, {area} of the image.", area=area)


def say_told(chance: float, told: str, confidence: float) -> str:
    """What the network tells of an image, and how surely."""
    return say(
        "By this image alone, the network gives a finding a probability of {chance}. The most probable class is "
        "{told}, with a confidence of {confidence}.",
        chance=risk(chance),
        told=told,
        confidence=percent(confidence),
    )
