"""A stage sees what `dvc.yaml` declares for it, and nothing else.

Paths stand in `dvc.yaml` alone. A stage asks for a file by its name; a name that is not declared, a section of
`params.yaml` that is not declared, or an output left unwritten ends the stage. So a dependency that DVC does
not know of cannot arise.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.arrays import IntArray
from pipeline.disclosure import publish, publish_table
from pipeline.errors import EXIT_DONE, EXIT_INTERNAL, ClinriskError, ConfigurationError, say_unforeseen
from pipeline.patients import find_patients
from pipeline.profiling import profiling
from pipeline.progress import log
from pipeline.row_groups import read_rows
from pipeline.sections import CohortSettings, Settings
from pipeline.settings import load_cohort, load_settings

READERS: dict[str, Callable[[Path], Any]] = {".parquet": files.read_parquet, ".json": files.read_json}
READERS[".csv"] = files.read_csv
WRITERS: dict[str, Callable[[Path, Any], None]] = {".parquet": files.write_parquet, ".csv": files.write_csv}
WRITERS |= {".safetensors": files.write_bytes}
WRITERS |= {".json": files.write_json, ".html": files.write_text, ".md": files.write_text, "": files.write_folder}
PUBLISHERS: dict[str, Callable[[Any, int], Any]] = {".csv": publish_table}
PUBLISHERS[".json"] = lambda content, step: files.rounded(publish(content, step))

RECORDS = ("raw.parquet", "valid.parquet")
BEFORE_TRAINING = {"ingest", "validate", "split"}


@dataclass
class Stage:
    """One run of one stage: its cohort (empty for a stage over all), declared inputs, outputs and settings."""

    name: str
    cohort_name: str
    settings: Settings
    deps: dict[str, Path]
    outs: dict[str, Path]
    sections: frozenset[str]
    written: set[str] = field(default_factory=set)

    def cohort(self) -> type[Cohort]:
        """The cohort's declaration."""
        assert f"{self.cohort_name}.py" in self.deps, f"{self.name} does not declare the schema file"
        cohort = load_cohort(self.cohort_name)
        if self.name not in BEFORE_TRAINING and (unconfirmed := cohort.unconfirmed()):
            raise ConfigurationError(
                f"data_schemas/{self.cohort_name}.py is a draft: {sum(map(len, unconfirmed.values()))} guesses are not "
                f"confirmed, first {next(iter(unconfirmed))}; check each, then delete its `guessed`"
            )
        return cohort

    def cohort_settings(self) -> CohortSettings:
        """The cohort's entry in `params.yaml`."""
        assert f"cohorts.{self.cohort_name}" in self.sections, f"{self.name} does not declare its cohort's entry"
        return self.settings.cohorts[self.cohort_name]

    def section(self, name: str) -> Any:
        """A section of `params.yaml`."""
        assert name in self.sections, f"{self.name} does not declare section {name}"
        return getattr(self.settings, "validate_" if name == "validate" else name)

    def path(self, name: str) -> Path:
        """The path of the declared input called `name`."""
        assert name in self.deps, f"{self.name} does not declare input {name}"
        return self.deps[name]

    def read(self, name: str, columns: Sequence[str] | None = None) -> Any:
        """The content of the declared input called `name`; of a Parquet file the `columns` alone, if they are given."""
        path = self.path(name)
        if not path.exists():
            raise ConfigurationError(f"{path} is missing; `dvc repro` runs the stage that makes it")
        return READERS[path.suffix](path) if columns is None else files.read_parquet(path, columns)

    def read_rows(self, name: str, places: IntArray) -> Any:
        """The records at `places`, ascending, of the Parquet file called `name`."""
        return read_rows(self.path(name), places)

    def folder(self, name: str) -> Path:
        """The folder of the output called `name`, made if need be: a place for files that have no name."""
        files.make_folder(self.outs[name].parent)
        return self.outs[name].parent

    def write(self, name: str, content: Any) -> None:
        """Stage the output called `name`; it appears when the whole stage has succeeded.

        A name without an ending is a folder, and `content` maps its files' names to their text, or is a function that
        writes the folder. What is public has its counts rounded.
        """
        assert name in self.outs, f"{self.name} does not declare output {name}"
        path = self.outs[name]
        self.written.add(name)
        if callable(content):
            content(files.staging(path))
            return
        if files.is_public(path) and path.suffix in PUBLISHERS:
            content = PUBLISHERS[path.suffix](content, self.section("disclosure").round_to)
        WRITERS[path.suffix](files.staging(path), content)

    def count_records(self) -> int | None:
        """How many records the stage works on; None for one that reads and makes no table of them."""
        known = self.deps | self.outs
        table = next((known[name] for name in RECORDS if name in known), None)
        return files.count_rows(table) if table else None

    def finish(self) -> None:
        """Put all outputs in place."""
        assert self.written == set(self.outs), f"{self.name} left outputs unwritten"
        for path in self.outs.values():
            files.commit(path)


