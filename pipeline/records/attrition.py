"""Counts for `validation.json`: every rule, and a flow in which a record leaves at the first rule that it breaks."""

from typing import Any

import pandas as pd

from data_schemas.columns import Cohort
from data_schemas.vocabulary import Severity
from pipeline.disclosure import Rest
from pipeline.phrases import phrase
from pipeline.records.identity import PSEUDONYM
from pipeline.records.rules import list_rules
from pipeline.records.table_checks import Finding


def summarise(
    broken: pd.DataFrame, faults: list[Finding], records: int, valid: pd.DataFrame, cohort: type[Cohort]
) -> dict[str, Any]:
    """What validation counted; no value of a patient.

    `broken` has one row per record and broken rule, in the rules' order, with its sentence and severity; `faults` are
    the broken rules about the whole table. Who left is published as the difference of the published numbers.
    """
    aside = broken[broken["severity"] == Severity.QUARANTINE]
    return {
        "rows_in": records,
        "valid": len(valid),
        "quarantined": Rest(records, len(valid)),
        "patients": int(valid[PSEUDONYM].ne(valid[PSEUDONYM].shift()).fillna(True).sum()),  # it is sorted by it
        "attrition": _flow(aside, records, len(valid)),
        "rules": _counted_rules(broken, faults, cohort),
    }


def _flow(aside: pd.DataFrame, records: int, valid: int) -> list[dict[str, Any]]:
    flow = [{"step": phrase("Records read"), "records": records, "removed": 0, "reason": ""}]
    left = records
    leaving = aside.drop_duplicates("record").groupby("sentence", sort=False)["record"].size()
    for sentence, removed in leaving.items():
        before, left = left, left - int(removed)
        step = {"step": phrase("Quarantined"), "records": left, "removed": Rest(before, left)}
        flow.append(step | {"reason": f"not: {sentence}"})
    assert left == valid, "every record is accounted for"
    return [*flow, {"step": phrase("Valid records"), "records": valid, "removed": 0, "reason": ""}]


def _counted_rules(broken: pd.DataFrame, faults: list[Finding], cohort: type[Cohort]) -> list[dict[str, Any]]:
    """Every rule with how many records break it; `says` tells what was found where the table breaks a rule."""
    named = broken.assign(column=broken["column"].fillna(""))
    counts = named.groupby(["rule", "column"])["record"].nunique().reset_index(name="records")
    found: dict[tuple[Any, Any], Any] = {(row.rule, row.column or None): row.records for row in counts.itertuples()}
    says = {(fault.rule, fault.column): fault.says for fault in faults}
    return [
        rule._asdict()
        | {
            "severity": str(rule.severity),
            "records": found.get((rule.rule, rule.column), 0),
            "says": says.get((rule.rule, rule.column), ""),
        }
        for rule in list_rules(cohort)
    ]
