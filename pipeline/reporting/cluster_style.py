"""How a phenotype is told from the others in figures: a colour, a kind of line, and always its number."""

import re
from typing import Any

from markupsafe import Markup

from pipeline.reporting.figures import BLUE, INK, VERMILION

COLOURS = (BLUE, VERMILION, "#00664d", "#7a3d69", INK, "#5c5400")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (6, 2, 1.2, 2)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)))


def tint(colour: str, amount: float) -> str:
    """A colour of six hexadecimal digits, mixed with white; `amount` 1 is the colour itself."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - amount * (255 - part)):02x}" for part in parts)


def shorten(svg: Markup) -> Markup:
    """The same figure in half the bytes: hundredths of a point, and no attribute that changes nothing.

    The fonts of the page's style sheet apply. Only tags are touched, in which no label of a cohort stands.
    """
    return Markup(re.sub(r"<[^<>]+>", _shorten_tag, svg))  # noqa: S704 - only takes away from what was safe


def _shorten_tag(tag: re.Match[str]) -> str:
    rounded = re.sub(r"(\.\d\d)\d+", r"\1", tag[0])
    return re.sub(r" transform=\"rotate\(-0 [^\"]*\)\"| font-family: [^;\"]*;", "", rounded)
