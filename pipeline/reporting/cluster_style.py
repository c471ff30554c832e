"""How a phenotype is told from the others in figures: a colour, a kind of line, and always its number."""

from typing import Any

from pipeline.reporting.figures import BLUE, INK, VERMILION

COLOURS = (BLUE, VERMILION, "#00664d", "#7a3d69", INK, "#5c5400")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (6, 2, 1.2, 2)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)))


def tint(colour: str, amount: float) -> str:
    """A colour of six hexadecimal digits, mixed with white; `amount` 1 is the colour itself."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - amount * (255 - part)):02x}" for part in parts)
