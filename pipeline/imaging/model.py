"""The networks that are deployed together: what they tell of an image, as plain data that can be kept."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.special import log_softmax, logsumexp

from data_schemas.findings import FARTHEST
from pipeline.arrays import FloatArray
from pipeline.errors import ConfigurationError
from pipeline.image_store import Pixels
from pipeline.imaging.components import Components
from pipeline.imaging.determinism import Device, choose_device, steady
from pipeline.imaging.networks import Network, make_network, to_grey
from pipeline.imaging.training import BATCH, Trained


@dataclass(frozen=True)
class Seen:
    """What networks see on m images: `log_odds` (m,) of a finding, `chances` (m, classes), `embedding` (m, d)."""

    log_odds: FloatArray
    chances: FloatArray
    embedding: FloatArray


@dataclass(frozen=True)
class ImageModel:
    """Networks of one kind, averaged on the scale of log-probabilities, for images of `side` x `side` pixels.

    `positive` are the positions in `classes` that are a finding.
    """

    kind: str
    side: int
    classes: tuple[str, ...]
    positive: tuple[int, ...]
    networks: tuple[Trained, ...]
    components: Components

    def build(self, device: torch.device) -> list[Network]:
        """The networks, ready to look at images."""
        built = []
        for trained in self.networks:
            network = make_network(self.kind, len(self.classes))
            network.load_state_dict({name: torch.tensor(array) for name, array in trained.weights.items()})
            built.append(network.to(device).eval())
        return built

    def see(self, pixels: Pixels, device: Device = "auto") -> Seen:
        """What the networks see on `pixels` (m, side, side); the embeddings of all networks stand side by side.

        Raises ConfigurationError where images have another side.
        """
        self.check_side(pixels)
        where = choose_device(device)
        with steady(), torch.inference_mode():
            looked = [
                _look(network, trained, pixels, where)
                for network, trained in zip(self.build(where), self.networks, strict=True)
            ]
        told = log_softmax(np.mean([told for told, _ in looked], axis=0), axis=1)
        positive = np.isin(np.arange(len(self.classes)), self.positive)
        log_odds = logsumexp(told[:, positive], axis=1) - logsumexp(told[:, ~positive], axis=1)
        return Seen(
            np.clip(log_odds, -FARTHEST, FARTHEST), np.exp(told), np.concatenate([e for _, e in looked], axis=1)
        )

    def predict(self, pixels: Pixels, device: Device = "auto") -> pd.DataFrame:
        """What is told of `pixels` (m, side, side), a row each, as `describe_seen`. Raises ConfigurationError."""
        seen = self.see(pixels, device)
        return self.describe_seen(seen, self.components.apply(seen.embedding, seen.log_odds))

    def describe_seen(self, seen: Seen, components: FloatArray) -> pd.DataFrame:
        """Columns `log_odds`, `told` (a class), `confidence`, `p_<class>`... and `component_1`..., (m, k)."""
        told = seen.chances.argmax(axis=1)
        return pd.DataFrame(
            {
                "log_odds": seen.log_odds,
                "told": pd.array(np.array(self.classes, dtype=object)[told], dtype="string"),
                "confidence": seen.chances.max(axis=1),
            }
            | {f"p_{name}": seen.chances[:, number] for number, name in enumerate(self.classes)}
            | {f"component_{k + 1}": column for k, column in enumerate(components.T)}
        )

    def check_side(self, pixels: Pixels) -> None:
        """Raise ConfigurationError where `pixels` (m, h, w) have another side than the networks have learnt from."""
        if pixels.shape[1:] != (self.side, self.side):
            came = " x ".join(map(str, pixels.shape[1:]))
            raise ConfigurationError(
                f"the network has learnt from images of {self.side} x {self.side} pixels, and these are of {came}; "
                "train it again, or restore the schema that it was trained with"
            )


def _look(network: Network, trained: Trained, pixels: Pixels, device: torch.device) -> tuple[FloatArray, FloatArray]:
    """Log-probabilities (m, classes) and embedding (m, d)."""
    embedded, scores = [], []
    for start in range(0, len(pixels), BATCH):
        embedded.append(network.embed(to_grey(np.array(pixels[start : start + BATCH]), device)))
        scores.append(network.head(embedded[-1]).cpu().double().numpy())
    told = np.concatenate(scores) if scores else np.empty((0, len(trained.offset)))
    embedding = torch.cat(embedded).cpu().double().numpy() if embedded else np.empty((0, network.head.in_features))
    return log_softmax(told / trained.temperature + trained.offset, axis=1), embedding
