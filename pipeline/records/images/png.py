"""PNG files: 1 to 16 bits of grey."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.records.images.picture import Expected, ImageFault, Opened, Picture, check_bits, check_shape, decodable

MAGIC = b"\x89PNG\r\n\x1a\n"
GREY = 0  # the colour type without palette, colour or transparency (W3C PNG, 11.2.1)


def open_png(path: Path, head: bytes, expected: Expected) -> Opened:
    """The image of the file that begins with `head`. Raises ImageFault.

    Size and colour are those of the header chunk, read before anything is unpacked.
    """
    if len(head) < 26 or head[12:16] != b"IHDR":
        raise ImageFault("image decodable")
    columns, rows = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    bits, colour = head[24], head[25]
    broken = check_shape(rows, columns, 1, expected)
    if colour != GREY:
        raise ImageFault("image grey")
    return Opened(_decode(path), (*broken, *check_bits(bits, expected)))


def _decode(path: Path) -> Iterator[Picture]:
    from PIL import Image

    with decodable(), Image.open(path, formats=["PNG"]) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ImageFault("image size")
        stored = np.asarray(image)
    yield Picture(stored.astype(np.uint8) if stored.dtype == np.bool_ else stored)
