"""`params.yaml` and the schema files, checked before any work begins."""

import difflib
import importlib
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data_schemas.columns import Cohort
from data_schemas.faults import find_taken_names
from pipeline.errors import ConfigurationError

PARAMS = Path("params.yaml")
COHORT_NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED_NAMES = {
    "columns", "vocabulary", "outcomes", "effects", "faults", "effect_faults", "later", "summaries", "demo",
}  # fmt: skip


class Section(BaseModel):
    """A part of `params.yaml`: every key is known, every value has the declared type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DelimitedSource(Section):
    """A text file of records: CSV, TSV and the like, plain or compressed (its name then ends in `.gz`)."""

    format: Literal["csv"]
    path: str
    encoding: str = "utf-8"
    delimiter: str = Field(",", pattern=r'^[^"\r\n\x00]$')
    decimal: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _marks_differ(self) -> "DelimitedSource":
        if self.delimiter == self.decimal:
            raise ValueError("delimiter and decimal mark are the same; no field could hold a decimal number")
        return self


class ParquetSource(Section):
    """A Parquet file, whose columns have types of their own."""

    format: Literal["parquet"]
    path: str


class WorkbookSource(Section):
    """One sheet of an Excel workbook; `sheet` is needed where the workbook has several."""

    format: Literal["xlsx"]
    path: str
    sheet: str | None = None


class DatabaseSource(Section):
    """A query; `path` names its file, `url_from` the environment variable with the database's address."""

    format: Literal["sql"]
    path: str
    url_from: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")


Source = Annotated[
    DelimitedSource | ParquetSource | WorkbookSource | DatabaseSource, Field(discriminator="format")
]  # where a cohort's records come from
SOURCES = {"csv": DelimitedSource, "parquet": ParquetSource, "xlsx": WorkbookSource, "sql": DatabaseSource}


class CohortSettings(Section):
    """One cohort. `test_from` is needed where the schema declares an index date: evaluation is temporal.

    `last_release_records` is the number of records of the last release, for the schema's rule on its change.
    """

    source: Source
    test_from: date | None = None
    last_release_records: int | None = Field(None, ge=1)

    @field_validator("test_from", mode="before")
    @classmethod
    def _quoted(cls, value: object) -> object:
        if isinstance(value, date):
            raise ValueError(f'expected the day in quotes, "{value:%Y-%m-%d}": DVC cannot read a bare date')
        return value


class Validate(Section):
    """How identifiers are hidden and how much quarantine is tolerated."""

    pseudonym_key: str = Field(min_length=8)
    quarantine_at_most: float = Field(ge=0, le=1)


class Split(Section):
    """How patients are parted into development and test, or into folds."""

    cross_validate_below: int = Field(ge=0)
    test_share: float = Field(gt=0, lt=1)
    folds: int = Field(ge=2, le=20)
    repeats: int = Field(ge=1, le=100)


class Train(Section):
    """Which candidates compete, which form the deployed average, and how that is validated from inside.

    Those in `search` are tried one by one as further members, until one more does not pay.
    `device` grows trees on the processor (`cpu`), a graphics card (`cuda`), or on the latter where there is one.
    `learning_curve` are the shares of the patients that teach further models. Tables of more than `optimism_at_most`
    patients have no bootstrap of the whole development.
    """

    candidates: tuple[str, ...] = Field(min_length=1)
    ensemble: tuple[str, ...] = Field(min_length=1)
    search: tuple[str, ...]
    folds: int = Field(ge=2, le=20)
    device: Literal["auto", "cpu", "cuda"]
    learning_curve: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    optimism_resamples: int = Field(ge=0)
    optimism_at_most: int = Field(ge=0)
    seed: int = Field(ge=0)


class Cluster(Section):
    """How phenotypes are sought and when they count as stable; the first clusterer decides, others are compared."""

    clusterers: tuple[str, ...] = Field(min_length=1)
    k_max: int = Field(ge=2, le=20)
    resamples: int = Field(ge=10)
    jaccard_at_least: float = Field(gt=0, le=1)
    seed: int = Field(ge=0)


class Evaluate(Section):
    """The bootstrap behind every interval."""

    resamples: int = Field(ge=100)
    seed: int = Field(ge=0)


class Explain(Section):
    """How many patients are explained, and how many refits show what is stable."""

    patients: int = Field(ge=100)
    refits: int = Field(ge=10)
    seed: int = Field(ge=0)


class Disclosure(Section):
    """What may be published: no count of fewer than `smallest_group`, others to the nearest multiple of `round_to`."""

    smallest_group: int = Field(ge=5)
    round_to: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _shown_counts_stay(self) -> "Disclosure":
        if self.round_to > self.smallest_group:
            raise ValueError("round_to is above smallest_group; counts that may be shown would be rounded away")
        return self


class Report(Section):
    """How pages are written."""

    language: Literal["en", "zh"]


class Settings(Section):
    """All of `params.yaml`."""

    cohorts: dict[str, CohortSettings] = Field(min_length=1)
    validate_: Validate = Field(alias="validate")
    split: Split
    train: Train
    cluster: Cluster
    evaluate: Evaluate
    explain: Explain
    disclosure: Disclosure
    report: Report

    def find_cohort(self, name: str) -> CohortSettings:
        """The entry of the cohort `name`. Raises ConfigurationError where there is none."""
        if name not in self.cohorts:
            raise ConfigurationError(f"cohort {name!r} is not in params.yaml, which has {', '.join(self.cohorts)}")
        return self.cohorts[name]


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
        return yaml.safe_load(path.read_text(encoding="utf-8"))
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
