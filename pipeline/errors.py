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
import traceback
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


def say_unforeseen(error: Exception) -> str:
    """What kind of error it is and where; not its text, which may hold a patient's value."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; free some space, then run it again"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error, {type(error).__name__} in {Path(where.filename).name} line {where.lineno}"
