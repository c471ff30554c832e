"""Whether records were given their pseudonyms by the key of now: DVC sees no key that stands outside params.yaml."""

from pathlib import Path

from data_schemas.columns import Cohort

RECORDS_TRIED = 10_000


def are_by(key: str, folder: Path, cohort: type[Cohort]) -> bool:
    """Whether any pseudonym in `valid.parquet` in `folder` belongs, by `key`, to a patient in `raw.parquet` beside it.

    Looks at the first 10,000 records. Raises OSError, ValueError or DataRefusedError where the files cannot be read by
    the schema.
    """
    import numpy as np
    import pandas as pd

    from pipeline.records.identity import PSEUDONYM, pseudonymise
    from pipeline.records.typing import type_records

    identifier = cohort.identifier()
    raw = pd.read_parquet(folder / "raw.parquet", columns=[identifier]).head(RECORDS_TRIED)
    known = type_records(raw, {identifier: cohort.columns()[identifier]}).frame.dropna()
    valid = pd.read_parquet(folder / "valid.parquet", columns=[PSEUDONYM])[PSEUDONYM]
    made = pseudonymise(known, np.arange(len(known)), identifier, key)[0][PSEUDONYM]
    return bool(made.isin(valid).any())
