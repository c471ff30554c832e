"""Examples and settings with which networks learn in a second or two."""

import numpy as np

from pipeline.imaging.examples import Examples
from pipeline.sections import Imaging
from tests.imaging.made_up import CLASSES, MadeUp

SETTINGS = Imaging(
    network="small", networks=1, epochs=2, patience=2, batch=32, learning_rate=0.003, validation_share=0.2, folds=2,
    device="cpu", seed=7,
)  # fmt: skip


def make_examples(made: MadeUp, folds: int = 2, each: int = 1) -> Examples:
    """`made` images, `each` of a patient, who are in `folds` folds."""
    patient = np.arange(len(made.label)) // each
    return Examples(
        pixels=made.pixels,
        masks=made.masks,
        placed=np.ones(len(patient), dtype=bool),
        classes=CLASSES,
        positive=(1, 2, 3),
        label=made.label,
        patient=patient,
        fold=patient % folds,
    )
