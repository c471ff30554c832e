"""Libraries that only cohorts with images need: the optional extra `imaging`."""

from importlib.util import find_spec

from pipeline.errors import ConfigurationError

IMAGING = ("torch", "monai", "pydicom", "safetensors", "PIL")
CURE = "pip install '.[imaging]', with the build of PyTorch that suits the machine"


def find_missing() -> list[str]:
    """The libraries of the extra that are not installed."""
    return [name for name in IMAGING if find_spec(name) is None]


def require_imaging() -> None:
    """Raise ConfigurationError unless the extra is installed."""
    if missing := find_missing():
        raise ConfigurationError(f"images need the extra `imaging`, and {', '.join(missing)} not found: {CURE}")
