"""Long work shows how far it is: a bar on a terminal, one timestamped line per step elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")


def log(message: str) -> None:
    """Write one timestamped line to standard error."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(f"{now} {message}", file=sys.stderr, flush=True)


def progress(items: Sequence[T], title: str) -> Iterator[T]:
    """Yield each of `items`, showing under `title` how much of the work between them is done."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=title, leave=False)
        return
    log(f"{title}: {len(items)} steps")
    yield from items
    log(f"{title}: done")
