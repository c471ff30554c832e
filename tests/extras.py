"""What needs the optional extra `imaging` is skipped without it, and fails in CI, where it must be there."""

import os

import pytest

from pipeline.extras import find_missing

MISSING = find_missing()


def _needs_imaging() -> pytest.MarkDecorator:
    if MISSING and os.environ.get("CI") == "true":
        raise AssertionError(f"CI must have the extra `imaging`: {', '.join(MISSING)} not found")
    return pytest.mark.skipif(bool(MISSING), reason=f"needs the extra `imaging`: {', '.join(MISSING)} not found")


needs_imaging = _needs_imaging()
