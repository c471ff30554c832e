"""Made-up predictions of a network that is right as often as one says."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

CLASSES = ("no", "mass", "cyst")


def make_predictions(
    images: int = 600,
    strength: float = 2.5,
    patients: int | None = None,
    classes: Sequence[str] = CLASSES,
    seed: int = 0,
) -> pd.DataFrame:
    """Rows of `image_predictions.parquet`: the true class has a score higher by `strength`; maps hit in 9 of 10."""
    rng = np.random.default_rng(seed)
    label = rng.choice(len(classes), images, p=[0.5, *[0.5 / (len(classes) - 1)] * (len(classes) - 1)])
    score = rng.normal(size=(images, len(classes)))
    score[np.arange(images), label] += strength
    chance = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    number = np.arange(images) % (patients or images)
    hit = pd.array(rng.random(images) < 0.9, dtype="boolean")
    hit[label == 0] = pd.NA
    columns: dict[str, Any] = {
        "record": np.arange(images), "pseudonym": pd.array([f"p{n:04d}" for n in number], dtype="string"),
        "label": pd.array(np.array(classes)[label], dtype="string"), "fold": pd.array(number % 5, dtype="Int64"),
        "log_odds": np.log(1 / chance[:, 0] - 1),
        "told": pd.array(np.array(classes)[chance.argmax(axis=1)], dtype="string"), "confidence": chance.max(axis=1),
    }  # fmt: skip
    columns |= {f"p_{name}": chance[:, place] for place, name in enumerate(classes)}
    similarity = rng.normal(0, 0.1, images)
    return pd.DataFrame(
        columns | {"hit": hit, "hit_random": pd.array(rng.random(images) < 0.2), "similarity": similarity}
    )
