"""Learning of one network: it stops when patients who do not teach are told no better, and goes on after a kill."""

from dataclasses import dataclass
from math import ceil, cos, pi
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from pipeline.arrays import FloatArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.imaging.augmentation import augment
from pipeline.imaging.checkpoints import Course, read_course, write_course
from pipeline.imaging.determinism import choose_device, derive_seed, steady
from pipeline.imaging.examples import Examples, without
from pipeline.imaging.networks import Network, make_network, start_from, to_grey
from pipeline.imaging.tempering import find_temperature
from pipeline.imaging.weights import Array
from pipeline.sections import Imaging

WARM_UP = 3  # epochs in which the rate of learning rises
DECAY = 0.01  # of weights, by AdamW
BATCH = 64  # images that are looked at together where nothing is learnt


@dataclass(frozen=True)
class Trained:
    """A network's `weights` by name, its `temperature`, and `offset` (classes,), the log of how frequent classes are.

    Its log-odds are scores / temperature + offset.
    """

    weights: dict[str, Array]
    temperature: float
    offset: FloatArray


def train_network(examples: Examples, fold: int | None, number: int, settings: Imaging, checkpoint: Path) -> Trained:
    """Network `number` of those that learn from the teaching images of `examples` outside of `fold`, None for all.

    Each class counts alike for the loss (weights inverse to its frequency), so that rare ones are learnt, and the
    frequencies are put back afterwards (Saerens et al. 2002, Neural Comput 14:21): those of all folds, as a fold with
    many of a class leaves few to learn from, and its images would be told to be of it less often than others. AdamW
    (Loshchilov and Hutter 2019) with a rate that falls as a cosine. After each epoch all that is needed to go on stands
    in `checkpoint`, so that a broken run ends with the same bytes as an unbroken one. Raises DataRefusedError where a
    class has too few patients.
    """
    numbers = (0 if fold is None else fold + 1, number)
    known = examples.label[examples.teaching]
    offset = np.log(np.bincount(known, minlength=len(examples.classes)) / len(known))
    seed = derive_seed(settings.seed, *numbers)
    teach, check = part_patients(without(examples, fold), settings.validation_share, seed)
    device = choose_device(settings.device)
    with steady(seed):
        network = make_network(settings.network, len(examples.classes))
        if settings.weights:
            start_from(network, Path(settings.weights))
        network.to(device)
        course = Course(network, torch.optim.AdamW(network.parameters(), weight_decay=DECAY))
        read_course(course, checkpoint)
        while not course.done:
            _run_epoch(course, examples, teach, settings, derive_seed(settings.seed, *numbers, course.epoch))
            scores = score(network, examples, check)
            course.note(*find_temperature(scores, offset, examples.label[check]), settings.epochs, settings.patience)
            write_course(course, checkpoint)
    return Trained(course.best_weights(), course.temperature, offset)


def part_patients(examples: Examples, share: float, seed: int) -> tuple[IntArray, IntArray]:
    """Positions of the teaching images that teach, and of those, of `share` of the patients, by which it is judged.

    Each class has patients in both parts, and a patient is in one. Raises DataRefusedError where that cannot be.
    """
    at = np.flatnonzero(examples.teaching)
    patients, place = np.unique(examples.patient[at], return_inverse=True)
    kind = np.zeros(len(patients), dtype=np.int64)
    np.maximum.at(kind, place, examples.label[at])
    order = np.random.default_rng(seed).permutation(len(patients))
    judging = np.zeros(len(patients), dtype=bool)
    for each in np.unique(kind):
        among = order[kind[order] == each]
        judging[among[: ceil(share * len(among))]] = True
    teach, check = at[~judging[place]], at[judging[place]]
    if len(np.unique(examples.label[teach])) < len(examples.classes):
        raise DataRefusedError(
            "in one of the folds no image is left of some class to learn from; gather more images, or join rare labels "
            "in the schema"
        )
    return teach, check


def score(network: Network, examples: Examples, at: IntArray) -> FloatArray:
    """The scores (len(at), classes) that `network` gives to the images at positions `at`."""
    device = next(network.parameters()).device
    network.eval()
    with torch.inference_mode():
        parts = [
            network(to_grey(np.asarray(examples.pixels[at[i : i + BATCH]]), device)).cpu()
            for i in range(0, len(at), BATCH)
        ]
    return torch.cat(parts).double().numpy()


def _run_epoch(course: Course, examples: Examples, teach: IntArray, settings: Imaging, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    order = teach[torch.randperm(len(teach), generator=generator).numpy()]
    batches = np.array_split(order, ceil(len(order) / settings.batch))  # none is much smaller than the others
    device = next(course.network.parameters()).device
    labels = torch.tensor(examples.label)  # a copy, as joblib gives arrays that cannot be written
    weight = 1 / torch.bincount(labels[teach], minlength=len(examples.classes)).float()
    weight = (weight / weight.mean()).to(device)
    course.network.train()
    for number, at in enumerate(batches):
        rate = _rate(course.epoch + number / len(batches), settings)
        shown = to_grey(np.asarray(examples.pixels[np.sort(at)]), device)
        images = augment(shown, generator, mirrored=examples.mirrored)
        loss = functional.cross_entropy(course.network(images), labels[np.sort(at)].to(device), weight=weight)
        course.step(loss, rate)


def _rate(epoch: float, settings: Imaging) -> float:
    return settings.learning_rate * min(1.0, (epoch + 1) / WARM_UP) * (1 + cos(pi * epoch / settings.epochs)) / 2
