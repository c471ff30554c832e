"""A kept model tells the same to the last bit, and no other file is taken for one."""

import json
import struct

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import ConfigurationError
from pipeline.imaging.findings import NO_MODEL
from tests.extras import needs_imaging
from tests.imaging.made_up import CLASSES, make_images

pytestmark = needs_imaging


@pytest.fixture(scope="module")
def model():
    import torch

    from pipeline.imaging.components import Components
    from pipeline.imaging.determinism import steady
    from pipeline.imaging.model import ImageModel
    from pipeline.imaging.networks import make_network
    from pipeline.imaging.training import Trained

    rng, networks = np.random.default_rng(1), []
    for seed in (1, 2):
        with steady(seed), torch.no_grad():
            weights = {name: value.numpy() for name, value in make_network("small", 4).state_dict().items()}
        networks.append(Trained(weights, 1.5, np.log([0.4, 0.3, 0.2, 0.1])))
    components = Components(rng.normal(size=(2 * 96 + 1, 2)), rng.normal(size=2))
    return ImageModel("small", 32, CLASSES, (1, 2, 3), tuple(networks), components)


def test_a_kept_model_tells_the_same(model, tmp_path):
    from pipeline.imaging.storage import image_model_to_bytes, read_image_model

    content, pixels = image_model_to_bytes(model), make_images(5, seed=1, side=32).pixels
    (tmp_path / "m.safetensors").write_bytes(content)
    again = read_image_model(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(again.predict(pixels), model.predict(pixels), check_exact=True)
    assert image_model_to_bytes(again) == content
    assert list(model.predict(pixels)) == [
        "log_odds", "told", "confidence", *(f"p_{name}" for name in CLASSES), "component_1", "component_2",
    ]  # fmt: skip
    assert len(model.predict(pixels[:0])) == 0


def test_images_of_another_side_are_refused(model):
    with pytest.raises(ConfigurationError, match="images of 32 x 32 pixels, and these are of 16 x 16"):
        model.predict(make_images(2, seed=1, side=16).pixels)


def with_header(content, change):
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    told = json.loads(header["__metadata__"]["clinrisk"])
    change(told)
    header["__metadata__"]["clinrisk"] = json.dumps(told)
    text = json.dumps(header).encode()
    text = text.ljust(-(-len(text) // 8) * 8)
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda content: content[:-1], "is no safetensors file"),
        (lambda _: b"", "is no safetensors file"),
        (lambda _: b"\x80\x04K\x01.", "is no safetensors file"),
        (lambda _: NO_MODEL, "of another program"),
        (lambda content: with_header(content, lambda told: told.update(format=9)), "of another version"),
        (lambda content: with_header(content, lambda told: told.update(kind="resnet18")), "is no whole image model"),
        (lambda content: with_header(content, lambda told: told.update(classes=["a", "b"])), "is no whole image model"),
        (lambda content: with_header(content, lambda told: told.update(positive=[7])), "is no whole image model"),
        (lambda content: with_header(content, lambda told: told.pop("side")), "is no whole image model"),
    ],
)
def test_another_file_is_refused_in_a_sentence(model, tmp_path, spoil, says):
    from pipeline.imaging.storage import image_model_to_bytes, read_image_model

    path = tmp_path / "m.safetensors"
    path.write_bytes(spoil(image_model_to_bytes(model)))
    with pytest.raises(ConfigurationError, match=says) as raised:
        read_image_model(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    from pipeline.imaging.storage import read_image_model

    with pytest.raises(ConfigurationError, match=r"gone\.safetensors cannot be read: No such file"):
        read_image_model(tmp_path / "gone.safetensors")
