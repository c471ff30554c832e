"""What a network has told, as columns of the records; needs no torch."""

import struct

import numpy as np
import pandas as pd

from data_schemas.findings import FARTHEST, name_component, name_log_odds
from pipeline.arrays import IntArray

KINDS = {
    "record": "int64", "pseudonym": "string", "label": "string", "fold": "Int64", "log_odds": "float64",
    "told": "string", "confidence": "float64", "hit": "boolean", "hit_random": "boolean", "similarity": "float64",
}  # fmt: skip
DECIMALS = 2  # a page can show just what the model was given, and another machine's last digits change no risk
NO_MODEL = struct.pack("<Q", 8) + b"{}".ljust(8)  # a safetensors file that holds nothing


def average_by_record(told: pd.DataFrame, record: IntArray, pseudonym: pd.Series, image: str) -> pd.DataFrame:
    """One row per record: `pseudonym` (n,), then the findings of its images, averaged; missing where it has none.

    They are rounded to two decimals. `told` (m, ...) has the columns `log_odds` and `component_1`... of each image,
    `record` (m,) whose it is, and `image` is the column that names them.
    """
    numbers = told.filter(regex="^(log_odds|component_[0-9]+)$")
    named = {"log_odds": name_log_odds(image)}
    named |= {f"component_{k}": name_component(image, k) for k in range(1, numbers.shape[1])}
    means = numbers.groupby(np.asarray(record)).mean().clip(-FARTHEST, FARTHEST).round(DECIMALS).rename(columns=named)
    found = means.reindex(range(len(pseudonym))).astype(np.float64)
    found.insert(0, "pseudonym", pseudonym.reset_index(drop=True))
    return found


def no_findings() -> pd.DataFrame:
    """The findings of a cohort without images: of nobody."""
    return pd.DataFrame({"pseudonym": pd.Series(dtype="string")})


def no_predictions() -> pd.DataFrame:
    """What is told of the images of a cohort without images."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in KINDS.items()})


def order_predictions(told: pd.DataFrame, record: IntArray, pseudonym: pd.Series) -> pd.DataFrame:
    """What networks tell of each image (m, ...), with whose it is, its columns in the order of `no_predictions`.

    The probabilities of classes, `p_<class>`, follow `confidence`.
    """
    known = told.reset_index(drop=True)
    known = known.assign(record=np.asarray(record), pseudonym=pseudonym.to_numpy()[record])
    names, at = list(KINDS), list(KINDS).index("confidence") + 1
    chances = [name for name in known if str(name).startswith("p_")]
    return known.astype(KINDS)[[*names[:at], *chances, *names[at:]]]
