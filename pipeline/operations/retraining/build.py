"""DVC run in the clone: what it was told to build, and what came of it, in this software's own exit codes."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import EXIT_DONE, EXIT_INTERNAL, ConfigurationError, DataRefusedError
from pipeline.operations.guard import run_guarded

EXITED = re.compile(r"exited with (-?\d+)")
SAID = re.compile(r"^\S+ error: (.*)$", re.MULTILINE)
KNOWN = (ConfigurationError.exit_code, DataRefusedError.exit_code)
OUT_OF_TIME = "the run took longer than retrain.hours_at_most of params.yaml and was stopped"


@dataclass(frozen=True)
class Built:
    """The exit code of a build, one of `pipeline.errors`, and in a sentence why it is not 0."""

    exit_code: int
    reason: str | None = None


class Builder:
    """Runs DVC in `clone` until `seconds` are over; all it says goes to `log`, where no patient's value stands."""

    def __init__(self, clone: Path, log: Path, seconds: float) -> None:
        self.clone, self.log = clone, log
        self.end = time.monotonic() + seconds

    def build(self, *arguments: str) -> Built:
        """`dvc repro` with `arguments`."""
        start = self.log.stat().st_size if self.log.exists() else 0
        command = [sys.executable, "-m", "dvc", "repro", *arguments]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        try:
            left = max(0.0, self.end - time.monotonic())
            code = run_guarded(command, self.clone, os.environ | {"PATH": path}, self.log.resolve(), left)
        except subprocess.TimeoutExpired:
            return Built(EXIT_INTERNAL, OUT_OF_TIME)
        with self.log.open("rb") as said:
            said.seek(start)
            return judge_build(code, said.read().decode(errors="replace"), self.log)


def judge_build(code: int, said: str, log: Path) -> Built:
    """What a run of DVC came to, from its exit code and what it `said`.

    DVC ends with 255 whatever the stage did; the stage's own exit code stands in what it says.
    """
    if code == EXIT_DONE:
        return Built(EXIT_DONE)
    exited, told = EXITED.findall(said), SAID.findall(said)
    if exited and told:
        return Built(int(exited[-1]) if int(exited[-1]) in KNOWN else EXIT_INTERNAL, told[-1])
    if exited:
        return Built(EXIT_INTERNAL, f"a stage was ended from outside, as for want of memory or disk; {log} shows which")
    return Built(EXIT_INTERNAL, f"DVC could not run; {log} shows why")
