"""Where the records went: those set aside with their rule, and counts that add up."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from data_schemas.columns import Cohort, OneRow
from pipeline.errors import DataRefusedError
from pipeline.records.checks import find_violations, record_rules, refuse_constant_outcome, refuse_duplicates
from pipeline.records.identity import pseudonymise
from pipeline.records.typing import type_records, type_rules
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
    return Validated(valid, _set_aside(text, violations), summarise(violations, len(frame), valid, cohort))


def summarise(violations: pd.DataFrame, records: int, valid: pd.DataFrame, cohort: type[Cohort]) -> dict[str, Any]:
    """Counts for `validation.json`: every rule, and a flow in which a record leaves at its first broken rule."""
    return {
        "rows_in": records,
        "valid": len(valid),
        "quarantined": records - len(valid),
        "patients": int(valid["pseudonym"].nunique()),
        "attrition": _flow(violations, records, len(valid)),
        "rules": _refusals(cohort) + _counted_rules(violations, cohort),
    }


def _flow(violations: pd.DataFrame, records: int, valid: int) -> list[dict[str, Any]]:
    flow = [{"step": "Records read", "records": records, "removed": 0, "reason": ""}]
    left = records
    for sentence, removed in (
        violations.drop_duplicates("record").groupby("sentence", sort=False)["record"].size().items()
    ):
        left -= int(removed)
        flow.append({"step": "Quarantined", "records": left, "removed": int(removed), "reason": f"not: {sentence}"})
    assert left == valid, "every record is accounted for"
    return [*flow, {"step": "Valid records", "records": valid, "removed": 0, "reason": ""}]


def _refusals(cohort: type[Cohort]) -> list[dict[str, Any]]:
    """The rules that refuse the whole table, which a validated table has passed."""
    sentences = [
        (rule, name, sentence) for name, column in cohort.columns().items() for rule, sentence in type_rules(column)
    ]
    sentences.append(("identifier given", cohort.identifier(), "Every record has an identifier"))
    if isinstance(cohort.study().per_patient, OneRow):
        sentences.append(("one row per patient", cohort.identifier(), "No two records are of one patient"))
    return [
        {"rule": rule, "column": name, "sentence": sentence, "severity": "refuse", "records": 0}
        for rule, name, sentence in sentences
    ]


def _counted_rules(violations: pd.DataFrame, cohort: type[Cohort]) -> list[dict[str, Any]]:
    broken = violations.groupby(["rule", "column"], dropna=False)["record"].nunique()
    rules = record_rules(cohort).merge(broken.rename("records").reset_index(), on=["rule", "column"], how="left")
    return [
        {
            "rule": row["rule"],
            "column": None if pd.isna(row["column"]) else row["column"],
            "sentence": row["sentence"],
            "severity": "quarantine",
            "records": 0 if pd.isna(row["records"]) else int(row["records"]),
        }
        for row in rules.to_dict("records")
    ]


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
