"""Maps show where a network looks: a network that is built to see one thing looks there."""

import numpy as np
import pytest

from tests.extras import needs_imaging

pytestmark = needs_imaging
SIDE = 32


@pytest.fixture(scope="module")
def bright():
    """A model for which an image has a finding where something bright is."""
    import torch

    from pipeline.imaging.components import Components
    from pipeline.imaging.model import ImageModel
    from pipeline.imaging.networks import make_network
    from pipeline.imaging.training import Trained

    weights = {name: torch.zeros_like(value) for name, value in make_network("small", 2).state_dict().items()}
    for layer in range(4):
        middle = weights[f"features.{layer}.conv.weight"].shape[-1] // 2
        weights[f"features.{layer}.conv.weight"][0, 0, middle, middle] = 1
        weights[f"features.{layer}.adn.N.weight"][:] = 1
    weights["head.weight"][1, 48] = 1  # the first feature's maximum
    arrays = {name: value.numpy() for name, value in weights.items()}
    components = Components(np.zeros((97, 0)), np.zeros(0))
    return ImageModel("small", SIDE, ("no", "yes"), (1,), (Trained(arrays, 1.0, np.zeros(2)),), components)


@pytest.fixture(scope="module")
def spots():
    pixels, masks = np.full((6, SIDE, SIDE), 60, dtype=np.uint8), np.zeros((6, SIDE, SIDE), dtype=np.uint8)
    for number, (row, column) in enumerate([(4, 4), (4, 24), (24, 4), (16, 16), (25, 25), (10, 20)]):
        pixels[number, row - 3 : row + 4, column - 3 : column + 4] = 220
        masks[number, row - 3 : row + 4, column - 3 : column + 4] = 1
    return pixels, masks


def test_maps_point_at_what_counts(bright, spots):
    from pipeline.imaging import attention

    pixels, masks = spots
    maps = attention.map_attention(bright, pixels)
    assert maps.shape == pixels.shape
    assert maps.min() >= 0
    assert np.allclose(maps.max(axis=(1, 2)), 1)
    assert attention.find_hits(maps, masks).all()
    assert not attention.find_hits(maps, masks[::-1]).any()


def test_a_hit_may_miss_by_fifteen_of_224_pixels():
    from pipeline.imaging.attention import find_hits

    maps, mask = np.zeros((1, 224, 224)), np.zeros((1, 224, 224), dtype=np.uint8)
    mask[0, 100, 100] = 1
    for column, hit in ((100, True), (115, True), (116, False)):
        maps[:] = 0
        maps[0, 100, column] = 1
        assert find_hits(maps, mask)[0] == hit
    assert not find_hits(np.zeros((1, 224, 224)), mask)[0], "a map without a point points nowhere"


def test_maps_are_compared_by_ranks():
    from pipeline.imaging.attention import compare_maps

    maps = np.random.default_rng(1).normal(size=(2, 8, 8))
    assert np.allclose(compare_maps(maps, -(np.abs(maps) ** 3)), 1)
    assert np.isnan(compare_maps(maps, np.ones_like(maps))).all()


def test_random_weights_draw_other_maps(bright, spots):
    from pipeline.imaging.attention import compare_maps, map_attention, randomise

    pixels, _ = spots
    random = randomise(bright, 1)
    first, again = (map_attention(randomise(bright, seed), pixels) for seed in (1, 1))
    assert np.array_equal(first, again)
    assert random.classes == bright.classes
    assert np.nanmean(compare_maps(map_attention(bright, pixels), first)) < 0.6
