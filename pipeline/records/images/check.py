"""All images of a table read once, one by one: which rules they break, and what a network sees of the others.

Memory grows by a few numbers an image, never by its pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Column, Role, Severity
from data_schemas.images import Image
from pipeline.arrays import IntArray
from pipeline.disclosure import Rest
from pipeline.errors import DataRefusedError
from pipeline.extras import require_imaging
from pipeline.image_store import ImageStore, Pixels
from pipeline.progress import progress
from pipeline.records.images.alike import find_shared
from pipeline.records.images.folder import ImageFolder
from pipeline.records.images.formats import in_silence, open_images
from pipeline.records.images.npz import Arrays
from pipeline.records.images.picture import Expected, ImageFault, Picture
from pipeline.records.images.seeing import draw_box, find_levels, fit_mask, is_blank, show
from pipeline.records.images.seen import Drawer
from pipeline.records.images.text import seems_burned_in
from pipeline.records.images.wanted import Wanted, find_images


@dataclass(frozen=True, eq=False)
class CheckedImages:
    """The images of n records.

    `violations` has a row per record and rule that one of its images breaks, with `record` (index of the records),
    `rule` and `column`, as `find_violations` gives them. `unclaimed` files are images that no record names;
    `headless` images have no header that names a modality, so that nothing could be compared with the record.
    """

    violations: pd.DataFrame
    unclaimed: int
    headless: int
    _drawer: Drawer

    def summarise(self, records: IntArray) -> dict[str, int]:
        """How many images the records at these positions have, and what was seen of the folder; counts only."""
        each = np.bincount(self._drawer.owners(), minlength=int(records.max(initial=-1)) + 1)[records]
        some = int((each > 0).sum())
        return {
            "shown": int(each.sum()),
            "with_images": some,
            "without_images": Rest(len(records), some),
            "with_several": int((each > 1).sum()),
            "unclaimed_files": self.unclaimed,
            "without_header": self.headless,
        }

    def write(self, records: IntArray, folder: Path) -> None:
        """Write what a network sees of the records at these positions, in this order, as `read_images` reads it."""
        self._drawer.write(records, folder)

    def store(self, records: IntArray) -> ImageStore:
        """What a network sees of the records at these positions, in this order, mapped from a file without a name."""
        return self._drawer.store(records)


def check_images(
    frame: pd.DataFrame, cohort: type[Cohort], folder: Path | None, scratch: Path | None, *, together: bool = True
) -> CheckedImages:
    """Read each image that the typed records `frame` (n rows, identifiers included) name below `folder`.

    `scratch` is the folder for files without a name, the system's where None. Without `together`, each record is
    judged by itself: an image under two patients breaks no rule. Where `folder` is None, no image is found. Raises
    ConfigurationError without the extra `imaging`, and DataRefusedError where there is no such folder.
    """
    require_imaging()
    if folder and not folder.is_dir():
        raise DataRefusedError(f"{folder} is missing: expected the folder of images; mend source.path in params.yaml")
    [(name, column)] = cohort.with_role(Role.IMAGE).items()
    image = column.image
    assert image is not None, "a column of this role describes its images"
    place = ImageFolder(folder)
    drawer = Drawer(scratch, image.pixels, masked=bool(image.box or image.mask))
    with in_silence():
        wanted, broken = find_images(frame, cohort, place)
        reader = _Reader(place, column, drawer)
        broken += reader.read(wanted)
        if together:
            broken += _find_shared(drawer, frame[cohort.identifier()])
    listed = pd.DataFrame(broken, columns=["position", "rule"]).drop_duplicates().sort_values(["position", "rule"])
    record = frame.index.to_numpy()[listed["position"].to_numpy(np.intp)]
    violations = pd.DataFrame({"record": record, "rule": listed["rule"].to_numpy(object), "column": name})
    return CheckedImages(violations, place.count_unclaimed() if together else 0, reader.headless, drawer)


def _find_shared(drawer: Drawer, identifiers: pd.Series) -> list[tuple[int, str]]:
    """The rule on images under two patients, for each record with one; what is blank is told as that."""
    owners = drawer.owners()
    patients = pd.factorize(identifiers)[0][owners]
    shared = find_shared(drawer.read, patients) & ~drawer.blanks()
    return [(int(owner), "image of one patient") for owner in owners[shared]]


class _Reader:
    """Reads images into a drawer, and says which rules they break."""

    def __init__(self, folder: ImageFolder, column: Column, drawer: Drawer) -> None:
        assert column.image is not None, "a column of this role describes its images"
        self._folder, self._column, self._image, self._drawer = folder, column, column.image, drawer
        self._arrays, self._masks = Arrays(), Arrays()
        self._any = Expected(Image(self._image.modality, self._image.body_part, bits=None))  # what a mask may be
        self.headless = 0

    def read(self, wanted: list[Wanted]) -> list[tuple[int, str]]:
        """Read all; each rule beside the position of the record whose image breaks it."""
        with self._arrays, self._masks:
            return [(each.owner, rule) for each in progress(wanted, "Images") for rule in set(self._read(each))]

    def _read(self, wanted: Wanted) -> Iterator[str]:
        try:
            opened = open_images(self._folder, wanted.location, wanted.expected, self._arrays)
            yield from opened.broken
            self.headless += not opened.checked
            for frame, picture in enumerate(opened.pictures):
                yield from self._show(wanted, frame, picture)
        except ImageFault as fault:
            # where only a warning is declared for such a rule, the image still cannot be shown
            warned = self._column.severity(fault.rule) == Severity.WARN
            yield "image decodable" if warned else fault.rule

    def _show(self, wanted: Wanted, frame: int, picture: Picture) -> Iterator[str]:
        mask = self._mask(wanted, picture)
        levels = find_levels(picture, self._image.window)
        seen = np.zeros((self._drawer.side, self._drawer.side), dtype=np.uint8)
        if levels is not None:
            seen = show(picture, levels, self._drawer.side)
            if seems_burned_in(picture):
                yield "no burned-in text"
        blank = levels is None or is_blank(seen)
        if blank:
            yield "image not blank"
        self._drawer.add(wanted.owner, (wanted.rank, frame), seen, mask, blank=blank)

    def _mask(self, wanted: Wanted, picture: Picture) -> Pixels | None:
        """Where the finding is on what a network sees; None where it is not known, or nowhere. Raises ImageFault."""
        shape = picture.stored.shape
        if wanted.box is not None:
            mask = draw_box(wanted.box, shape)
        elif wanted.mask is not None:
            [drawn] = open_images(self._folder, wanted.mask, self._any, self._masks).pictures
            mask = drawn.stored
        else:
            return None
        if mask.shape != shape or (wanted.box is not None and not mask.any()):
            raise ImageFault("image size")
        return fit_mask(mask, picture.flips, self._drawer.side) if mask.any() else None
