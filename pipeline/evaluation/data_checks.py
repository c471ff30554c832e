"""The checks behind the verdict that are about the data: traps, broken rules, repeated patients, enough of them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.repeats import repeat_groups

Check = dict[str, str]
QUARANTINE_WORTH_A_LOOK = 0.05
ENOUGH_EVENTS = 100
NAMED_AT_MOST = 5
TRAPS = {
    "single predictor": ("FAIL", "Suspected leak: a single predictor nearly decides the outcome"),
    "strong predictor": ("WARN", "A single predictor tells unusually much of the outcome"),
    "deciding group": ("WARN", "Some groups of patients cannot have, or must have, the event; were they at risk"),
    "declared as known later": ("FAIL", "A predictor is declared as known only after the moment of prediction"),
    "known after the index date": ("FAIL", "A predictor became known after the moment of prediction"),
    "named as known later": ("WARN", "A predictor is named like something known only later"),
    "missingness": ("WARN", "Possible leak: whether a predictor is missing tells the outcome"),
    "missingness together": ("WARN", "Possible leak: which values are missing tells the outcome"),
    "suspected missing code": ("WARN", "What looks like a missing code is read as a value"),
    "mostly missing": ("WARN", "A predictor is missing in most records"),
    "constant": ("WARN", "A predictor tells nothing"),
    "row order": ("WARN", "The order of the rows tells the outcome (they were sorted by it, or times changed)"),
    "identifier": ("WARN", "The identifier tells the outcome (it may hold a centre, a year or the outcome itself)"),
    "repeats that disagree": ("WARN", "Repeated records disagree on the outcome"),
}


def check_data(validation: Mapping[str, Any], performance: Mapping[str, Any]) -> list[Check]:
    """Checks with `check`, `level` and `sentence`, from `validation.json` and `performance.json`."""
    return [
        *_traps(validation["traps"]),
        _across_parts(performance["repeats_across_parts"], performance["n"]),
        _enough_to_develop(performance["sample_size"]),
        _enough_to_evaluate(performance),
        _quarantine(validation),
        *_broken_rules(validation["rules"]),
    ]


def count_repeats_across_parts(valid: pd.DataFrame, split: pd.DataFrame) -> int:
    """How many records equal, in everything but the patient, a record on the other side of the split.

    `valid` has a column `pseudonym`, `split` is `split.parquet`: parts, or folds of the first repeat.
    """
    side = "fold_1" if "fold_1" in split else "part"
    groups = repeat_groups(valid, [name for name in valid.columns if name != "pseudonym"])
    sides = split.set_index("pseudonym")[side].loc[valid["pseudonym"].loc[groups.index]].to_numpy()
    crossing = pd.Series(sides).groupby(groups.to_numpy()).transform("nunique") > 1
    return int(crossing.sum())


def make_check(name: str, level: str, sentence: str) -> Check:
    """One check: what was looked at, how grave the finding is, and the finding."""
    return {"check": name, "level": level, "sentence": sentence}


def _traps(traps: list[dict[str, Any]]) -> list[Check]:
    found: dict[str, list[str]] = {}
    for trap in traps:
        if trap["found"]:
            found.setdefault(trap["trap"], []).append(f"{trap['label']}: {trap['says']}".removeprefix(": "))
    if not found:
        kinds = len({trap["trap"] for trap in traps})
        return [make_check("Leaks and traps", "PASS", f"{len(traps)} tests of {kinds} kinds found none.")]
    return [
        make_check(f"Trap: {kind}", TRAPS[kind][0], f"{TRAPS[kind][1]}: {_few(says)}.") for kind, says in found.items()
    ]


def _few(says: list[str]) -> str:
    more = len(says) - NAMED_AT_MOST
    return "; ".join(says[:NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")


def _across_parts(repeats: int, n: int) -> Check:
    name = "Patients on both sides"
    if not repeats:
        return make_check(
            name, "PASS", "No record is repeated, under another identifier, on the other side of the split."
        )
    sentence = f"{repeats} records are the same as one on the other side of the split in all but the identifier"
    return make_check(name, "WARN", f"{sentence}: the same patient may teach and test; {n} records were evaluated.")


def _enough_to_develop(sample: Mapping[str, Any]) -> Check:
    """Riley et al. 2019 and 2020: see `pipeline.evaluation.sample_size`."""
    level = "PASS" if sample["patients"] >= sample["needed"] else "WARN"
    has = f"{sample['patients']} patients, {sample['events']} of them with the event, taught {sample['parameters']}"
    needs = f"the criteria of Riley et al. ask for {sample['needed']} patients"
    allows = "" if level == "PASS" else f"; those there are suffice for {_few_or_none(sample['parameters_allowed'])}"
    return make_check("Enough patients to develop", level, f"{has} parameters; {needs}{allows}.")


def _few_or_none(parameters: int) -> str:
    return f"{parameters} parameters" if parameters else "not even one parameter"


def _enough_to_evaluate(performance: Mapping[str, Any]) -> Check:
    """At least 100 events and 100 non-events (Collins, Ogundimu and Altman 2016, Stat Med 35:214)."""
    events = performance["events"]
    others = performance["n"] - performance["unknown"] - events
    level = "PASS" if min(events, others) >= ENOUGH_EVENTS else "WARN"
    sentence = f"The evaluation rests on {events} events and {others} known non-events"
    return make_check(
        "Enough patients to evaluate", level, f"{sentence}; at least {ENOUGH_EVENTS} of each are recommended."
    )


def _quarantine(validation: Mapping[str, Any]) -> Check:
    share = validation["quarantined"] / validation["rows_in"]
    level = "PASS" if share <= QUARANTINE_WORTH_A_LOOK else "WARN"
    counts = f"{validation['quarantined']} of {validation['rows_in']} records ({share:.1%}) were quarantined."
    return make_check("Records set aside", level, counts)


def _broken_rules(rules: list[dict[str, Any]]) -> list[Check]:
    """The rules that only warn and are broken."""
    broken = [rule for rule in rules if rule["severity"] == "warn" and (rule["records"] or rule["says"])]
    says = [f"'{rule['sentence']}' does not hold: {rule['says'] or _records(rule['records'])}" for rule in broken]
    return [make_check("Data-quality rules that warn", "WARN", f"{_few(says)}.")] if says else []


def _records(n: int) -> str:
    return f"{n} records" if n > 1 else "1 record"
