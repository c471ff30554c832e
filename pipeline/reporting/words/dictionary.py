"""The data dictionary."""

from data_schemas.columns import (
    Column,
    Direction,
    FactorClass,
    Kind,
    Reference,
    Role,
    Severity,
    TimeToEvent,
)
from data_schemas.images import Image
from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import join

MADE_FROM = (phrase("Made from the schema of"), phrase(", which validation, model and report follow as well."))
"""Before and after the cohort's name."""
RULES = phrase("A record that breaks one of these is set aside, with the name of the rule.")
NO_RULES = phrase("The schema declares no rule beyond types, codes and plausible ranges.")
NO_DATA = phrase("This page holds no data, only what the schema declares.")
ROLES = {
    Role.IDENTIFIER: phrase("identifier"),
    Role.PREDICTOR: phrase("predictor"),
    Role.OUTCOME: phrase("outcome"),
    Role.INDEX_DATE: phrase("index date"),
    Role.SITE: phrase("site"),
    Role.IMAGE: phrase("image"),
    Role.EXCLUDED: phrase("excluded"),
}
KINDS = {
    Kind.TEXT: phrase("text"),
    Kind.INTEGER: phrase("integer"),
    Kind.DECIMAL: phrase("decimal"),
    Kind.CATEGORY: phrase("category"),
    Kind.DATE: phrase("date"),
}
FACTORS = {
    FactorClass.IMMUTABLE: phrase("immutable"),
    FactorClass.MARKER: phrase("marker"),
    FactorClass.MODIFIABLE: phrase("modifiable"),
    FactorClass.TREATMENT: phrase("treatment"),
}
WAYS = {
    Direction.INCREASES: phrase("risk increases with it"),
    Direction.DECREASES: phrase("risk decreases with it"),
}
RANGES = {
    Severity.REFUSE: phrase("{low} to {high}; outside, the table is refused"),
    Severity.QUARANTINE: phrase("{low} to {high}; outside, the record is set aside"),
    Severity.WARN: phrase("{low} to {high}; outside, a warning is given"),
}
"""The plausible range, by what happens to a value outside."""


NAMED = {
    True: phrase("a DICOM instance or series UID"),
    False: phrase("the path {pattern} below the folder of images, its braces being the cell's text"),
}
"""What the cells of a column of images name, by whether it is a UID."""


def title(study: str) -> str:
    """The title of the page."""
    return say("{study}: data dictionary", study=study)


def name_role(role: Role) -> str:
    """The heading of the columns of a role."""
    return say("Role: {role}", role=say(ROLES[role]))


def say_kind(column: Column) -> str:
    """How values are read, and whether categories have an order."""
    kind = say(KINDS[column.kind])
    return say("{kind}, ordered", kind=kind) if column.ordered else kind


def define_event(outcome: TimeToEvent) -> str:
    """Who had the event by the horizon, and of whom that is unknown."""
    return say(
        "{column} is {event} at or before {horizon} {unit} in {time}; followed for less without it: unknown",
        column=outcome.event_column,
        event=outcome.event,
        horizon=f"{outcome.horizon:g}",
        unit=outcome.unit,
        time=outcome.time,
    )


def define_category(column: str, event: str) -> str:
    """Who had the outcome that is one code of a column."""
    return say("{column} is {event}", column=column, event=event)


def say_ceiling(auroc: float, source: str) -> str:
    """Above which AUROC a leak is suspected, and by whose results."""
    return say("above {auroc}: {source}", auroc=f"{auroc:g}", source=source)


def say_range(column: Column) -> str:
    """The plausible range, and what happens to a value outside; empty without one."""
    if column.plausible is None:
        return ""
    low, high = column.plausible
    return say(RANGES[column.severity("range")], low=f"{low:g}", high=f"{high:g}")


def say_conversion(column: Column) -> str:
    """From which unit values are converted; empty where they are not."""
    mass = f"{column.molar_mass:g}" if column.molar_mass else ""
    if column.unit_column and mass:
        return say("from the unit in {column}, with a molar mass of {mass} g/mol", column=column.unit_column, mass=mass)
    if column.unit_column:
        return say("from the unit in {column}", column=column.unit_column)
    if not column.source_unit:
        return ""
    if mass:
        return say("from {unit}, with a molar mass of {mass} g/mol", unit=column.source_unit, mass=mass)
    return say("from {unit}", unit=column.source_unit)


def say_reference(reference: Reference) -> str:
    """The reference range and its source."""
    low, high, source = reference.low, reference.high, reference.source
    if low is not None and high is not None:
        return say("{low} to {high} ({source})", low=f"{low:g}", high=f"{high:g}", source=source)
    if low is not None:
        return say("at least {n} ({source})", n=f"{low:g}", source=source)
    return say("at most {n} ({source})", n=f"{high:g}", source=source)


def say_change(column: Column) -> str:
    """The largest plausible change, its bounds and source."""
    assert column.change is not None
    low, high = column.change.bounds
    step = f"{column.change.step:+g}"
    return say(
        "{step}, within {low} to {high} ({source})",
        step=f"{step} {column.unit}" if column.unit else step,
        low=f"{low:g}",
        high=f"{high:g}",
        source=column.change.source,
    )


def describe_images(image: Image) -> dict[str, str]:
    """What is declared of the images that a column names; what is not declared is left out."""
    window, learns = image.window, image.finding
    return {
        say("Images"): say("{modality} of {part}", modality=image.modality, part=image.body_part),
        say("A cell names"): say(NAMED[image.by_uid], pattern=image.pattern),
        say("Images per record"): say("one or several") if image.several else say("one"),
        say("Rows and columns"): say("{rows} by {columns} pixels", rows=image.size[0], columns=image.size[1])
        if image.size
        else say("any"),
        say("Bits per pixel"): f"{image.bits}" if image.bits else say("any"),
        say("Distance of pixels"): _say_spacing(image.spacing),
        say("Intensity window"): say("{low} to {high}", low=f"{window[0]:g}", high=f"{window[1]:g}")
        if window
        else say("each image's own 0.5th to 99.5th percentile"),
        say("The network sees"): say("{side} by {side} pixels, grey", side=image.pixels),
        say("The network learns"): say("{column}, in which {absent} is no finding", column=learns, absent=image.absent)
        if learns
        else say("the outcome"),
        say("Place of the finding"): _say_place(image),
        say("Side"): image.laterality or say("not declared"),
        say("Components of what the network sees"): f"{image.components}",
    }


def _say_spacing(spacing: tuple[float, float] | None) -> str:
    if spacing is None:
        return say("any")
    return say("{low} to {high} mm", low=f"{spacing[0]:g}", high=f"{spacing[1]:g}")


def _say_place(image: Image) -> str:
    if image.mask:
        return say("a mask, named by {column}", column=image.mask)
    return say("a box, told by {columns}", columns=join(image.box.columns)) if image.box else say("not declared")


def say_missing(column: Column) -> str:
    """Whether values may be missing, how many, and how that is written."""
    said = say("allowed") if column.missing_allowed else say("not allowed")
    if column.missing_at_most is not None:
        said = say("{allowed} in at most {share} of the records", allowed=said, share=f"{column.missing_at_most:.0%}")
    if column.missing_codes:
        said = say("{allowed}; written as {codes}", allowed=said, codes=say(", ").join(column.missing_codes))
    return said
