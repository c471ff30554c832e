"""A new cohort from a file: a drafted schema in which every guess waits for a person, and its entry in params.yaml."""

from pathlib import Path

import pandas as pd

from pipeline import files
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.drafts.roles import draft_columns
from pipeline.records.drafts.schema_file import draft_file
from pipeline.records.sources.endings import source_of_file
from pipeline.records.sources.read import read_undeclared
from pipeline.sections import Source
from pipeline.settings import PARAMS, check_cohort_name, load_cohort, load_settings


def draft_cohort(name: str, source: dict[str, str], outcome: str | None, event: str | None) -> tuple[Path, int]:
    """Write `data_schemas/<name>.py` and the entry in params.yaml; returns its path and the number of guesses.

    `source` has `path` and whatever a source in params.yaml may have; its format follows from the path's ending.
    Raises ConfigurationError where the name is taken or no schema can be drafted, DataRefusedError where the file
    cannot be read. Nothing is written then.
    """
    check_cohort_name(name)
    settings = load_settings()
    schema = Path("data_schemas") / f"{name}.py"
    if schema.exists() or name in settings.cohorts:
        raise ConfigurationError(f"cohort {name!r} exists already, in {schema} or params.yaml; choose another name")
    declared = source_of_file(source)
    table = read_undeclared(declared)
    if table.empty:
        raise DataRefusedError(f"{declared.path}, rule 'no records': there is nothing to draft a schema from")
    if getattr(declared, "decimal", ".") == ",":
        table = table.apply(_with_points)
    guesses = draft_columns(table, outcome, event, settings.disclosure.smallest_group)
    files.write_text(schema, draft_file(name, guesses))
    try:
        cohort = load_cohort(name)
        _add_entry(name, declared)
    except BaseException:
        schema.unlink()
        raise
    return schema, sum(map(len, cohort.unconfirmed().values()))


def _with_points(values: pd.Series) -> pd.Series:
    """Texts with decimal commas, written with points."""
    commas = values.str.fullmatch(r"[+-]?[0-9]*,[0-9]+")
    return values.mask(commas, values.str.replace(",", ".", regex=False))


def _add_entry(name: str, source: Source) -> None:
    """Add the cohort to params.yaml, whose comments stay."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 1000
    params = yaml.load(PARAMS.read_text(encoding="utf-8"))
    params["cohorts"][name] = {"source": source.model_dump(exclude_defaults=False, exclude_none=True)}
    with files.staging(PARAMS).open("w", encoding="utf-8") as handle:
        yaml.dump(params, handle)
    files.staging(PARAMS).replace(PARAMS)
