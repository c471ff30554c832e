"""What a worker of a cluster does: it looks whether the work may be done there, does it, and answers.

Nothing that fails is raised on a worker, since Dask would log it with a patient's values: it comes back as a sentence.
"""

import importlib.metadata
import os
import platform
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import data_schemas
from pipeline.errors import ClinriskError, ConfigurationError, say_unforeseen
from pipeline.provenance import HERE, hash_tree

T = TypeVar("T")

MUST_AGREE = ("distributed", "numpy", "pandas", "pyarrow", "scikit-learn", "xgboost")
SHARED = "params.yaml"
HASH_DIGITS = 12


@dataclass(frozen=True)
class Caller:
    """The process that asks for work: its folder, a `sign` by which workers know that folder, and what it runs."""

    folder: Path
    sign: tuple[int, int] | None
    versions: Mapping[str, str]

    @classmethod
    def of_here(cls) -> "Caller":
        """As whom this process calls."""
        return cls(Path.cwd(), read_sign(Path.cwd()), tell_versions())


@dataclass(frozen=True)
class Answer:
    """What a worker made of a part, or why it could not."""

    result: Any
    error: ClinriskError | None = None


def read_sign(folder: Path) -> tuple[int, int] | None:
    """When the settings in `folder` were written, and how long they are: a copy of the folder was written later."""
    try:
        found = (folder / SHARED).stat()
    except OSError:
        return None
    return int(found.st_mtime), found.st_size


@cache
def tell_versions() -> dict[str, str]:
    """What this process runs. Code is what it was when this was first asked: a worker never reads it again."""
    versions = {name: importlib.metadata.version(name) for name in MUST_AGREE}
    schemas = Path(next(iter(data_schemas.__path__)))
    code = {"pipeline/": hash_tree(HERE), "data_schemas/": hash_tree(schemas)}
    return {"Python": platform.python_version(), **versions, **{k: v.hex()[:HASH_DIGITS] for k, v in code.items()}}


def find_fault(caller: Caller, dask_worker: Any) -> str:
    """Why the worker must not work for `caller`, with the cure; empty where it may."""
    own = tell_versions()
    if differ := [name for name, version in caller.versions.items() if own.get(name) != version]:
        told = ", ".join(f"{name} {own.get(name, 'missing')}, expected {caller.versions[name]}" for name in differ)
        return f"it runs {told}; give it the same environment and code, then start it anew"
    if read_sign(caller.folder) != caller.sign:
        return f"it does not see the folder {caller.folder}; share it between machines under the same path"
    if not isinstance(dask_worker.data, dict):
        return "it may write records to its disk; turn off target and spill of distributed.worker.memory there"
    return ""


def answer(caller: Caller, work: Callable[[T], Any], part: T) -> Answer:
    """The result of `work`, done in the caller's folder, or what went wrong."""
    from distributed import get_worker

    here = socket.gethostname()
    try:
        if fault := find_fault(caller, get_worker()):
            return Answer(None, ConfigurationError(f"engine.scheduler: a worker on {here} cannot be used: {fault}"))
        os.chdir(caller.folder)
        return Answer(work(part))
    except ClinriskError as error:
        return Answer(None, error)
    except Exception as error:
        return Answer(None, ClinriskError(f"{say_unforeseen(error)}, on the worker {here}"))
