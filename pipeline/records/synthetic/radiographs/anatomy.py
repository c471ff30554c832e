"""A chest as a radiograph shows it, in rough outline: body, lungs, heart, spine, ribs, vessels.

Places are in a plane from -1 to 1, x to the right of the picture and y downwards, whatever its size in pixels.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from pipeline.arrays import FloatArray

Grid: TypeAlias = tuple[FloatArray, FloatArray]
SOFTNESS = 22.0  # of the edges of lungs, heart and body
SIDES = (-1.0, 1.0)


@dataclass(frozen=True)
class Anatomy:
    """What differs from patient to patient, of what no lesion depends on."""

    turn: float  # radians
    shift: tuple[float, float]
    scale: float
    lung_x: float  # distance of the lungs' centres from the middle
    lung_size: tuple[float, float]  # half of width and height
    lung_tilt: float
    dome: tuple[float, float]  # height of the diaphragm on either side
    heart: tuple[float, float, float, float]  # centre, half of width and height
    ribs: tuple[float, float, float]  # number in the picture, phase, slope
    tissue: float
    lung: float
    exposure: tuple[float, float]  # gamma and brightness
    noise: float


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """A patient's own anatomy, and how the picture was taken."""
    between = rng.uniform
    return Anatomy(
        turn=between(-0.07, 0.07),
        shift=(between(-0.06, 0.06), between(-0.06, 0.06)),
        scale=between(0.92, 1.1),
        lung_x=between(0.40, 0.48),
        lung_size=(between(0.28, 0.35), between(0.58, 0.74)),
        lung_tilt=between(0.0, 0.16),
        dome=(between(0.34, 0.62), between(0.34, 0.62)),
        heart=(between(0.06, 0.20), between(0.18, 0.34), between(0.20, 0.34), between(0.24, 0.38)),
        ribs=(between(5.0, 8.5), between(0.0, 2 * np.pi), between(0.15, 0.55)),
        tissue=between(0.58, 0.72),
        lung=between(0.16, 0.26),
        exposure=(between(0.8, 1.25), between(-0.06, 0.06)),
        noise=between(0.010, 0.022),
    )


def make_grid(anatomy: Anatomy, side: int) -> Grid:
    """The patient's own x and y at the centre of each of side x side pixels."""
    along = (np.arange(side) + 0.5) * 2 / side - 1
    x, y = np.meshgrid(along - anatomy.shift[0], along - anatomy.shift[1])
    cos, sin = np.cos(anatomy.turn), np.sin(anatomy.turn)
    return (cos * x + sin * y) / anatomy.scale, (cos * y - sin * x) / anatomy.scale


def place_in_lung(anatomy: Anatomy, rng: np.random.Generator, room: float) -> tuple[float, float]:
    """A point of a lung, at least about `room` from its edge and above the diaphragm and beside the heart."""
    width, height = anatomy.lung_size
    side = int(rng.integers(2))
    angle, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform())
    x = far * np.cos(angle) * max(width - room, 0.05)
    y = -0.05 + far * np.sin(angle) * max(height - room, 0.05) * 0.8
    lowest = anatomy.dome[side] - room - 0.05
    return SIDES[side] * (anatomy.lung_x + 0.03) + x, min(y, lowest)


def draw_lungs(anatomy: Anatomy, grid: Grid) -> FloatArray:
    """How much of each pixel is lung, from 0 to 1."""
    x, y = grid
    width, height = anatomy.lung_size
    lungs = np.zeros_like(x)
    for side, dome in zip(SIDES, anatomy.dome, strict=True):
        across = (x - side * (anatomy.lung_x + anatomy.lung_tilt * (y + 0.1))) / width
        inside = expit(SOFTNESS * (1 - np.sqrt(across**2 + ((y + 0.05) / height) ** 2)) * width)
        floor = dome + 0.5 * (x - side * anatomy.lung_x) ** 2
        lungs += inside * expit(SOFTNESS * (floor - y))
    return lungs.clip(0, 1)


def draw_chest(anatomy: Anatomy, grid: Grid, rng: np.random.Generator) -> FloatArray:
    """Brightness without a lesion, noise or exposure: dark lungs, bright tissue and bone, about 0 to 1."""
    x, y = grid
    lungs = draw_lungs(anatomy, grid)
    body = expit(SOFTNESS * (0.95 - (np.abs(x) ** 3 + (np.abs(y) / 1.25) ** 3) ** (1 / 3)))
    chest = body * (anatomy.tissue + (anatomy.lung - anatomy.tissue) * lungs)
    centre_x, centre_y, width, height = anatomy.heart
    far = np.sqrt(((x - centre_x) / width) ** 2 + ((y - centre_y) / height) ** 2)
    chest += (0.92 * anatomy.tissue - chest).clip(0) * expit(SOFTNESS * (1 - far) * width)
    chest += 0.14 * body * np.exp(-((x / 0.09) ** 2))
    number, phase, slope = anatomy.ribs
    ribs = np.sin(np.pi * number * (y + slope * x**2) + phase).clip(0) ** 2
    chest += (0.03 + 0.05 * lungs) * body * ribs * (np.abs(x) > 0.1)
    return chest + lungs * _draw_vessels(anatomy, rng, len(x))


def _draw_vessels(anatomy: Anatomy, rng: np.random.Generator, side: int) -> FloatArray:
    """Fine and coarse structure of the lungs, different in each patient."""
    fine = gaussian_filter(rng.standard_normal((side, side)), side / 90, mode="wrap")
    coarse = gaussian_filter(rng.standard_normal((side, side)), side / 14, mode="wrap")
    vessels: FloatArray = 0.020 * fine / fine.std() + 0.026 * coarse / coarse.std() * (1 + anatomy.lung)
    return vessels


def expose(anatomy: Anatomy, chest: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The picture, from 0 to 1, as this exposure and this noise make it of the brightness."""
    gamma, more = anatomy.exposure
    noisy = chest + anatomy.noise * rng.standard_normal(chest.shape)
    exposed: FloatArray = (noisy.clip(0, 1.2) / 1.2) ** gamma + more
    return exposed.clip(0, 1)
