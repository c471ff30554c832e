"""The deployed networks as a safetensors file: arrays, and in the header what they mean; nothing in it can run."""

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ConfigurationError
from pipeline.imaging.components import Components
from pipeline.imaging.model import ImageModel
from pipeline.imaging.networks import NETWORKS, make_network
from pipeline.imaging.training import Trained
from pipeline.imaging.weights import Array, pack, unpack

FORMAT = 1


def image_model_to_bytes(model: ImageModel) -> bytes:
    """The file of `model`: the same bytes for the same model."""
    arrays: dict[str, Array] = {
        "components.weights": model.components.weights,
        "components.intercept": model.components.intercept,
    }
    for number, trained in enumerate(model.networks):
        arrays |= {f"{number}.weights.{name}": array for name, array in trained.weights.items()}
        arrays[f"{number}.offset"] = trained.offset
    told = {
        "format": FORMAT,
        "kind": model.kind,
        "side": model.side,
        "classes": model.classes,
        "positive": model.positive,
        "temperatures": [trained.temperature for trained in model.networks],
    }
    return pack(arrays, told)


def read_image_model(path: Path) -> ImageModel:
    """The model in a file that `image_model_to_bytes` made; it tells to the last bit the same.

    Raises ConfigurationError where the file is missing, damaged, another program's or of another version, or holds no
    network because the cohort had no images.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the image model {path} cannot be read: {error.strerror}") from None
    arrays, told = unpack(content, path)
    if told.get("format") != FORMAT or told.get("kind") not in NETWORKS:
        raise ConfigurationError(f"{path} holds an image model of another version; run the stage `imaging` again")
    try:
        model = _assemble(arrays, told)
        _check(model)
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise ConfigurationError(
            f"{path} is no whole image model; restore it, or run the stage `imaging` again"
        ) from None
    return model


def _assemble(arrays: dict[str, Array], told: dict[str, Any]) -> ImageModel:
    def network(number: int, temperature: float) -> Trained:
        start = f"{number}.weights."
        weights = {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
        return Trained(weights, temperature, arrays[f"{number}.offset"])

    networks = tuple(network(number, float(each)) for number, each in enumerate(told["temperatures"]))
    components = Components(arrays["components.weights"], arrays["components.intercept"])
    classes, positive = tuple(told["classes"]), tuple(int(each) for each in told["positive"])
    return ImageModel(told["kind"], int(told["side"]), classes, positive, networks, components)


def _check(model: ImageModel) -> None:
    """Raise ValueError where the parts do not fit together."""
    expected = {
        name: tuple(value.shape) for name, value in make_network(model.kind, len(model.classes)).state_dict().items()
    }
    for trained in model.networks:
        found = {name: array.shape for name, array in trained.weights.items()}
        arrays = (*trained.weights.values(), trained.offset)
        if (
            found != expected
            or trained.offset.shape != (len(model.classes),)
            or not all(np.isfinite(a).all() for a in arrays)
        ):
            raise ValueError
    if not model.networks or not set(model.positive) < set(range(len(model.classes))) or not model.positive:
        raise ValueError
