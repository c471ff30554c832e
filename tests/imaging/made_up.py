"""Small made-up images: a smooth background with noise, and on some a bright shape whose place and type are known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

CLASSES = ("none", "disc", "ring", "bar")


@dataclass(frozen=True)
class MadeUp:
    """m images: `pixels` and `masks` (m, side, side), `label` (m,) as positions in CLASSES."""

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    label: NDArray[np.int64]


def make_images(count: int, seed: int, side: int = 64, contrast: float = 0.3) -> MadeUp:
    """`count` images, half of them with a shape of `contrast` (share of the grey scale)."""
    rng = np.random.default_rng(seed)
    label = np.where(rng.random(count) < 0.5, 0, rng.integers(1, len(CLASSES), count))
    drawn = [_draw(int(each), rng, side, contrast) for each in label]
    return MadeUp(np.stack([pixels for pixels, _ in drawn]), np.stack([mask for _, mask in drawn]), label)


def _draw(label: int, rng: np.random.Generator, side: int, contrast: float) -> tuple[NDArray[np.uint8], ...]:
    scene = gaussian_filter(rng.normal(size=(side, side)), side / 8)
    grey = 0.4 + 0.12 * scene / scene.std() + rng.normal(0, 0.06, (side, side))
    mask = np.zeros((side, side), dtype=np.uint8)
    if label:
        radius = max(side * rng.uniform(0.07, 0.12), 4.0)
        row, column = rng.uniform(radius + 1, side - radius - 1, 2)
        rows, columns = np.mgrid[:side, :side]
        distance, turn = np.hypot(rows - row, columns - column), rng.uniform(0, np.pi)
        across = np.abs((rows - row) * np.cos(turn) + (columns - column) * np.sin(turn))
        shape = (distance < radius, abs(distance - radius * 0.8) < radius * 0.25, across < radius * 0.25)[label - 1]
        mask = (distance < radius).astype(np.uint8)
        grey = grey + contrast * (shape & (distance < radius * 1.05))
    return (np.clip(grey, 0, 1) * 255).astype(np.uint8), mask
