"""What may be found in a lung: a nodule, a mass or an infiltrate, of known place and contrast."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from pipeline.arrays import FloatArray
from pipeline.records.synthetic.radiographs.anatomy import Anatomy, Grid, place_in_lung

NONE, NODULE, MASS, INFILTRATE = "none", "nodule", "mass", "infiltrate"
TYPES = (NODULE, MASS, INFILTRATE)
RADII = {NODULE: (0.09, 0.13), MASS: (0.20, 0.27), INFILTRATE: (0.28, 0.38)}
SHOWN = {NODULE: 0.9, MASS: 0.75, INFILTRATE: 0.8}  # of a type's contrast, so that all are about as hard to see
EDGE = 80.0  # sharpness of the outline of nodules and masses
AROUND = 0.015  # by which a box is wider than the outline, as edges are soft


@dataclass(frozen=True)
class Lesion:
    """One lesion, in the plane of the anatomy; `contrast` is its brightness, of the picture's range."""

    type: str
    place: tuple[float, float]
    radius: float
    lobes: tuple[float, float]  # phases of a mass's outline
    contrast: float


def draw_lesion(kind: str, contrast: float, anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """A lesion of this type somewhere in a lung."""
    radius = rng.uniform(*RADII[kind])
    place = place_in_lung(anatomy, rng, radius)
    phases = rng.uniform(0, 2 * np.pi, 2)
    return Lesion(kind, place, radius, (phases[0], phases[1]), contrast)


def draw_shadow(lesion: Lesion, grid: Grid, rng: np.random.Generator) -> FloatArray:
    """What the lesion adds to the brightness of each pixel."""
    x, y = grid[0] - lesion.place[0], grid[1] - lesion.place[1]
    far = np.hypot(x, y)
    if lesion.type == INFILTRATE:
        side = len(x)
        patches = gaussian_filter(rng.standard_normal((side, side)), side / 32, mode="wrap")
        shape = np.exp(-((far / lesion.radius) ** 6)) * (0.5 + 0.5 * np.tanh(3 * patches / patches.std()))
    else:
        shape = expit(EDGE * (_outline(lesion, np.arctan2(y, x)) - far))
    shadow: FloatArray = SHOWN[lesion.type] * lesion.contrast * shape
    return shadow


def _outline(lesion: Lesion, angle: FloatArray) -> FloatArray:
    """The distance of the edge from the centre in each direction: a circle, or lobes."""
    if lesion.type != MASS:
        return np.full_like(angle, lesion.radius)
    first, second = lesion.lobes
    lobed: FloatArray = lesion.radius * (1 + 0.17 * np.cos(3 * angle + first) + 0.12 * np.cos(5 * angle + second))
    return lobed


def find_box(lesion: Lesion, grid: Grid) -> tuple[int, int, int, int]:
    """Left, top, width and height in pixels of where the lesion lies, within the picture."""
    far = np.hypot(grid[0] - lesion.place[0], grid[1] - lesion.place[1])
    angle = np.arctan2(grid[1] - lesion.place[1], grid[0] - lesion.place[0])
    inside = far <= _outline(lesion, angle) + AROUND
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    assert rows.size, "a lesion in a lung lies in the picture"
    return int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
