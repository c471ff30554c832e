"""What the network learns from: images with what is known of them, and the folds of their patients."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data_schemas.columns import Classes, Cohort, TimeToEvent
from data_schemas.images import Image
from pipeline.arrays import BoolArray, IntArray
from pipeline.errors import DataRefusedError
from pipeline.image_store import ImageStore, Pixels
from pipeline.outcomes import observe

UNKNOWN, LEFT_OUT = -1, -1
FEWEST = 10  # patients of each class; with fewer, some fold has none to stop and to calibrate by


@dataclass(frozen=True)
class Labels:
    """The `classes` by name, which of them are a finding (`positive`), and the class of each of n records.

    `label` (n,) is a position in `classes`, or -1 where the class is not known.
    """

    classes: tuple[str, ...]
    positive: tuple[int, ...]
    label: IntArray


@dataclass(frozen=True)
class Examples:
    """m images, (m, side, side) each of `pixels` and `masks`, with what is known of them, (m,) each.

    `label` is as in `Labels`, `placed` says whether the mask is known, `patient` is a number per patient, and `fold`
    the fold in which the patient is told by a network that has not seen them, or -1 where no network learns from them.
    `mirrored` says whether mirror images teach too.
    """

    pixels: Pixels
    masks: Pixels | None
    placed: BoolArray
    classes: tuple[str, ...]
    positive: tuple[int, ...]
    label: IntArray
    patient: IntArray
    fold: IntArray
    mirrored: bool = False

    def __len__(self) -> int:
        return len(self.label)

    @property
    def development(self) -> BoolArray:
        """The images (m,) of patients from whom networks learn."""
        inside: BoolArray = self.fold != LEFT_OUT
        return inside

    @property
    def teaching(self) -> BoolArray:
        """The images (m,) that can teach: of the development, and of known class."""
        teaching: BoolArray = self.development & (self.label != UNKNOWN)
        return teaching

    def folds(self) -> list[int]:
        """The folds that there are, ascending."""
        return [int(fold) for fold in np.unique(self.fold[self.development])]


def label_records(valid: pd.DataFrame, cohort: type[Cohort], image: Image) -> Labels:
    """The classes that the network of `image` learns, and that of each typed record of `valid`.

    A declared finding has its absent label first, and all others are a finding. Else the classes are those of the
    outcome, the event last and the only finding; who left before the horizon without it has an unknown class.
    """
    if image.finding is not None:
        labels = cohort.columns()[image.finding].labels
        classes = (image.absent, *(label for label in labels if label != image.absent))
        return Labels(classes, tuple(range(1, len(classes))), _place(valid[image.finding], classes))
    outcome, observed = cohort.study().outcome, observe(valid, cohort.study())
    if isinstance(outcome, Classes):
        classes = (*(name for name in observed if name != outcome.event), outcome.event)
        return Labels(classes, (len(classes) - 1,), _place(valid[outcome.column], classes))
    event = next(iter(observed.values()))
    label = np.where(event.known(), event.by_horizon(), UNKNOWN).astype(np.int64)
    column = cohort.columns()[outcome.event_column if isinstance(outcome, TimeToEvent) else outcome.column]
    others = [name for name in column.labels if name != outcome.event]
    return Labels((others[0] if len(others) == 1 else f"not {outcome.event}", outcome.event), (1,), label)


def _place(values: pd.Series, classes: tuple[str, ...]) -> IntArray:
    return np.asarray(pd.Categorical(values, categories=list(classes)).codes, dtype=np.int64)


def make_examples(
    store: ImageStore, labels: Labels, pseudonym: pd.Series, fold: IntArray, *, mirrored: bool = False
) -> Examples:
    """The images of `store` with what is known of their records; `pseudonym` and `fold` (n,) are those of records.

    Raises DataRefusedError where the patients are in fewer than two folds, or some class has fewer than ten patients
    among those who teach.
    """
    record = store.index["record"].to_numpy(np.int64)
    examples = Examples(
        pixels=store.pixels,
        masks=store.masks,
        placed=store.index["placed"].to_numpy(bool),
        classes=labels.classes,
        positive=labels.positive,
        label=labels.label[record],
        patient=pd.factorize(pseudonym.to_numpy()[record])[0].astype(np.int64),
        fold=np.asarray(fold, dtype=np.int64)[record],
        mirrored=mirrored,
    )
    _check(examples)
    return examples


def without(examples: Examples, fold: int | None) -> Examples:
    """The same images, those of `fold` no longer in the development; None leaves all in."""
    return (
        examples if fold is None else replace(examples, fold=np.where(examples.fold == fold, LEFT_OUT, examples.fold))
    )


def _check(examples: Examples) -> None:
    if len(examples.folds()) < 2:
        raise DataRefusedError(
            f"the images are of patients in {len(examples.folds())} folds, expected two or more, so that each is told "
            "by a network that has not seen it; gather more images or raise folds in params.yaml"
        )
    for number, name in enumerate(examples.classes):
        patients = len(np.unique(examples.patient[examples.teaching & (examples.label == number)]))
        if patients < FEWEST:
            raise DataRefusedError(
                f"a network cannot learn {name!r}: {patients} patients who teach have an image of it, expected at "
                f"least {FEWEST}; gather more images, or join it with another label in the schema"
            )
