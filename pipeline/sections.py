"""The sections of `params.yaml`: every key that there is, its type and its bounds."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.errors import ConfigurationError


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

    Records with images beside them have a folder as their source's path, in which `table` is the file of records.
    `last_release_records` is the number of records of the last release, for the schema's rule on its change.
    """

    source: Source
    table: str | None = Field(None, pattern=r"^[^/\x00]+$")
    test_from: date | None = None
    last_release_records: int | None = Field(None, ge=1)

    @property
    def records(self) -> Source:
        """Where the records themselves are."""
        if self.table is None:
            return self.source
        return self.source.model_copy(update={"path": f"{self.source.path.rstrip('/')}/{self.table}"})

    @property
    def images(self) -> Path | None:
        """The folder of images; None where the source is no folder."""
        return None if self.table is None else Path(self.source.path)

    @field_validator("test_from", mode="before")
    @classmethod
    def _quoted(cls, value: object) -> object:
        if isinstance(value, date):
            raise ValueError(f'expected the day in quotes, "{value:%Y-%m-%d}": DVC cannot read a bare date')
        return value


class Validate(Section):
    """How identifiers are hidden and how much quarantine is tolerated.

    The key of pseudonyms is `pseudonym_key`, or stands where `pseudonym_key_from` says: `env:` and the name of a
    variable, or `file:` and the absolute path of a file, as retraining works in a folder of its own.
    """

    pseudonym_key: str = Field("", min_length=8, repr=False)
    pseudonym_key_from: str = Field("", pattern=r"^(env:[A-Z][A-Z0-9_]*|file:/.+)$", exclude=True)
    quarantine_at_most: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _one_key(self) -> "Validate":
        if bool(self.pseudonym_key) == bool(self.pseudonym_key_from):
            raise ValueError("expected either pseudonym_key or pseudonym_key_from, and not both")
        return self


class Engine(Section):
    """Where stages work through a table part by part, and how much memory they may plan for.

    `name` is local, the stage's own process, or dask: the scheduler at the address `scheduler`, or without one a
    cluster of `workers` processes of one thread on this machine. A part has `rows` records. A stage plans for at most
    `memory_share` of the machine's memory, and keeps on disk what would take more.
    """

    name: Literal["local", "dask"]
    scheduler: str | None = Field(None, pattern=r"^(tcp|tls)://[^/]+:[0-9]+$")
    workers: int = Field(2, ge=1, le=1024)
    rows: int = Field(ge=1000)
    memory_share: float = Field(gt=0, le=1)


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


class Imaging(Section):
    """How a network learns from images; cohorts without images need nothing of it.

    `network` is small, or one known by name; `weights`, the path of a safetensors file, starts it from there instead
    of at random. So many `networks` are averaged, and each stops when its `validation_share` of the patients
    has not become better for `patience` epochs of at most `epochs`. `device` is as in `Train`.
    """

    network: Literal["small", "resnet18", "densenet121"]
    weights: str | None = None
    networks: int = Field(ge=1, le=20)
    epochs: int = Field(ge=1)
    patience: int = Field(ge=1)
    batch: int = Field(ge=2)
    learning_rate: float = Field(gt=0, lt=1)
    validation_share: float = Field(gt=0, lt=0.5)
    folds: int = Field(ge=2, le=20)
    device: Literal["auto", "cpu", "cuda"]
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


class Margins(Section):
    """How much worse than the champion a challenger may be, by the far end of each 95% interval, and still replace it.

    Of AUROC, Brier score and net benefit; of the observed to expected ratio as a factor; of AUROC in any subgroup.
    """

    auroc: float = Field(ge=0, le=1)
    brier: float = Field(ge=0, le=1)
    net_benefit: float = Field(ge=0, le=1)
    oe_factor: float = Field(ge=1)
    subgroup_auroc: float = Field(ge=0, le=1)


class Retrain(Section):
    """When a challenger replaces the champion, what is kept, and who is told.

    `notify` is a command and its arguments; the file of the run is added to them.
    """

    patients_at_least: int = Field(ge=10)
    margins: Margins
    keep_releases: int = Field(ge=2)
    keep_runs: int = Field(ge=10)
    hours_at_most: float = Field(gt=0)
    notify: tuple[str, ...] = ()


class Drift(Section):
    """What counts as drift: the whole interval of a figure beyond its bound.

    `psi` is the population stability index, `ks` the Kolmogorov-Smirnov distance, `missing` a change in the share that
    is missing, `unit_factor` of a low or high percentile, `classifier_auroc` that of telling old from new patients,
    `oe_factor` of observed to expected events and of their odds, `auroc_drop` of what is lost.
    """

    patients_at_least: int = Field(ge=20)
    psi: float = Field(gt=0)
    ks: float = Field(gt=0, le=1)
    missing: float = Field(gt=0, le=1)
    unit_factor: float = Field(gt=1)
    classifier_auroc: float = Field(gt=0.5, lt=1)
    oe_factor: float = Field(gt=1)
    auroc_drop: float = Field(gt=0, lt=1)
    resamples: int = Field(ge=100)
    seed: int = Field(ge=0)


class Settings(Section):
    """All of `params.yaml`. With `profile`, stages write what they take, and the report shows it."""

    cohorts: dict[str, CohortSettings] = Field(min_length=1)
    profile: bool
    engine: Engine
    validate_: Validate = Field(alias="validate")
    split: Split
    imaging: Imaging
    train: Train
    cluster: Cluster
    evaluate: Evaluate
    explain: Explain
    disclosure: Disclosure
    report: Report
    retrain: Retrain
    drift: Drift

    def find_cohort(self, name: str) -> CohortSettings:
        """The entry of the cohort `name`. Raises ConfigurationError where there is none."""
        if name not in self.cohorts:
            raise ConfigurationError(f"cohort {name!r} is not in params.yaml, which has {', '.join(self.cohorts)}")
        return self.cohorts[name]
