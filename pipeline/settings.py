"""`params.yaml` and the schema files, checked before any work begins."""

import difflib
import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from data_schemas.columns import Cohort
from data_schemas.faults import find_taken_names
from pipeline.errors import ConfigurationError
from pipeline.sections import SOURCES, CohortSettings, Settings

PARAMS = Path("params.yaml")
COHORT_NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED_NAMES = {
    "columns", "vocabulary", "outcomes", "effects", "faults", "effect_faults", "image_faults", "images",
    "findings", "later", "summaries", "demo",
}  # fmt: skip


def load_settings(path: Path = PARAMS) -> Settings:
    """Read and check `params.yaml`.

    Raises ConfigurationError naming the first fault: a missing file, broken YAML, an unknown key (with the
    nearest known one), a missing key or a value of the wrong type.
    """
    try:
        settings = Settings.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first_fault(error)}") from None
    for name in settings.cohorts:
        check_cohort_name(name)
    return settings


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. Raises ConfigurationError where it is missing, or names the line at fault."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))  # slower than libyaml, and it names the line at fault
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing; run from the root of the repository") from None
    except (yaml.YAMLError, ValueError) as error:  # the latter: bytes that are no text, a day that there is not
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f"{path} line {line + 1}" if line is not None else str(path)
        raise ConfigurationError(f"{where} is not valid YAML; compare it with the released file") from None


def check_cohort_name(name: str) -> None:
    """Raise ConfigurationError unless `name` can name a cohort, its files and its schema module."""
    if not COHORT_NAME.fullmatch(name) or name in RESERVED_NAMES:
        raise ConfigurationError(
            f"cohort name {name!r} is not usable: expected a lower-case letter, then letters, digits or "
            f"underscores, and none of {', '.join(sorted(RESERVED_NAMES))}"
        )


def load_cohort(name: str) -> type[Cohort]:
    """The class that `data_schemas/<name>.py` declares.

    Raises ConfigurationError if the file is missing, cannot be imported or contradicts itself.
    """
    check_cohort_name(name)
    file = f"data_schemas/{name}.py"
    try:
        module = importlib.import_module(f"data_schemas.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"data_schemas.{name}":
            raise ConfigurationError(f"{file} imports {error.name}, which is not installed") from error
        raise ConfigurationError(f"{file} is missing; every cohort in params.yaml needs one") from None
    except Exception as error:
        raise ConfigurationError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    declared = [
        c
        for c in vars(module).values()
        if isinstance(c, type) and issubclass(c, Cohort) and c.__module__ == module.__name__
    ]
    if len(declared) != 1:
        raise ConfigurationError(f"{file} declares {len(declared)} cohort classes, expected exactly one")
    try:
        faults = find_taken_names(declared[0]) or declared[0].faults()
    except Exception as error:
        raise ConfigurationError(f"{file} is not a usable schema: {type(error).__name__}: {error}") from error
    if faults:
        raise ConfigurationError(f"{file}: {'; '.join(faults)}")
    return declared[0]


def _first_fault(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    path = [str(part) for part in fault["loc"]]
    where = ".".join(part for i, part in enumerate(path) if i != SOURCE_FORMAT) or "the whole file"
    if fault["type"] == "extra_forbidden":
        return say_unknown(where, path[-1], _known_keys(path[:-1]))
    if fault["type"] in ("missing", "union_tag_not_found"):
        return f"key {where + '.format' * (fault['type'] != 'missing')!r} is missing"
    if fault["type"] == "union_tag_invalid":
        return f"{where}.format: expected one of {', '.join(SOURCES)}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def say_unknown(where: str, key: str, known: Iterable[str]) -> str:
    """That the key at `where` is not known, and the nearest that is."""
    near = difflib.get_close_matches(key, list(known), n=1)
    return f"unknown key {where!r}" + (f"; did you mean {near[0]!r}?" if near else "; remove it")


SOURCE_FORMAT = 3  # pydantic puts the format into the place of a fault: cohorts, name, source, format, key


def _known_keys(path: list[str]) -> list[str]:
    section: Any = Settings
    if path[2:3] == ["source"]:
        section, path = SOURCES[path[SOURCE_FORMAT]], []
    elif path[:1] == ["cohorts"]:
        section, path = CohortSettings, []
    for part in path:
        section = next(f.annotation for name, f in section.model_fields.items() if part in (name, f.alias))
    return [f.alias or name for name, f in section.model_fields.items()]
