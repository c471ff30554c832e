"""Where results go, and where they must not."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.operations.scoring.database_table import Target, refuse_existing
from pipeline.operations.scoring.staging import Staging

ENDINGS = (".csv", ".parquet")
STAGED_TABLES = Path("data", ".scoring")


@dataclass(frozen=True)
class Places:
    """What is new: risks go to the file `out` or to `table` of the database whose address `to_url_from` holds.

    Figures go to `evaluation`, and the model as outcomes mend it to `recalibrated`.
    """

    out: Path | None = None
    evaluation: Path | None = None
    recalibrated: Path | None = None
    table: str | None = None
    to_url_from: str | None = None

    @property
    def refused(self) -> Path | str:
        """The file or table, beside that of the risks, of the rules that set records aside."""
        if self.out is None:
            return f"{self.table}_refused"
        return self.out.with_name(f"{self.out.stem}.refused{self.out.suffix}")

    def staging(self, cohort: str) -> Staging:
        """Where the parts of the result wait."""
        if self.out is None:
            return Staging(STAGED_TABLES / f"{cohort}.{self.table}")
        return Staging(self.out.with_name(f".{self.out.name}.parts"))

    def target(self) -> Target:
        """The table. Raises ConfigurationError unless its name and its database are given."""
        if self.table is None or self.to_url_from is None:
            raise ConfigurationError(
                "a table needs its database: name the environment variable that holds the address with --to-url-from"
            )
        return Target(self.table, self.to_url_from)


def refuse_places(places: Places, placed: Collection[str]) -> None:
    """Raise ConfigurationError for a place that must not be written.

    `placed` are files that an earlier run of this kind had put in place when it was killed; those may be written anew.
    """
    if (places.out is None) == (places.table is None):
        raise ConfigurationError("expected a file for risks, --out, or a table, --to-table, and not both")
    if places.out and places.out.suffix not in ENDINGS:
        raise ConfigurationError(f"{places.out.name}: expected a name that ends in {' or '.join(ENDINGS)}")
    given = [path for path in (places.out, places.refused, places.evaluation, places.recalibrated) if path]
    paths = [path for path in given if isinstance(path, Path)]
    existing = [path for path in paths if path.exists() and (path == places.out or str(path) not in placed)]
    if existing:
        raise ConfigurationError(f"{', '.join(map(str, existing))} exists already; remove it or name another file")
    if len({path.resolve() for path in paths}) < len(paths):
        raise ConfigurationError("two results go to one file; name another for each")
    _refuse_public([path for path in paths if path != places.evaluation])
    if places.table:
        refuse_existing(places.target(), [places.table, str(places.refused)])


def _refuse_public(paths: Collection[Path]) -> None:
    public = Path(files.PUBLIC).resolve()
    for path in paths:
        if public in path.resolve().parents:
            raise ConfigurationError(
                f"{path} is about single patients, and {files.PUBLIC}/ is published; name a file elsewhere"
            )
