"""A patient's images beside maps of where the network looked, for the patient's own page alone."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.reporting import words
from pipeline.reporting.language import say

MOST = 0.65
"""How much of the map's colour covers the image where the map is highest."""
ARM = 0.05
"""Half the length of the cross that marks the highest point, as a share of the image."""


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, what it shows for those who do not see it, and its caption."""

    source: str
    alt: str
    caption: str
    side: int


def build_patient_images(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The panel on images; None where the cohort has none.

    `found["images"]` lists the record's images: `pixels` (side, side) from 0 to 255, `map` (side, side) from 0 to 1,
    `told`, `confidence`, `log_odds`, and `out_of_fold`, whether the network has not learnt from the patient, None where
    that is not known. `found["network"]`, if it is there, is what `performance.json` says of the network.
    """
    images = found.get("images")
    if images is None:
        return None
    looked = (found.get("network") or {}).get("looked")
    return {
        "shown": [_show(image, place, len(images)) for place, image in enumerate(images, start=1)],
        "sanity": words.images.say_looked(looked) if looked and images else [],
    }


def _show(image: Mapping[str, Any], place: int, many: int) -> dict[str, Any]:
    pixels, where = np.asarray(image["pixels"]), np.asarray(image["map"], dtype=float)
    side, grey = len(pixels), np.repeat(pixels[..., None] / 255, 3, axis=2)
    seen = Picture(_write_png(grey), words.patient_images.describe_seen(side), say(words.patient_images.SEEN), side)
    area = words.patient_images.name_area(*_highest(where)) if where.max() > 0 else ""
    alt = words.patient_images.describe_map(area)
    looked = Picture(_write_png(_cover(grey, where)), alt, say(words.patient_images.LOOKED), side)
    return {
        "title": say("Image {place} of {many}", place=place, many=many) if many > 1 else "",
        "pictures": [seen, looked],
        "says": words.patient_images.say_told(1 / (1 + exp(-image["log_odds"])), image["told"], image["confidence"]),
        "network": words.patient_images.say_learnt(image["out_of_fold"]),
    }


def _highest(where: FloatArray) -> tuple[float, float]:
    """Row and column of the map's highest point, as shares of the side."""
    row, column = np.unravel_index(int(where.argmax()), where.shape)
    return (float(row) + 0.5) / len(where), (float(column) + 0.5) / len(where)


def _cover(grey: FloatArray, where: FloatArray) -> FloatArray:
    """The image (side, side, 3) under the map, and a cross, white in black, on the map's highest point."""
    from matplotlib import colormaps

    cover = MOST * where[..., None]
    made: FloatArray = (1 - cover) * grey + cover * colormaps["inferno"](where)[..., :3]
    if where.max() <= 0:
        return made
    side = len(where)
    at, arm = np.unravel_index(int(where.argmax()), where.shape), max(2, round(ARM * side))
    rows, columns = np.abs(np.indices(where.shape) - np.reshape(at, (2, 1, 1)))
    for wide, colour in ((1, 0.0), (0, 1.0)):
        near = ((rows <= wide) & (columns <= arm + wide)) | ((columns <= wide) & (rows <= arm + wide))
        made[near] = colour
    return made


def _write_png(picture: FloatArray) -> str:
    """A picture (side, side, 3) from 0 to 1 as a data URI, the same bytes every time."""
    from matplotlib.image import imsave

    out = io.BytesIO()
    nothing: Any = {"Software": None}
    imsave(out, np.clip(picture, 0, 1), format="png", metadata=nothing)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
