"""A file as a source, by what its name ends in."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.sections import Source

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


def source_like(declared: Source, path: str) -> Source:
    """The file at `path`, read as the cohort's `declared` source is where it has the same format.

    A query in a file that ends in .sql goes to the declared database. Fields of a .tsv file are parted by tabs.
    """
    ending = _ending(path)
    tabs = {"delimiter": "\t"} if ending == ".tsv" and _ending(declared.path) != ending else {}
    if declared.format == {".sql": "sql"}.get(ending, FORMATS.get(ending)):
        return declared.model_copy(update={"path": path} | tabs)
    return source_of_file({"path": path} | tabs)


def _ending(path: str) -> str:
    return Path(path.lower().removesuffix(".gz")).suffix
