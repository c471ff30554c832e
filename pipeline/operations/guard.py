"""A command whose processes all end with the one that asked for it, even if that one is killed.

`run_guarded` starts this module as a process of its own session, which starts the command in another session and holds
one end of a pipe. When the other end closes, since its owner finished or was killed, every process of the command's
group is killed at once.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_guarded(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, seconds: float | None = None
) -> int:
    """Run `command` in `folder`, all it says going to `log`; returns its exit code.

    Raises subprocess.TimeoutExpired after `seconds`, when all its processes have been killed.
    """
    with log.open("ab") as said:
        guard = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, __file__, *command],
            cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
        try:
            return guard.wait(seconds)
        finally:
            assert guard.stdin is not None, "it was asked for"
            guard.stdin.close()
            guard.wait()


def main(command: Sequence[str]) -> int:
    """Run `command` until it ends, or until nobody holds the other end of standard input."""
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own
    threading.Thread(target=_watch, args=(running.pid,), daemon=True).start()
    code = running.wait()
    _kill(running.pid)
    return code if code >= 0 else 128 - code


def _watch(group: int) -> None:
    while os.read(0, 1):  # not by sys.stdin, whose lock a thread must not hold when the interpreter ends
        pass
    _kill(group)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
