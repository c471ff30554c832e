"""How far a network's learning has come, kept so that it can go on after a kill as if nothing had been."""

import hashlib
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.imaging.examples import Examples
from pipeline.imaging.networks import Network
from pipeline.imaging.weights import Array, pack, unpack
from pipeline.sections import Imaging

HASHED = 256  # images at a time
BETTER = 0.005  # least fall of the log-loss that counts


@dataclass
class Course:
    """A network that learns, its optimiser, and the best that has been so far: of `epoch` epochs, the one in `best`."""

    network: Network
    optimiser: torch.optim.AdamW
    epoch: int = 0
    since: int = 0
    loss: float = float("inf")
    temperature: float = 1.0
    done: bool = False
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    def step(self, loss: torch.Tensor, rate: float) -> None:
        """Learn from the loss of one batch."""
        self.optimiser.param_groups[0]["lr"] = rate
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()

    def note(self, temperature: float, loss: float, epochs: int, patience: int) -> None:
        """End an epoch after which patients who do not teach are told with `loss` at `temperature`."""
        self.epoch, self.since = self.epoch + 1, self.since + 1
        if loss < self.loss - BETTER:
            self.loss, self.temperature, self.since = loss, temperature, 0
            self.best = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.done = self.epoch >= epochs or self.since >= patience

    def best_weights(self) -> dict[str, Array]:
        """The weights of the best epoch."""
        return _to_arrays(self.best)


NUMBERS = ("epoch", "since", "loss", "temperature", "done")


def name_key(examples: Examples, settings: Imaging) -> str:
    """A SHA-256 of all that the networks depend on: images, what is known of them, settings, weights and code."""
    told = hashlib.sha256(settings.model_dump_json(exclude={"device"}).encode())
    for start in range(0, len(examples), HASHED):
        told.update(np.asarray(examples.pixels[start : start + HASHED]).tobytes())
    for known in (examples.label, examples.patient, examples.fold):
        told.update(known.tobytes())
    told.update(repr((examples.classes, examples.mirrored, version("torch"), version("monai"))).encode())
    weights = [Path(settings.weights)] if settings.weights else []
    for path in (*sorted(Path(__file__).parent.glob("*.py")), *(path for path in weights if path.is_file())):
        told.update(files.hash_file(path).encode())
    return told.hexdigest()


def write_course(course: Course, path: Path) -> None:
    """Keep all that is needed to go on at `path`, whole or not at all."""
    kept = {"best": course.best}
    if not course.done:
        kept["now"] = course.network.state_dict()
        states = course.optimiser.state_dict()["state"]
        kept |= {f"optimiser.{number}": state for number, state in states.items()}
    arrays = {f"{part}.{name}": array for part, tensors in kept.items() for name, array in _to_arrays(tensors).items()}
    content = pack(arrays, {name: getattr(course, name) for name in NUMBERS})
    files.write_whole({path: partial(files.write_bytes, content=content)})


def read_course(course: Course, path: Path) -> None:
    """Go on where `write_course` left off; where nothing is kept, or it is damaged, from the start."""
    try:
        arrays, told = unpack(path.read_bytes(), path)
    except (OSError, ConfigurationError):
        return
    course.best = _part(arrays, "best.")
    for name in NUMBERS:
        setattr(course, name, told[name])
    if not course.done:
        course.network.load_state_dict(_part(arrays, "now."))
        groups = course.optimiser.state_dict()["param_groups"]
        states = {number: _part(arrays, f"optimiser.{number}.") for number in range(len(groups[0]["params"]))}
        course.optimiser.load_state_dict({"state": states, "param_groups": groups})


def _part(arrays: dict[str, Array], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): torch.from_numpy(a) for name, a in arrays.items() if name.startswith(prefix)}


def _to_arrays(tensors: dict[str, torch.Tensor]) -> dict[str, Array]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
