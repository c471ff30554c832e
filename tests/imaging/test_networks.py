"""Each network tells classes from a map fine enough to point with, and starts from weights that fit it."""

import numpy as np
import pytest

from pipeline.errors import ConfigurationError
from tests.extras import needs_imaging

pytestmark = needs_imaging


@pytest.mark.parametrize(("name", "width"), [("small", 96), ("resnet18", 1024), ("densenet121", 2048)])
def test_a_network_gives_scores_an_embedding_and_a_fine_map(name, width):
    import torch

    from pipeline.imaging.determinism import steady
    from pipeline.imaging.networks import make_network, to_grey

    with steady(), torch.inference_mode():
        network = make_network(name, 3).eval()
        images = to_grey(np.random.default_rng(1).integers(0, 256, (2, 32, 32), dtype=np.uint8), torch.device("cpu"))
        assert images.shape == (2, 1, 32, 32)
        assert -1 <= float(images.min()) < float(images.max()) <= 1
        assert network(images).shape == (2, 3)
        assert network.embed(images).shape == (2, width)
        assert network.features(images).shape[-1] >= 32 // 8
        assert float(network.features(images).min()) >= 0, "what Grad-CAM++ weighs is not negative"


@pytest.mark.parametrize("prefix", ["", "features."])
def test_starting_weights_are_taken_and_the_last_layer_may_differ(tmp_path, prefix):
    import torch
    from safetensors.numpy import save_file

    from pipeline.imaging.networks import make_network, start_from

    given, own = make_network("resnet18", 5), make_network("resnet18", 2)
    weights = {f"{prefix}{name}": value.numpy().copy() for name, value in given.features.state_dict().items()}
    colours = np.repeat(weights[f"{prefix}conv1.weight"] / 3, 3, axis=1)
    save_file(weights | {f"{prefix}conv1.weight": colours, "fc.weight": np.zeros((5, 512))}, tmp_path / "w.safetensors")
    start_from(own, tmp_path / "w.safetensors")
    for one, other in zip(own.features.parameters(), given.features.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_starting_weights_of_another_network_are_refused(tmp_path):
    from safetensors.numpy import save_file

    from pipeline.imaging.networks import make_network, start_from

    small, path = make_network("small", 2), tmp_path / "w.safetensors"
    weights = {name: value.numpy().copy() for name, value in small.features.state_dict().items()}
    save_file({name: array for name, array in weights.items() if name != "1.conv.weight"}, path)
    with pytest.raises(ConfigurationError, match=r"expected 1\.conv\.weight of shape \[32, 16, 3, 3\], found none"):
        start_from(small, path)
    save_file(weights | {"1.conv.weight": np.zeros((8, 16, 3, 3), dtype=np.float32)}, path)
    with pytest.raises(ConfigurationError, match=r"found one of \[8, 16, 3, 3\]; change network or weights"):
        start_from(small, path)
    with pytest.raises(ConfigurationError, match=r"no\.safetensors cannot be read"):
        start_from(small, tmp_path / "no.safetensors")
