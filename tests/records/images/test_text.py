import numpy as np
import pytest

from pipeline.records.images.picture import Picture
from pipeline.records.images.text import seems_burned_in
from tests.extras import needs_imaging
from tests.records.images.ward import draw


def write_words(pixels, words, place, size, value):
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("L", pixels.shape[::-1], 0)
    ImageDraw.Draw(canvas).text(place, words, fill=255, font=ImageFont.load_default(size))
    mask = np.asarray(canvas).astype(float) / 255
    return np.round(pixels * (1 - mask) + value * mask).astype(pixels.dtype)


@needs_imaging
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", [12, 16, 28])
def test_words_are_told(seed, size):
    pixels = (draw(seed, (256, 256), top=3000)).astype(np.uint16)
    place = (10 + 5 * seed, [8, 120, 220][seed % 3])
    assert seems_burned_in(Picture(write_words(pixels, "NAME 1923-04", place, size, 4095)))
    assert not seems_burned_in(Picture(pixels))


@pytest.mark.parametrize("seed", range(40))
def test_smooth_shapes_noise_and_edges_are_no_words(seed):
    rng = np.random.default_rng(seed)
    smooth = draw(seed, (200, 160))
    cut = np.minimum(smooth, 3500)  # bright areas of one value
    noise = rng.integers(0, 4096, (200, 160)).astype(np.uint16)
    speckle = np.where(rng.random((200, 160)) < 0.02, 4095, smooth // 2).astype(np.uint16)
    ribs = (2000 + 2000 * np.sin(np.arange(200) / 7)[:, None] * np.ones(160)).astype(np.uint16)
    for pixels in (smooth, cut, noise, speckle, ribs, np.zeros((9, 9), np.uint8)):
        assert not seems_burned_in(Picture(pixels))
