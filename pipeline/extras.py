"""Libraries that only some need: the optional extra `imaging` for images, and `cluster` for work on many machines."""

from collections.abc import Sequence
from importlib.util import find_spec

from pipeline.errors import ConfigurationError

IMAGING = ("torch", "monai", "pydicom", "safetensors", "PIL")
CLUSTER = ("cryptography", "dask", "distributed")
CURE = "pip install '.[imaging]', with the build of PyTorch that suits the machine"


def find_missing(libraries: Sequence[str]) -> list[str]:
    """The libraries of an extra that are not installed."""
    return [name for name in libraries if find_spec(name) is None]


def require_imaging() -> None:
    """Raise ConfigurationError unless the extra `imaging` is installed."""
    if missing := find_missing(IMAGING):
        raise ConfigurationError(f"images need the extra `imaging`, and {', '.join(missing)} not found: {CURE}")


def require_cluster() -> None:
    """Raise ConfigurationError unless the extra `cluster` is installed."""
    if missing := find_missing(CLUSTER):
        raise ConfigurationError(
            f"engine.name dask needs the extra `cluster`, and {', '.join(missing)} not found: pip install '.[cluster]'"
        )
