"""Changes of an image that leave its finding as it is."""

import torch
from torch.nn import functional

SHIFT, TURN, SCALE = 0.08, 0.15, 0.1  # largest: share of the side, radians, share of the size
CONTRAST, BRIGHTNESS = 0.2, 0.15  # largest change: share, and of a scale that runs from -1 to 1


def augment(images: torch.Tensor, generator: torch.Generator, *, mirrored: bool) -> torch.Tensor:
    """`images` (b, 1, side, side) in -1..1, each shifted, turned, scaled, and shown otherwise at random.

    If they may be `mirrored`, half of them are, left to right.
    """
    count = len(images)
    if mirrored:
        turned = (torch.rand((count, 1, 1, 1), generator=generator) < 1 / 2).to(images.device)
        images = torch.where(turned, images.flip(-1), images)
    drawn = (torch.rand((count, 6), generator=generator) * 2 - 1).to(images.device)
    turn, scale = drawn[:, 0] * TURN, 1 + drawn[:, 1] * SCALE
    along, across = turn.cos() * scale, turn.sin() * scale
    shift = drawn[:, 2:4] * 2 * SHIFT  # the grid runs from -1 to 1
    moves = torch.stack([along, -across, shift[:, 0], across, along, shift[:, 1]], dim=1).reshape(count, 2, 3)
    grid = functional.affine_grid(moves, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    shown = drawn[:, 4:].reshape(count, 2, 1, 1)
    return moved * (1 + shown[:, :1] * CONTRAST) + shown[:, 1:] * BRIGHTNESS
