"""A file as a source, by what its name ends in."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.sections import DatabaseSource, Source

FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".gz": "csv", ".parquet": "parquet", ".xlsx": "xlsx"}


def source_of_file(given: dict[str, str]) -> Source:
    """The file at `given["path"]` as a source; its format follows from its ending, its other keys are in `given`.

    Raises ConfigurationError on another ending, or a key that the format does not have.
    """
    ending = Path(given["path"]).suffix.lower()
    if ending not in FORMATS:
        raise ConfigurationError(f"{given['path']}: expected a file that ends in {', '.join(FORMATS)}")
    try:
        source: Source = TypeAdapter(Source).validate_python({"format": FORMATS[ending]} | given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{fault['loc'][-1]}: {fault['msg'].removeprefix('Value error, ')}") from None
    return source


def source_like(declared: Source, path: str, url_from: str | None = None) -> Source:
    """The file at `path`, read as the cohort's `declared` source is where it has the same format.

    A query in a file that ends in .sql goes to the database whose address the environment variable `url_from` holds, or
    to the declared one. Fields of a .tsv file are parted by tabs. Raises ConfigurationError as `source_of_file`.
    """
    ending = _ending(path)
    if ending == ".sql" and url_from:
        return database_query(path, url_from)
    tabs = {"delimiter": "\t"} if ending == ".tsv" and _ending(declared.path) != ending else {}
    if declared.format == {".sql": "sql"}.get(ending, FORMATS.get(ending)):
        return declared.model_copy(update={"path": path} | tabs)
    return source_of_file({"path": path} | tabs)


def database_query(path: str, url_from: str) -> DatabaseSource:
    """The query in the file at `path`. Raises ConfigurationError where `url_from` is no name of a variable."""
    try:
        return DatabaseSource(format="sql", path=path, url_from=url_from)
    except ValidationError:
        raise ConfigurationError(
            "the database's address stands in an environment variable: expected its name, of capitals, digits and _"
        ) from None


def _ending(path: str) -> str:
    return Path(path.lower().removesuffix(".gz")).suffix
