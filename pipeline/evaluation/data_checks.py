"""The checks behind the verdict that are about the data: traps, broken rules, repeated patients, enough of them."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from pipeline.arrays import IntArray
from pipeline.phrases import phrase
from pipeline.repeats import narrow_repeats

Check = dict[str, str]
QUARANTINE_WORTH_A_LOOK = 0.05
ENOUGH_EVENTS = 100
NAMED_AT_MOST = 5
TRAP = phrase("Trap")
ENOUGH = phrase(
    "{patients} patients, {events} of them with the event, taught {parameters} parameters; the criteria of Riley et "
    "al. ask for {needed} patients."
)
FEW = phrase(
    "{patients} patients, {events} of them with the event, taught {parameters} parameters; the criteria of Riley et "
    "al. ask for {needed} patients; those there are suffice for {allowed} parameters."
)
NONE = phrase(
    "{patients} patients, {events} of them with the event, taught {parameters} parameters; the criteria of Riley et "
    "al. ask for {needed} patients; those there are suffice for not even one parameter."
)
"""Whether enough patients taught the model; of the last two, how many parameters they would suffice for."""
TRAPS = {
    phrase("single predictor"): (
        "FAIL", phrase("Suspected leak: a single predictor nearly decides the outcome: {says}.")
    ),
    phrase("strong predictor"): ("WARN", phrase("A single predictor tells unusually much of the outcome: {says}.")),
    phrase("deciding group"): (
        "WARN",
        phrase("Some groups of patients cannot have, or must have, the event; were they at risk: {says}."),
    ),
    phrase("declared as known later"): (
        "FAIL", phrase("A predictor is declared as known only after the moment of prediction: {says}.")
    ),
    phrase("known after the index date"): (
        "FAIL", phrase("A predictor became known after the moment of prediction: {says}.")
    ),
    phrase("named as known later"): ("WARN", phrase("A predictor is named like something known only later: {says}.")),
    phrase("missingness"): ("WARN", phrase("Possible leak: whether a predictor is missing tells the outcome: {says}.")),
    phrase("missingness together"): (
        "WARN", phrase("Possible leak: which values are missing tells the outcome: {says}.")
    ),
    phrase("suspected missing code"): ("WARN", phrase("What looks like a missing code is read as a value: {says}.")),
    phrase("mostly missing"): ("WARN", phrase("A predictor is missing in most records: {says}.")),
    phrase("constant"): ("WARN", phrase("A predictor tells nothing: {says}.")),
    phrase("row order"): (
        "WARN",
        phrase("The order of the rows tells the outcome (they were sorted by it, or times changed): {says}."),
    ),
    phrase("identifier"): (
        "WARN",
        phrase("The identifier tells the outcome (it may hold a centre, a year or the outcome itself): {says}."),
    ),
    phrase("repeats that disagree"): ("WARN", phrase("Repeated records disagree on the outcome: {says}.")),
}  # fmt: skip


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


def count_repeats_across_parts(columns: Iterable["pd.Series[Any]"], side: IntArray) -> int:
    """How many records equal, in everything but the patient, a record on the other side of the split.

    `columns` (n,) are all but the pseudonym, the most telling first, each needed only while records still repeat, so
    that a large table need not be read whole. `side` (n,) is the part of each record, or its fold.
    """
    groups = pd.Series(0, index=range(len(side)), dtype="int64")
    for column in columns:
        groups = narrow_repeats(groups, column)
        if groups.empty:
            return 0
    crossing = pd.Series(side[groups.index]).groupby(groups.to_numpy()).transform("nunique") > 1
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
        none = phrase("{n} tests of {kinds} kinds found none.").format(n=len(traps), kinds=kinds)
        return [make_check(phrase("Leaks and traps"), "PASS", none)]
    return [
        make_check(f"{TRAP}: {kind}", TRAPS[kind][0], TRAPS[kind][1].format(says=_few(says)))
        for kind, says in found.items()
    ]


def _few(says: list[str]) -> str:
    more = len(says) - NAMED_AT_MOST
    return "; ".join(says[:NAMED_AT_MOST] + ([phrase("and {n} more").format(n=more)] if more > 0 else []))


def _across_parts(repeats: int, n: int) -> Check:
    name = phrase("Patients on both sides")
    if not repeats:
        none = phrase("No record is repeated, under another identifier, on the other side of the split.")
        return make_check(name, "PASS", none)
    sentence = phrase(
        "{n} records are the same as one on the other side of the split in all but the identifier: the same patient "
        "may teach and test; {evaluated} records were evaluated."
    )
    return make_check(name, "WARN", sentence.format(n=repeats, evaluated=n))


def _enough_to_develop(sample: Mapping[str, Any]) -> Check:
    """Riley et al. 2019 and 2020: see `pipeline.evaluation.sample_size`."""
    name, allowed = phrase("Enough patients to develop"), sample["parameters_allowed"]
    counts = {key: sample[key] for key in ("patients", "events", "parameters", "needed")}
    if sample["patients"] >= sample["needed"]:
        return make_check(name, "PASS", ENOUGH.format(**counts))
    return make_check(name, "WARN", (FEW if allowed else NONE).format(**counts, allowed=allowed))


def _enough_to_evaluate(performance: Mapping[str, Any]) -> Check:
    """At least 100 events and 100 non-events (Collins, Ogundimu and Altman 2016, Stat Med 35:214)."""
    events = performance["events"]
    others = performance["n"] - performance["unknown"] - events
    level = "PASS" if min(events, others) >= ENOUGH_EVENTS else "WARN"
    sentence = phrase(
        "The evaluation rests on {events} events and {others} known non-events; at least {n} of each are recommended."
    )
    counts = sentence.format(events=events, others=others, n=ENOUGH_EVENTS)
    return make_check(phrase("Enough patients to evaluate"), level, counts)


def _quarantine(validation: Mapping[str, Any]) -> Check:
    name, records, aside = phrase("Records set aside"), validation["rows_in"], validation["quarantined"]
    if aside is None:
        return make_check(name, "PASS", phrase("Too few of {n} records to count were quarantined.").format(n=records))
    share = aside / records
    level = "PASS" if share <= QUARANTINE_WORTH_A_LOOK else "WARN"
    said = phrase("{n} of {records} records ({share}) were quarantined.")
    return make_check(name, level, said.format(n=aside, records=records, share=f"{share:.1%}"))


def _broken_rules(rules: list[dict[str, Any]]) -> list[Check]:
    """The rules that only warn and are broken."""
    broken = [rule for rule in rules if rule["severity"] == "warn" and (rule["records"] or rule["says"])]
    says = [
        phrase("'{sentence}' does not hold: {says}").format(
            sentence=rule["sentence"], says=rule["says"] or _records(rule["records"])
        )
        for rule in broken
    ]
    return [make_check(phrase("Data-quality rules that warn"), "WARN", f"{_few(says)}.")] if says else []


def _records(n: int) -> str:
    return phrase("{n} records").format(n=n) if n > 1 else phrase("1 record")
