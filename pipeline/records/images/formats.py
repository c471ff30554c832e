"""Files of images opened by what they hold, never by what they are called, and without a word of what they say."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.records.images.dicom import open_dicom
from pipeline.records.images.folder import ImageFolder, Location, read_head, tell_format
from pipeline.records.images.npz import Arrays
from pipeline.records.images.picture import Expected, ImageFault, Opened
from pipeline.records.images.png import open_png

MOST_BYTES = 2**30  # of one file, which is read whole
TALKATIVE = ("pydicom", "PIL")


def open_images(folder: ImageFolder, location: Location, expected: Expected, arrays: Arrays) -> Opened:
    """The images that stand at `location`. Raises ImageFault where they cannot be read."""
    path = folder.path(location.path)
    head = _read_start(path)
    kind = tell_format(head)
    if location.array is not None and kind != "NPZ":
        raise ImageFault("image format")
    if kind == "DICOM":
        return open_dicom(path, head, expected)
    if kind == "PNG":
        return open_png(path, head, expected)
    if kind == "NPZ":
        return arrays.open(path, location.array, location.place, expected)
    raise ImageFault("image format")


def _read_start(path: Path) -> bytes:
    size, head = path.stat().st_size, read_head(path)
    if size > MOST_BYTES:
        raise ImageFault("image size")
    if not head:
        raise ImageFault("image not empty" if size == 0 else "image decodable")
    return head


@contextmanager
def in_silence() -> Iterator[None]:
    """Let libraries say nothing: their logs and warnings quote what stands in a file, the patient's name included.

    A header's values are not checked against the standard, since only a few are used and hospitals' software errs.
    """
    from PIL import Image
    from pydicom.config import disable_value_validation

    loggers = [logging.getLogger(name) for name in TALKATIVE]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings(), disable_value_validation():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
