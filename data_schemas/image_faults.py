"""What in the declaration of images contradicts itself or the cohort's columns."""

from collections.abc import Iterator, Mapping

from data_schemas.findings import derive_findings
from data_schemas.images import Image
from data_schemas.vocabulary import IMAGE_SEVERITIES, SEVERITIES, Column, Kind, Role, Severity

SMALLEST, LARGEST = 16, 1024  # pixels a side that a network sees


def find_image_faults(columns: Mapping[str, Column]) -> list[str]:
    """Each contradiction as a sentence; empty if there is none."""
    images = {name: column for name, column in columns.items() if column.role == Role.IMAGE}
    found = [f"{', '.join(images)} are columns of images, expected at most one"] if len(images) > 1 else []
    for name, column in images.items():
        assert column.image is not None, "a column of this role describes its images"
        faults = [*_shape_faults(column.image), *_label_faults(column.image, columns), *_severity_faults(column)]
        found += [f"{name} {fault}" for fault in faults]
    taken = sorted(set(derive_findings(images)) & set(columns))
    return found + [f"{name} is what the network's finding is called; rename the column" for name in taken]


def _shape_faults(image: Image) -> Iterator[str]:
    if not image.modality or not image.body_part:
        yield "has images without a modality or body part"
    if not image.by_uid and "{}" not in image.pattern:
        yield "has a pattern without {}, the place of the cell's text"
    if not SMALLEST <= image.pixels <= LARGEST:
        yield f"has images seen at {image.pixels} pixels a side, expected {SMALLEST} to {LARGEST}"
    if not 0 <= image.components <= 8:
        yield f"has {image.components} components, expected 0 to 8"
    if image.bits is not None and not 1 <= image.bits <= 16:
        yield f"has images of {image.bits} bits, expected 1 to 16"
    if image.size is not None and min(image.size) < 1:
        yield "has images without rows or columns"
    for name, pair in (("window", image.window), ("spacing", image.spacing)):
        if pair is not None and not pair[0] < pair[1]:
            yield f"has a {name} whose ends are reversed or equal"


def _label_faults(image: Image, columns: Mapping[str, Column]) -> Iterator[str]:
    for name in (*image.labels, *filter(None, [image.laterality])):
        if name not in columns:
            yield f"names the column {name}, which this cohort has not"
        elif name in image.labels and columns[name].role == Role.PREDICTOR:
            yield f"learns from {name}, which is a predictor; exclude it, as new patients have none"
    if image.finding in columns:
        column = columns[str(image.finding)]
        if column.kind != Kind.CATEGORY:
            yield f"has the finding {image.finding}, which is no category"
        elif image.absent not in column.labels or len(column.labels) < 2:
            yield f"has the finding {image.finding}, of which {image.absent!r} is no label, or the only one"
    yield from _place_faults(image, columns)
    if image.laterality and image.mirrored:
        yield f"learns from mirror images, and has sides told by {image.laterality}"
    if image.laterality in columns and not {"L", "R"} <= set(columns[str(image.laterality)].codes):
        yield f"has sides told by {image.laterality}, which has not the codes L and R"


def _place_faults(image: Image, columns: Mapping[str, Column]) -> Iterator[str]:
    for name in image.box.columns if image.box else ():
        if name in columns and not columns[name].numeric:
            yield f"has a box told by {name}, which is no number"
    if image.box and image.mask:
        yield "has both a box and a mask of the finding; declare one"
    if image.several and (image.box or image.mask):
        yield "has several images a record, and one place of the finding"


def _severity_faults(column: Column) -> Iterator[str]:
    unknown = [rule for rule in column.severities if rule not in IMAGE_SEVERITIES and rule not in SEVERITIES]
    for rule in unknown:
        yield f"declares a severity for {rule!r}, which is no rule of images"
    told = ("image found", "image not empty", "image format", "image decoder", "image decodable")
    for rule in told:
        if column.severities.get(rule) == Severity.WARN:
            yield f"only warns of {rule!r}; an image that cannot be read is quarantined or refused"
