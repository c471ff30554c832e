"""One run at a time, by a lock that the operating system releases when its process ends, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import files
from pipeline.errors import LockedError

LOCK = Path("runs", "lock")


@contextmanager
def hold(path: Path = LOCK) -> Iterator[None]:
    """Hold the lock at `path` within this context; no child process inherits it.

    Raises LockedError where another process holds it. What the file holds, or who left it, does not matter.
    """
    files.make_folder(path.parent)
    with path.open("a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"another run holds {path}; wait until it ends") from None
        yield
