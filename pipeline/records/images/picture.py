"""What a file of images gives: pixels, and which rules its header breaks; nothing that says who the patient is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy.typing as npt

from data_schemas.images import Image

Stored: TypeAlias = npt.NDArray[Any]
MOST_PIXELS = 50_000_000  # an image; the largest digital mammograms have half of that


class ImageFault(Exception):  # noqa: N818 - it says what a file is, and never ends a run
    """An image breaks `rule`, one of `IMAGE_SEVERITIES`, and cannot be shown."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True)
class Expected:
    """What the schema says of images and the record of this one: its patient and side, L or R, where known."""

    image: Image
    identifier: str | None = None
    side: str | None = None


@dataclass(frozen=True)
class Picture:
    """One image as stored, (rows, columns), integers or real numbers.

    Intensity is `stored * slope + intercept`. `inverted` images show low values bright. `flips` say whether rows
    (first) and columns must be turned round to show the patient as usual: head up, the patient's left on the right.
    """

    stored: Stored
    slope: float = 1.0
    intercept: float = 0.0
    inverted: bool = False
    flips: tuple[bool, bool] = (False, False)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest stored value."""
        return float(self.stored.min()), float(self.stored.max())


@dataclass(frozen=True)
class Opened:
    """The images of one file, decoded one by one as asked for.

    `broken` are the rules that its header breaks, and `checked` says whether it has a header that names a modality.
    """

    pictures: Iterator[Picture]
    broken: tuple[str, ...] = ()
    checked: bool = False


@contextmanager
def decodable() -> Iterator[None]:
    """Turn whatever a library raises on a file's content into a fault: its message may hold what stands in the file.

    A decoder that meets a damaged file raises nearly anything: of struct, zlib, numpy, an index or a missing key.
    """
    try:
        yield
    except ImageFault:
        raise
    except Exception:
        raise ImageFault("image decodable") from None


def check_shape(rows: int, columns: int, frames: int, expected: Expected) -> list[str]:
    """The rule on size where it is broken by what a header declares, before memory is taken.

    Raises ImageFault where there are too many pixels, none, or several frames and one is expected: to choose one of
    them would hide the others.
    """
    if not 0 < rows * columns <= MOST_PIXELS or rows < 1 or frames < 1 or (frames > 1 and not expected.image.several):
        raise ImageFault("image size")
    size = expected.image.size
    return ["image size"] if size is not None and size != (rows, columns) else []


def check_bits(bits: int | None, expected: Expected) -> list[str]:
    """The rule on bits per pixel where it is broken; None are real numbers."""
    return ["image bits"] if expected.image.bits not in (None, bits) else []
