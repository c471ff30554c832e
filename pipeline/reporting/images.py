"""What the section on images shows; a cohort without images has none."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from data_schemas.columns import Cohort, Role
from data_schemas.images import Image
from pipeline.phrases import phrase
from pipeline.reporting import figures, forests, tables, words
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain, Results
from pipeline.reporting.tables import Row, Table, make_table
from pipeline.reporting.words import numbers

SECTION = ("images", phrase("Images"))
"""Stands after the subgroups, where a cohort has images."""
KEY = "image-"
"""Before the keys of tables and figures that the section on performance has too."""
COMPARED = {"auroc": (phrase("AUROC"), 3), "brier": (phrase("Brier score"), 3), "log_loss": (phrase("Log-loss"), 3)}
OWN = COMPARED | {"calibration_slope": (phrase("Calibration slope"), 2), "oe_ratio": (phrase("O:E ratio"), 2)}


def build_images(cohort: type[Cohort], results: Results) -> dict[str, Any] | None:
    """The section; None where the cohort has no images."""
    found = results.performance.get("images")
    if not found:
        return None
    [(name, column)] = cohort.with_role(Role.IMAGE).items()
    assert column.image is not None, "a column of this role describes its images"
    network, fusion = found["network"], found["fusion"]
    broken = {**results.validation, "rules": [r for r in results.validation["rules"] if r["column"] == name]}
    rules = replace(tables.quarantine(broken), key="image-rules", caption=say("Records whose images broke a rule"))
    return {
        "says": words.images.say_added(fusion, "record"),
        "facts": _list_facts(column.image, network, results.validation.get("images") or {}),
        "rules": rules if rules.rows else None,
        "network": _describe_network(network),
        "looked": words.images.say_looked(network["looked"]),
        "fusion": _describe_fusion(fusion),
    }


def say_images(performance: Plain) -> list[str]:
    """Whether images add to the record, and how well the network tells a finding; nothing where there are none."""
    found = performance.get("images")
    if not found:
        return []
    area = numbers.estimate(found["network"]["estimates"]["auroc"], numbers.decimals(3))
    return [
        words.images.say_added(found["fusion"], "record"),
        words.images.say_area(area),
    ]


def _list_facts(image: Image, network: Plain, read: Plain) -> list[tuple[str, str]]:
    """What the images are, what is learnt from them, and how many were read; counts as published."""
    absent = [name for name in network["classes"] if name not in network["found"]]
    counted = {
        "shown": say("Images that the network sees"),
        "with_images": say("Valid records with an image"),
        "with_several": say("Valid records with several images"),
        "without_images": words.images.without_images(),
        "unclaimed_files": say("Files of images that no record names"),
        "without_header": words.images.without_header(),
    }
    return [
        (
            say("Modality and body part (DICOM)"),
            say("{modality} of {part}", modality=image.modality, part=image.body_part),
        ),
        (say("What the network tells"), words.images.say_classes(network["found"], absent)),
        (say("What it sees of an image"), words.images.say_pixels(image.pixels)),
        *[(label, numbers.count(read[key])) for key, label in counted.items() if key in read],
    ]


def _describe_network(network: Plain) -> dict[str, Any]:
    smooth = network["smooth_curve"] or {"points": []}
    curve, bins = network["calibration_curve"], network["risk_distribution"]
    drawn = [figures.calibration(curve, smooth["points"], KEY)] if curve or smooth["points"] else []
    return {
        "says": words.images.say_judged(network),
        "measures": replace(
            tables.measures(network), key="image-measures", caption=say("How well the network tells a finding")
        ),
        "accuracy": tabulate_accuracy(network["accuracy"]),
        "confusion": tabulate_confusion(network["confusion"]),
        "failures": tabulate_failures(network["failures"]),
        "unsure": words.images.say_unsure(network),
        "confidence": tabulate_confidence(network["confidence"]) if network["confidence"] else None,
        "figures": [*drawn, *([figures.risk_distribution(bins, say("a finding"), KEY)] if bins else [])],
    }


def tabulate_accuracy(accuracy: Mapping[str, Plain]) -> Table:
    """Shares of images that were called rightly."""
    named = words.images.ACCURACY
    rows = [
        (say(named[key][0]), numbers.estimate(share, numbers.percent), say(named[key][1]))
        for key, share in accuracy.items()
    ]
    head = (say("Share"), say("Estimate (95% interval)"), say("Of which images"))
    return make_table("image-accuracy", say("What the network calls, against what is there"), head, rows)


def tabulate_confusion(rows: tables.Rows) -> Table:
    """Images by what is there and what was called."""
    names = [told["told"] for told in rows[0]["told"]]
    cells = [
        (row["label"], numbers.count(row["n"]), *[numbers.count(told["n"]) for told in row["told"]]) for row in rows
    ]
    head = (say("What is there"), say("Images"), *[say("Called {name}", name=name) for name in names])
    return make_table("image-confusion", say("Images by class"), head, cells, say(words.images.CONFUSION_NOTE))


def tabulate_failures(rows: tables.Rows) -> Table:
    """Misses and false alarms, by kind."""
    made: list[Row] = []
    for i, row in enumerate(rows):
        kind = words.images.KINDS[row["kind"], row["by"]]
        if i == 0 or kind != words.images.KINDS[rows[i - 1]["kind"], rows[i - 1]["by"]]:
            made.append(Row(say(kind), group=True))
        counts = numbers.count(row["n"]), numbers.count(row["failed"])
        label = words.images.say_size(row) if row["by"] == "size" else row["label"]
        made.append(Row(label, (*counts, numbers.estimate(row["share"], numbers.percent)), inner=True))
    head = (say("Kind of failure"), say("Images"), say("Failed"), say("Share (95% interval)"))
    return Table("image-failures", say("Where the network fails"), head, tuple(made), say(words.tables.SMALL))


def tabulate_confidence(rows: tables.Rows) -> Table:
    """How many images are called how surely, and how many of these rightly."""
    cells = [
        (words.images.say_confidence(row), numbers.count(row["n"]), numbers.estimate(row["right"], numbers.percent))
        for row in rows
    ]
    head = (say("Confidence"), say("Images"), say("Right class (95% interval)"))
    return make_table("image-confidence", say("Confidence"), head, cells, say(words.images.CONFIDENCE_NOTE))


def _describe_fusion(fusion: Plain) -> dict[str, Any]:
    groups = [_name_group(row) for row in fusion["subgroups"]]
    lines = forests.lines_of(groups, "auroc")
    gain = say("Difference in AUROC")
    shown = forests.table_of("image-gain", gain, lines, 3)
    noted = replace(shown, caption=say("What images add, by group"), note=words.images.say_multiplicity(len(groups)))
    return {
        "says": [words.images.say_added(fusion, part) for part in ("record", "images")],
        "with_images": words.images.with_images(numbers.count(fusion["with_images"])),
        "figures_table": tabulate_parts(fusion["figures"]),
        "differences": tabulate_gains(fusion["differences"]),
        "groups": forests.forest("image-gain", say("What images add, by group"), gain, lines, noted, 0.0)
        if groups
        else None,
    }


def _name_group(row: Plain) -> Plain:
    """A row of a group; those with and without an image are named by the stage, all others by the schema."""
    if row["column"] != SECTION[1]:
        return row
    return {**row, **{key: numbers.told(row, key) for key in ("column", "level")}}


def tabulate_parts(found: Mapping[str, Plain]) -> Table:
    """Figures of the deployed model and of both parts alone."""
    rows = [
        (
            say(words.images.ALONE[name]),
            *[numbers.estimate(own[key], numbers.decimals(d)) for key, (_, d) in OWN.items()],
        )
        for name, own in found.items()
    ]
    head = (say("Model"), *[say(label) for label, _ in OWN.values()])
    caption = say("The same patients with and without images")
    return make_table("image-parts", caption, head, rows, say(words.images.FUSION_NOTE))


def tabulate_gains(differences: Mapping[str, Plain]) -> Table:
    """What the deployed model has more than each part."""
    parts = [differences["record"], differences["images"]]
    rows = [
        (say(label), *[numbers.estimate(part[key], numbers.signed(digits)) for part in parts])
        for key, (label, digits) in COMPARED.items()
    ]
    for pair in zip(*[part["net_benefit"] for part in parts], strict=True):
        name = say("Net benefit at {threshold}", threshold=numbers.percent(pair[0]["threshold"]))
        rows.append((name, *[numbers.estimate(each["difference"], numbers.signed(3)) for each in pair]))
    head = (say("Measure"), say("Over the record alone"), say("Over images alone"))
    note = numbers.sentences([say(words.images.DIFFERENCES_NOTE), say(words.images.RULE)])
    return make_table("image-gains", say("Differences with 95% intervals"), head, rows, note)
