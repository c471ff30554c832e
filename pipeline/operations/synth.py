"""A synthetic table of a cohort, with the risk function that made it, for demonstrations and load tests."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.progress import progress
from pipeline.records.synthetic.synthesis import make_risk_function, synthesise
from pipeline.records.typing import type_records
from pipeline.records.units import converts
from pipeline.settings import load_cohort

CHUNK = 100_000


def write_synthetic(cohort_name: str, rows: int, out: Path, seed: int, event_share: float) -> Path:
    """Write `rows` synthetic records to `out` (.csv or .parquet), and the truth beside it; returns its path.

    Memory is bounded by one chunk. Raises ConfigurationError on another ending, an existing file, or a schema
    whose rules are not met by records drawn column by column.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise ConfigurationError(f"{out.name}: expected a name that ends in .csv or .parquet")
    truth_path = out.with_suffix(".truth.json")
    if found := [str(path) for path in (out, truth_path) if path.exists()]:
        raise ConfigurationError(f"{', '.join(found)} exists already; remove it or name another file")
    cohort = load_cohort(cohort_name)
    truth = make_risk_function(cohort, seed, event_share)
    chunks = list(range(0, max(rows, 1), CHUNK))
    parts = synthesise(cohort, rows, seed, truth, CHUNK)
    shown = (part for part, _ in zip(parts, progress(chunks, "Synthesis"), strict=True))
    as_text = partial(files.write_csv_parts, parts=shown)
    as_table = partial(files.write_parquet_parts, parts=_typed(shown, cohort))
    files.write_whole(
        {
            truth_path: partial(files.write_json, content=truth.to_dict()),
            out: as_text if out.suffix == ".csv" else as_table,
        }
    )
    return truth_path


def _typed(parts: Iterator[pd.DataFrame], cohort: type[Cohort]) -> Iterator[pd.DataFrame]:
    """Text parts with numbers where the schema has them, as a hospital's Parquet file would."""
    numbers = {n: c for n, c in cohort.columns().items() if c.numeric and not converts(c) and not c.missing_codes}
    for part in parts:
        typed = type_records(part[list(numbers)], numbers).frame
        yield part.assign(**{name: typed[name] for name in numbers})
