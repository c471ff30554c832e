"""Counts for `validation.json`: every rule, and a flow in which a record leaves at the first rule that it breaks."""

from typing import Any

import numpy as np

from pipeline.disclosure import Rest
from pipeline.phrases import phrase
from pipeline.records.table_checks import Finding
from pipeline.records.tally import STAYS, Tally


def summarise(tally: Tally, faults: list[Finding], valid: int, patients: int) -> dict[str, Any]:
    """What validation counted; no value of a patient.

    `faults` are the broken rules about the whole table; `valid` records of `patients` are left. Who left is published
    as the difference of the published numbers.
    """
    records = len(tally.leaves)
    return {
        "rows_in": records,
        "valid": valid,
        "quarantined": Rest(records, valid),
        "patients": patients,
        "attrition": _flow(tally, valid),
        "rules": _counted_rules(tally, faults),
    }


def _flow(tally: Tally, valid: int) -> list[dict[str, Any]]:
    left = len(tally.leaves)
    flow = [{"step": phrase("Records read"), "records": left, "removed": 0, "reason": ""}]
    for sentence, removed in _leaving(tally).items():
        before, left = left, left - removed
        step = {"step": phrase("Quarantined"), "records": left, "removed": Rest(before, left)}
        flow.append(step | {"reason": f"not: {sentence}"})
    assert left == valid, "every record is accounted for"
    return [*flow, {"step": phrase("Valid records"), "records": valid, "removed": 0, "reason": ""}]


def _leaving(tally: Tally) -> dict[str, int]:
    """How many records leave by the sentence of the first rule that each breaks."""
    leaving = np.bincount(tally.leaves[tally.leaves != STAYS], minlength=len(tally.rules))
    by_sentence: dict[str, int] = {}
    for place in np.flatnonzero(leaving):
        sentence = tally.rules[place].sentence
        by_sentence[sentence] = by_sentence.get(sentence, 0) + int(leaving[place])
    return by_sentence


def _counted_rules(tally: Tally, faults: list[Finding]) -> list[dict[str, Any]]:
    """Every rule with how many records break it; `says` tells what was found where the table breaks a rule."""
    says = {(fault.rule, fault.column): fault.says for fault in faults}
    return [
        rule._asdict()
        | {"severity": str(rule.severity), "records": int(n), "says": says.get((rule.rule, rule.column), "")}
        for rule, n in zip(tally.rules, tally.counts, strict=True)
    ]
