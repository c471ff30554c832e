"""The images that records name, each with what the record says of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from data_schemas.columns import Cohort, Role
from data_schemas.images import Image
from pipeline.records.images.folder import ImageFolder, Location
from pipeline.records.images.picture import Expected, ImageFault
from pipeline.records.images.seeing import Box

SIDES = ("L", "R")


class Wanted(NamedTuple):
    """File number `rank` of the record at position `owner`, and where the finding is, if the record says so."""

    owner: int
    rank: int
    location: Location
    expected: Expected
    box: Box | None
    mask: Location | None


def find_images(
    frame: pd.DataFrame, cohort: type[Cohort], folder: ImageFolder
) -> tuple[list[Wanted], list[tuple[int, str]]]:
    """The images of the typed records `frame`, and the rules that records break by naming what is not there.

    They are in the order of files, and in stacks of images, so that each file is read once and forwards. A rule
    stands beside the position of its record.
    """
    [(name, column)] = cohort.with_role(Role.IMAGE).items()
    assert column.image is not None, "a column of this role describes its images"
    found: list[Wanted] = []
    broken: list[tuple[int, str]] = []
    for owner, told in _named(frame, name, cohort, column.image):
        try:
            found += _find(owner, told, column.image, folder)
        except ImageFault as fault:
            broken.append((owner, fault.rule))
    return sorted(found, key=lambda each: (_place(each.location), each.owner, each.rank)), broken


def _place(location: Location) -> tuple[str, str, int]:
    return location.path, location.array or "", -1 if location.place is None else location.place


def _named(frame: pd.DataFrame, name: str, cohort: type[Cohort], image: Image) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records that name an image: their positions and the cells that are of use, None where missing."""
    columns = {"cell": name, "identifier": cohort.identifier(), "side": image.laterality, "mask": image.mask}
    columns |= dict(enumerate(image.box.columns if image.box else ()))  # type: ignore[arg-type]
    chosen = {key: frame[column].astype(object) for key, column in columns.items() if column}
    table = pd.DataFrame(chosen)
    whole = table.where(table.notna(), None)
    codes = cohort.columns()[image.laterality].codes if image.laterality else {}
    sides: dict[Any, str] = {codes[side]: side for side in SIDES if side in codes}
    for owner, cells in enumerate(whole.to_dict("records")):
        if cells["cell"] is not None:
            yield owner, {str(key): cell for key, cell in cells.items()} | {"side": sides.get(cells.get("side"))}


def _find(owner: int, told: dict[str, Any], image: Image, folder: ImageFolder) -> Iterator[Wanted]:
    if image.by_uid:
        locations = folder.find_uid(told["cell"], several=image.several)
    else:
        locations = folder.find(told["cell"], image.pattern, several=image.several)
    mask = told.get("mask")
    [place] = folder.find(mask, image.mask_pattern, several=False) if mask is not None else [None]
    corners = [told.get(str(number)) for number in range(4)]
    box: Any = None if None in corners else tuple(corners)
    expected = Expected(image, told["identifier"], told["side"])
    return (Wanted(owner, rank, location, expected, box, place) for rank, location in enumerate(locations))
