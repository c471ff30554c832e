"""What a stage takes: time, CPU time and memory of its process and of all that it starts, with its interpreter's start.

Figures are of the machine and the moment, so that they go to `runs/` and into no output of a stage.
"""

import os
import platform
import re
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import say_unforeseen
from pipeline.memory import measure_memory
from pipeline.progress import log
from pipeline.provenance import LIBRARIES

FOLDER = Path("runs", "profile")
SECONDS = 0.5
"""Between two looks at the processes."""
PEAK = re.compile(r"^VmHWM:\s+([0-9]+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Taken:
    """What a process and its descendants took since it began.

    `largest` is the most memory that one of them ever had, in bytes; `together` the most that was seen of all at one
    time, in which memory that processes share counts for each.
    """

    wall_seconds: float
    cpu_seconds: float
    largest_bytes: int
    together_bytes: int


class Watch(threading.Thread):
    """Looks at this process and its descendants from time to time, until it is stopped."""

    def __init__(self) -> None:
        import psutil

        super().__init__(daemon=True)
        self.largest = self.together = 0
        self.over = threading.Event()
        self.process, self.unseen = psutil.Process(), psutil.Error

    def run(self) -> None:
        """Look until stopped."""
        while not self.over.wait(SECONDS):
            self.look()

    def look(self) -> float:
        """Note the memory of every process; returns the CPU time of these and of those that they have seen end."""
        seconds, together = 0.0, 0
        for process in [self.process, *self.process.children(recursive=True)]:
            with suppress(self.unseen):  # such as one that has ended by now
                seconds += sum(process.cpu_times()[:4])  # its own and its children's, each as user and as system
                size = process.memory_info().rss
                together += size
                self.largest = max(self.largest, size, _read_peak(process.pid))
        self.together = max(self.together, together, self.largest)
        return seconds

    def stop(self) -> Taken:
        """End the watch; what was taken until now."""
        self.over.set()
        self.join()
        self.largest = max(self.largest, 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        seconds = self.look()
        return Taken(time.time() - self.process.create_time(), seconds, self.largest, self.together)


def _read_peak(pid: int) -> int:
    """The most memory that a living process ever had, in bytes; 0 where the system does not tell.

    For the process itself `getrusage` would begin with what the one that started it had.
    """
    try:
        found = PEAK.search(Path("/proc", str(pid), "status").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0


@contextmanager
def profiling(
    stage: str, cohort: str, engine: str, count_records: Callable[[], int | None], *, wanted: bool
) -> Iterator[None]:
    """Write what a stage has taken by the end of the block, where that is `wanted` and the block ends well.

    What an earlier run took is forgotten in any case. `cohort` is empty for a stage over all.
    """
    path = FOLDER / cohort / f"{stage}.json"
    path.unlink(missing_ok=True)
    if not wanted:
        yield
        return
    watch = Watch()
    watch.start()
    try:
        yield
    finally:
        taken = watch.stop()
    told = {"stage": stage, "cohort": cohort, **asdict(taken), "records": count_records(), "engine": engine}
    _write(path, told | _describe_machine())


def _describe_machine() -> dict[str, Any]:
    versions = {name: version(name) for name in ("clinrisk", *LIBRARIES)}
    return {
        "cores": os.cpu_count(),
        "memory_bytes": measure_memory(),
        "versions": {"python": platform.python_version(), **versions},
    }


def _write(path: Path, profile: dict[str, Any]) -> None:
    """Write a profile, or say why not: the stage's outputs are good without."""
    try:
        files.write_whole({path: lambda place: files.write_json(place, files.rounded(profile))})
    except OSError as error:
        log(f"{path} could not be written: {say_unforeseen(error)}")


def read_profiles(cohort: str) -> dict[str, dict[str, Any]]:
    """What each stage of a cohort took when it last ran, by name; of those that were watched then."""
    return {path.stem: files.read_json(path) for path in sorted((FOLDER / cohort).glob("*.json"))}
