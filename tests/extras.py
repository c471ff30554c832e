"""What needs an optional extra is skipped without it, and fails in CI, where all must be there."""

import os

import pytest

from pipeline.extras import CLUSTER, IMAGING, find_missing


def _needs(extra: str, libraries: tuple[str, ...]) -> pytest.MarkDecorator:
    missing = ", ".join(find_missing(libraries))
    if missing and os.environ.get("CI") == "true":
        raise AssertionError(f"CI must have the extra `{extra}`: {missing} not found")
    return pytest.mark.skipif(bool(missing), reason=f"needs the extra `{extra}`: {missing} not found")


needs_imaging = _needs("imaging", IMAGING)
needs_cluster = _needs("cluster", CLUSTER)
