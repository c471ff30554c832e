"""Pictures of synthetic patients, each from a seed of its own, so that none depends on how many there are."""

from dataclasses import dataclass

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.records.synthetic.radiographs.anatomy import draw_anatomy, draw_chest, expose, make_grid
from pipeline.records.synthetic.radiographs.lesions import NONE, draw_lesion, draw_shadow, find_box

PICTURES = 1  # what a seed is spent on; records take 0


@dataclass(frozen=True)
class Picture:
    """A radiograph, (side, side) from 0 to 1, and its lesion's box in pixels: left, top, width and height."""

    brightness: FloatArray
    box: tuple[int, int, int, int] | None


def draw_picture(seed: int, patient: int, side: int, finding: str, contrast: float) -> Picture:
    """The radiograph of one patient. Only the lesion differs between two pictures of different `finding`."""
    anatomy_rng, chest_rng, lesion_rng, noise_rng = (
        np.random.default_rng(sequence)
        for sequence in np.random.SeedSequence(seed, spawn_key=(PICTURES, patient)).spawn(4)
    )
    anatomy = draw_anatomy(anatomy_rng)
    grid = make_grid(anatomy, side)
    chest = draw_chest(anatomy, grid, chest_rng)
    box = None
    if finding != NONE:
        lesion = draw_lesion(finding, contrast, anatomy, lesion_rng)
        chest = chest + draw_shadow(lesion, grid, lesion_rng)
        box = find_box(lesion, grid)
    return Picture(expose(anatomy, chest, noise_rng), box)
