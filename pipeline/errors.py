"""Every way this software refuses to go on, with the exit code a caller sees.

========  =============================================================
exit code  meaning
========  =============================================================
0          done
2          usage or configuration at fault
3          input data refused
4          quality gate failed, champion kept
5          internal error
75         another run holds the lock
========  =============================================================

A message says what was expected, what came, where, and what to do. It never holds a patient's value.
"""

import errno
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

EXIT_DONE = 0
EXIT_INTERNAL = 5


class ClinriskError(Exception):
    """A condition that the software foresaw; its text is one sentence for a person."""

    exit_code = EXIT_INTERNAL


class ConfigurationError(ClinriskError):
    """The command line, `params.yaml`, `dvc.yaml` or a schema file is at fault."""

    exit_code = 2


class DataRefusedError(ClinriskError):
    """The input data cannot be trusted; nothing was changed."""

    exit_code = 3


class GateFailedError(ClinriskError):
    """The new model did not pass; the champion stays in use."""

    exit_code = 4


class LockedError(ClinriskError):
    """Another run holds the lock."""

    exit_code = 75


FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
WRITTEN_IN_PART = re.compile(r"No space left on device|[0-9]+ requested and [0-9]+ written|Write incomplete")
"""What libraries say of a full disk without its number: compiled code as told by the system, numpy, and xgboost."""
WORKER_ENDED = "TerminatedWorkerError"
"""Of joblib; the kernel ends a worker so where memory is short, and seldom is there another reason."""


def say_unforeseen(error: Exception) -> str:
    """What kind of error it is and where; not its text, which may hold a patient's value."""
    for each in _list_causes(error):
        if _is_of_full_disk(each):
            return "the disk is full; free some space, then run it again"
        if _is_of_short_memory(each):
            return (
                "there is not enough memory; lower engine.rows and engine.memory_share of params.yaml, end what else "
                "runs, or use a larger machine or a cluster, then run it again"
            )
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error, {type(error).__name__} in {Path(where.filename).name} line {where.lineno}"


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_full_disk(error: BaseException) -> bool:
    return getattr(error, "errno", None) in FULL_DISK or bool(WRITTEN_IN_PART.search(str(error)))


def _is_of_short_memory(error: BaseException) -> bool:
    """By type, as numpy and pyarrow have it, or by what C++ says through xgboost."""
    named = isinstance(error, MemoryError) or type(error).__name__ == WORKER_ENDED
    return named or getattr(error, "errno", None) == errno.ENOMEM or "bad_alloc" in str(error)
