"""How much memory and disk a stage may plan for, told before it starts rather than by the kernel that ends it."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.sections import Engine

GIGABYTE = 1e9
RECORD_BYTES = 256
"""What a stage holds of each record even where its columns stay on disk, as vectors: a pseudonym (a text of 32 letters
and its place), the outcome, its weight, its part and fold, the risks and labels of a few candidates."""
CONTROLLERS = (("memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("", "sys/fs/cgroup", "memory.max"))
"""Of control groups, versions 1 and 2: the controller that a line names, where its groups lie, and the limit's file."""


def measure_memory(root: Path = Path("/")) -> int:
    """Bytes of memory that this process can have: the least of what is built in and of the limits set on it.

    Limits are those of its control groups and of those above them, read below `root`, and RLIMIT_AS.
    """
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return min([physical, *([] if soft == resource.RLIM_INFINITY else [soft]), *_read_limits(root)])


def _read_limits(root: Path) -> Iterator[int]:
    for controller, mount, name in CONTROLLERS:
        group = root / mount / _find_group(root, controller)
        while group != root:
            text = _read(group / name)
            if text.isdigit():
                yield int(text)
            group = group.parent


def _find_group(root: Path, controller: str) -> str:
    """The control group of this process, as a relative path; of a container the path may be that of its host."""
    lines = [line.split(":", 2) for line in _read(root / "proc/self/cgroup").splitlines()]
    return next((line[2].strip("/") for line in lines if controller in line[1].split(",")), "")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def plan_memory(settings: Engine) -> int:
    """Bytes of memory that a stage may plan for."""
    return int(settings.memory_share * measure_memory())


def fits(needed: float, settings: Engine) -> bool:
    """Whether a stage may plan for so many bytes of memory."""
    return needed <= plan_memory(settings)


def require_memory(needed: float, settings: Engine, what: str) -> None:
    """Raise ConfigurationError where `what` needs more bytes of memory than a stage may plan for."""
    if fits(needed, settings):
        return
    raise ConfigurationError(
        f"{what} needs {_say(needed)} of memory, and {_say(plan_memory(settings))} may be used, engine.memory_share "
        f"{settings.memory_share:g} of {_say(measure_memory())}; raise engine.memory_share, lower engine.rows, declare "
        "fewer columns, or use a larger machine or a cluster"
    )


def require_vectors(records: int, settings: Engine) -> None:
    """Raise ConfigurationError where not even the vectors of so many records may be held, all columns being on disk."""
    require_memory(records * RECORD_BYTES, settings, f"a table of {records:,} records, its columns kept on disk,")


def require_disk(folder: Path, needed: float, what: str) -> None:
    """Raise ConfigurationError where `what` needs more bytes than are free on the disk of `folder`, made or not."""
    here = next(each for each in (folder, *folder.resolve().parents) if each.exists())
    free = shutil.disk_usage(here).free
    if needed > free:
        raise ConfigurationError(
            f"{what} needs {_say(needed)} of disk, and {_say(free)} are free where {folder} is; free some space, or "
            "move the workspace to a larger disk"
        )


def _say(count: float) -> str:
    """So many bytes, to three digits and without an exponent."""
    return f"{float(f'{count / GIGABYTE:.3g}'):,.12g} GB"