def align(patients: Any, records: Any) -> Any:
    """The rows of `patients`, one per `pseudonym`, repeated so that each of `records` has its own, in their order."""
    places = find_patients(records["pseudonym"], patients["pseudonym"])
    assert (places >= 0).all(), "every patient of the records has a row"
    return patients.iloc[places].reset_index(drop=True)


def join_findings(records: Any, findings: Any) -> Any:
    """Valid `records` with what images tell of each; `findings` has a row for each, in their order, or tells nothing.

    Raises ConfigurationError where they are of other records.
    """
    if list(findings) == ["pseudonym"]:  # of a cohort without images
        return records
    if not records["pseudonym"].array.equals(findings["pseudonym"].array):
        raise ConfigurationError("findings.parquet is of other records than valid.parquet; `dvc repro` makes both")
    return records.join(findings.drop(columns="pseudonym"))


def open_stage(name: str, cohort_name: str) -> Stage:
    """The stage `name` for a cohort, as `dvc.yaml` declares it. Raises ConfigurationError."""
    settings = load_settings()
    source = settings.find_cohort(cohort_name).source.path if cohort_name else ""
    declared = read_declaration(name)
    if "${key}" in declared["cmd"] and not cohort_name:
        raise ConfigurationError(f"stage {name} works on one cohort: name it, one of {', '.join(settings.cohorts)}")

    def resolve(entries: list[Any]) -> list[str]:
        names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
        return [n.replace("${key}", cohort_name).replace("${item.source.path}", source) for n in names]

    deps = {Path(p).name: Path(p) for p in resolve(declared.get("deps", []))}
    outs = {Path(p).name: Path(p) for kind in ("outs", "metrics") for p in resolve(declared.get(kind, []))}
    return Stage(name, cohort_name, settings, deps, outs, frozenset(resolve(declared.get("params", []))))


def read_declaration(name: str) -> dict[str, Any]:
    """What `dvc.yaml` says of a stage, its template unfilled. Raises ConfigurationError."""
    try:
        stages = files.read_yaml(Path("dvc.yaml"))["stages"]
        stage: dict[str, Any] = dict(stages[name].get("do", stages[name]))
    except (OSError, KeyError, TypeError, AttributeError, UnicodeDecodeError, yaml.YAMLError):
        raise ConfigurationError(f"dvc.yaml does not declare stage {name!r}; restore the released file") from None
    return stage


def run(name: str, work: Callable[[Stage], None]) -> None:
    """Run `work` as the process's main: `python -m pipeline.stages.<name> [cohort] [--debug]`.

    Exits with the code of `pipeline.errors`. A failing stage leaves its earlier outputs as they were. An
    unforeseen error is shown by type and place only, since its text may hold a patient's value.
    """
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    debug = "--debug" in sys.argv[1:]
    os.umask(0o077)
    sys.exit(_attempt(name, arguments[0] if arguments else "", work, debug=debug))


def _attempt(name: str, cohort_name: str, work: Callable[[Stage], None], *, debug: bool) -> int:
    title = f"{name} {cohort_name}".strip()
    stage = None
    try:
        stage = open_stage(name, cohort_name)
        log(f"{title}: start")
        engine = stage.settings.engine.name
        with profiling(name, cohort_name, engine, stage.count_records, wanted=stage.settings.profile):
            work(stage)
            stage.finish()
        log(f"{title}: done")
    except ClinriskError as error:
        return _fail(f"{title}: {error}", error.exit_code, debug=debug)
    except Exception as error:
        return _fail(f"{title}: {say_unforeseen(error)}; --debug shows more", EXIT_INTERNAL, debug=debug)
    finally:
        for path in stage.outs.values() if stage else ():
            files.discard(path)
    return EXIT_DONE


def _fail(message: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    log(f"error: {message}")
    return code
