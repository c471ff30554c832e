"""Where the records went: those set aside with their rule, and counts that add up."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from data_schemas.columns import Cohort
from pipeline.errors import DataRefusedError
from pipeline.records.checks import find_violations, refuse_constant_outcome, refuse_duplicates
from pipeline.records.identity import pseudonymise
from pipeline.records.typing import type_records
from pipeline.settings import Validate


@dataclass(frozen=True)
class Validated:
    """The three results of validation; `summary` holds counts only and may be published."""

    valid: pd.DataFrame
    quarantine: pd.DataFrame
    summary: dict[str, Any]


def validate_records(text: pd.DataFrame, cohort: type[Cohort], settings: Validate) -> Validated:
    """Type `text`, apply every rule of `cohort`, and part the records into valid and quarantined.

    `valid` has typed columns, `pseudonym` in the place of the identifier, sorted by pseudonym. `quarantine`
    has one row per record and broken rule, with the record's own text. Raises DataRefusedError if types do
    not fit, patients repeat, too much is quarantined, nothing is left, or the outcome does not vary.
    """
    if text.empty:
        raise DataRefusedError("the table has a header and no records; expected at least one")
    frame = type_records(text, cohort.columns())
    refuse_duplicates(frame, cohort)
    violations = find_violations(frame, cohort)
    broken = frame.index.isin(violations["record"].unique())
    _refuse_excess(violations, int(broken.sum()), len(frame), settings.quarantine_at_most)
    refuse_constant_outcome(frame[~broken], cohort)
    valid = pseudonymise(frame[~broken], cohort.identifier(), settings.pseudonym_key)
    return Validated(valid, _set_aside(text, violations), summarise(violations, len(frame), valid))


def summarise(violations: pd.DataFrame, records: int, valid: pd.DataFrame) -> dict[str, Any]:
    """Counts for `validation.json`: by rule, and a flow in which each record leaves at its first broken rule."""
    first = violations.drop_duplicates("record")
    by = ["rule", "column", "sentence"]
    rules = violations.groupby(by, sort=False, dropna=False)["record"].nunique().reset_index()
    flow = [{"step": "Records read", "records": records, "removed": 0, "reason": ""}]
    for sentence, removed in first.groupby("sentence", sort=False)["record"].nunique().items():
        left = flow[-1]["records"] - int(removed)  # type: ignore[operator]
        flow.append({"step": "Quarantined", "records": left, "removed": int(removed), "reason": f"not: {sentence}"})
    flow.append({"step": "Valid records", "records": len(valid), "removed": 0, "reason": ""})
    return {
        "rows_in": records,
        "valid": len(valid),
        "quarantined": records - len(valid),
        "patients": int(valid["pseudonym"].nunique()),
        "attrition": flow,
        "rules": [
            {
                "rule": row["rule"],
                "column": None if pd.isna(row["column"]) else row["column"],
                "sentence": row["sentence"],
                "severity": "quarantine",
                "records": int(row["record"]),
            }
            for row in rules.to_dict("records")
        ],
    }


def _refuse_excess(violations: pd.DataFrame, broken: int, records: int, at_most: float) -> None:
    if broken <= at_most * records and broken < records:
        return
    counts = violations.groupby("sentence", sort=False)["record"].nunique().sort_values(ascending=False)
    worst = "; ".join(f"'{sentence}': {count}" for sentence, count in counts.head(3).items())
    raise DataRefusedError(
        f"{broken} of {records} records break a rule, expected at most {at_most:.0%}; most often {worst}; "
        "check the export's units and codes, or the plausible ranges in the schema"
    )


def _set_aside(text: pd.DataFrame, violations: pd.DataFrame) -> pd.DataFrame:
    reasons = violations[["record", "rule", "column"]].rename(columns={"rule": "broken_rule", "column": "rule_column"})
    merged = reasons.merge(text, left_on="record", right_index=True, how="left").drop(columns="record")
    return merged.astype("string").reset_index(drop=True)
