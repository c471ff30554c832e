"""Networks that tell classes of grey images: one of few parameters, and two known by name."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from monai.networks.blocks.convolutions import Convolution
from monai.networks.nets.densenet import DenseNet121
from monai.networks.nets.resnet import resnet18
from torch import nn

from pipeline.errors import ConfigurationError
from pipeline.imaging.weights import Array, unpack_arrays

MIDDLE = 127.5  # of the grey scale


class Network(nn.Module):
    """Features in a map of an eighth of the image's side or finer, pooled to an embedding, then a linear layer.

    The mean tells how much there is of a feature, the maximum whether it is anywhere, which is what small lesions need.
    """

    def __init__(self, features: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(2 * width, classes)

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        """The embedding (b, 2 * width) of `images` (b, 1, side, side) in -1..1."""
        seen: torch.Tensor = self.features(images)
        return torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], dim=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (b, classes), which know nothing of how frequent a class is."""
        scores: torch.Tensor = self.head(self.embed(images))
        return scores


def make_network(name: str, classes: int) -> Network:
    """The network `name`, with random weights: draws from torch's own generator."""
    features, width = NETWORKS[name]()
    return Network(features, width, classes)


def to_grey(pixels: Array, device: torch.device) -> torch.Tensor:
    """Images (b, side, side) of 0 to 255 as a network sees them, (b, 1, side, side) from -1 to 1."""
    return torch.from_numpy(pixels).to(device).float().div(MIDDLE).sub(1).unsqueeze(1)


def _make_small() -> tuple[nn.Module, int]:
    # Groups, as the statistics of batches of so few images would be noise.
    norm = ("group", {"num_groups": 8})
    layers = [
        Convolution(2, *channels, strides=strides, kernel_size=width, norm=norm, act="relu", adn_ordering="NA")
        for channels, strides, width in (((1, 16), 2, 5), ((16, 32), 2, 3), ((32, 32), 1, 3), ((32, 48), 1, 3))
    ]
    return nn.Sequential(*layers), 48


def _make_resnet18() -> tuple[nn.Module, int]:
    # Without the first two halvings of the side, so that the map is fine enough to show a place.
    whole = resnet18(
        spatial_dims=2,
        n_input_channels=1,
        conv1_t_stride=1,
        no_max_pool=True,
        bias_downsample=False,
        feed_forward=False,
    )
    names = ("conv1", "bn1", "act", "layer1", "layer2", "layer3", "layer4")
    return nn.Sequential(OrderedDict((name, getattr(whole, name)) for name in names)), 512


def _make_densenet121() -> tuple[nn.Module, int]:
    layers = OrderedDict(DenseNet121(spatial_dims=2, in_channels=1, out_channels=1).features.named_children())
    layers["conv0"] = nn.Conv2d(1, 64, kernel_size=7, padding=3, bias=False)
    del layers["pool0"]
    return nn.Sequential(layers | {"relu5": nn.ReLU()}), 1024


NETWORKS: dict[str, Callable[[], tuple[nn.Module, int]]] = {
    "small": _make_small, "resnet18": _make_resnet18, "densenet121": _make_densenet121,
}  # fmt: skip


def start_from(network: Network, path: Path) -> None:
    """Put the weights of the safetensors file `path` in place of random ones; a last layer may differ.

    Weights are named as in MONAI, with `features.` before them or not, and those of a first layer for colours are
    summed, as if grey were seen in each. Raises ConfigurationError where the file cannot be read or does not fit.
    """
    given = {name.removeprefix("features."): array for name, array in unpack_arrays(_read(path), path).items()}
    own = {name: value for name, value in network.features.state_dict().items() if "num_batches" not in name}
    loaded = {name: torch.from_numpy(_fit(given, name, tuple(value.shape), path)) for name, value in own.items()}
    network.features.load_state_dict(loaded, strict=False)


def _fit(given: Mapping[str, Array], name: str, shape: tuple[int, ...], path: Path) -> Array:
    array = given.get(name)
    if array is not None and array.ndim == 4 and shape[1] == 1 and array.shape[1] == 3:
        array = array.sum(axis=1, keepdims=True)
    if array is None or array.shape != shape:
        came = "none" if array is None else f"one of {list(array.shape)}"
        raise ConfigurationError(
            f"the starting weights {path} do not fit the network: expected {name} of shape {list(shape)}, found "
            f"{came}; change network or weights in params.yaml"
        )
    return array.astype("float32")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the starting weights {path} cannot be read: {error.strerror}") from None
