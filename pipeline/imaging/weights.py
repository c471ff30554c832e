"""Arrays and what is said of them in one safetensors file: the same bytes for the same content, and no code in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pipeline.errors import ConfigurationError

Array = npt.NDArray[Any]
TOLD = "clinrisk"  # one key alone: several would be written in an order that changes from run to run


def pack(arrays: Mapping[str, Array], told: Mapping[str, Any]) -> bytes:
    """A safetensors file of `arrays`, with `told`, which JSON can hold, in its header."""
    text = json.dumps(told, sort_keys=True, allow_nan=False)
    return bytes(save({name: np.ascontiguousarray(each) for name, each in arrays.items()}, metadata={TOLD: text}))


def unpack(content: bytes, where: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """What `pack` packed. Raises ConfigurationError where `content`, read from `where`, is something else."""
    arrays = unpack_arrays(content, where)
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        told: dict[str, Any] = json.loads(header["__metadata__"][TOLD])
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"{where} is a safetensors file of another program; expected one that this pipeline wrote"
        ) from None
    return arrays, told


def unpack_arrays(content: bytes, where: Path) -> dict[str, Array]:
    """The arrays of any safetensors file. Raises ConfigurationError where `content`, read from `where`, is none."""
    try:
        return dict(load(content))
    except (SafetensorError, KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"{where} is no safetensors file, or is damaged; restore it, or run the stage that makes it"
        ) from None
