"""The record of a run, `runs/<id>.json`, beside the log of what DVC and the stages said, and who is told of it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import EXIT_DONE, EXIT_INTERNAL, ConfigurationError, DataRefusedError, GateFailedError
from pipeline.progress import log

FOLDER = Path("runs")
WORST_FIRST = (
    EXIT_INTERNAL, ConfigurationError.exit_code, DataRefusedError.exit_code, GateFailedError.exit_code, EXIT_DONE
)  # fmt: skip
SECONDS_TO_NOTIFY = 60


@dataclass
class Run:
    """A run under its `id`, the time at which it began; `cohorts` says by name what became of each."""

    id: str
    cohorts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def begin(cls) -> "Run":
        """A new run, with a record that says it has not ended."""
        files.make_folder(FOLDER)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        taken = len(list(FOLDER.glob(f"{moment}*.json")))
        run = cls(f"{moment}_{taken + 1:02d}" if taken else moment)  # which sorts after the first
        run.write(None)
        return run

    @property
    def log(self) -> Path:
        """Where DVC's words go."""
        return FOLDER / f"{self.id}.log"

    @property
    def path(self) -> Path:
        """Where the record is."""
        return FOLDER / f"{self.id}.json"

    @property
    def exit_code(self) -> int:
        """The worst of the cohorts' codes."""
        codes = {each["exit_code"] for each in self.cohorts.values()}
        return next((code for code in WORST_FIRST if code in codes), EXIT_INTERNAL)

    def summarise(self) -> str:
        """One line: of each cohort what became of it, and the first reason."""
        said = [f"{name} {each['outcome']}{_because(each)}" for name, each in self.cohorts.items()]
        return f"run {self.id}: {'; '.join(said)}"

    def write(self, ended: str | None) -> None:
        """Write the record; without an end it says that the run goes on, or was killed."""
        content = {
            "id": self.id,
            "ended": ended,
            "exit_code": self.exit_code if ended else None,
            "summary": self.summarise() if ended else None,
            "cohorts": self.cohorts,
        }
        files.write_whole({self.path: partial(files.write_json, content=files.rounded(content))})

    def end(self) -> None:
        """Write the last record of this run."""
        self.write(datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))


def was_broken_off() -> bool:
    """Whether the run before was killed, or ended by an error of its own; what it built is then not built upon."""
    earlier = list_records()
    try:
        return not earlier or files.read_json(earlier[-1])["exit_code"] in (None, EXIT_INTERNAL)
    except (ValueError, KeyError, TypeError):
        return True


def list_records() -> list[Path]:
    """The records there are, oldest first."""
    return sorted(FOLDER.glob("[0-9]*.json"))


def prune(keep: int) -> None:
    """Remove the oldest records and logs but for `keep` runs."""
    for record in list_records()[:-keep]:
        record.unlink()
        record.with_suffix(".log").unlink(missing_ok=True)


def notify(command: Sequence[str], record: Path) -> None:
    """Give the record to a command of the operator; what becomes of it is logged, and changes nothing."""
    if not command:
        return
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            [*command, str(record)], timeout=SECONDS_TO_NOTIFY, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log(f"retrain.notify of params.yaml could not be run: {type(error).__name__}")
        return
    if done.returncode:
        log(f"retrain.notify of params.yaml ended with {done.returncode}")


def _because(each: dict[str, Any]) -> str:
    reasons = each.get("reasons") or []
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f": {reasons[0]}{more}" if reasons else f" as {each['release']}" if each.get("release") else ""
