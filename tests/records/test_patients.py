from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import (
    AnyRows,
    EventShare,
    NoRepeats,
    OneRow,
    RecordCount,
    Severity,
    Visits,
    measurement,
    rule,
)
from pipeline.errors import DataRefusedError
from pipeline.records.identity import digest_identifiers
from pipeline.records.patients import find_violations_between, see_records
from pipeline.records.quarantine import validate_records
from pipeline.records.typing import type_records
from tests.records.cohorts import SETTINGS, Clinic, make_text

VISITS = Visits("seen", "left")


def told(base=Clinic, **changed):
    """The clinic with another study."""
    config = type("Config", (), {"metadata": {"study": replace(Clinic.study(), **changed)}})
    return type("Clinic", (base,), {"Config": config, "__module__": __name__})


def validated(text, cohort, **options):
    return validate_records(text, cohort, SETTINGS, **options)


def rules(done):
    return {(r["rule"], r["column"]): r for r in done.summary["rules"] if r["records"] or r["says"]}


def stays(*rows):
    text = make_text(0, 60)
    for place, (number, seen, left) in enumerate(rows):
        text.loc[place, ["number", "seen", "left"]] = [number, seen, left]
    return text


@pytest.mark.parametrize(
    ("rows", "aside"),
    [
        ([("a", "01/01/2020", "05/01/2020"), ("a", "05/01/2020", "07/01/2020")], 0),
        ([("a", "01/01/2020", "05/01/2020"), ("a", "04/01/2020", "07/01/2020")], 2),
        ([("a", "01/01/2020", "09/01/2020"), ("a", "02/01/2020", "03/01/2020"), ("a", "08/01/2020", "12/01/2020")], 3),
        ([("a", "01/01/2020", "05/01/2020"), ("b", "04/01/2020", "07/01/2020")], 0),
        ([("a", "01/01/2020", ""), ("a", "04/01/2020", "07/01/2020")], 0),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_visits_that_overlap_are_set_aside_both(rows, aside, turned):
    text = stays(*rows)
    done = validated(text[::-1].reset_index(drop=True) if turned else text, told(per_patient=VISITS))
    assert (done.quarantine["broken_rule"] == "visits in order").sum() == aside
    assert done.summary["quarantined"] == aside


@pytest.mark.parametrize("seed", range(10))
def test_overlaps_are_those_of_a_plain_comparison_of_pairs(seed):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 60, (40, 2)).cumsum(axis=1).ravel(), unit="D")
    frame = type_records(make_text(seed, 40), Clinic.columns()).frame
    frame["number"] = pd.array(rng.choice(list("abcdef"), 40), dtype="string")
    frame["seen"], frame["left"] = days[::2].as_unit("ns"), days[1::2].as_unit("ns")
    expected = {
        i
        for i in frame.index
        for j in frame.index
        if i != j and frame.number[i] == frame.number[j] and _overlap(frame, i, j)
    }
    cohort = told(per_patient=VISITS, table_rules=())
    seen = see_records(frame, digest_identifiers(frame["number"], "key"), cohort)
    [(_, found)] = find_violations_between(seen, cohort, frame["number"].loc)
    assert set(found) == expected


def _overlap(frame, i, j):
    return frame.seen[i] < frame.left[j] and frame.seen[j] < frame.left[i]


def test_repeated_patients_may_be_set_aside_or_told():
    text = make_text(0)
    text.loc[:2, "number"] = "7731"
    aside = validated(text, told(per_patient=OneRow(Severity.QUARANTINE)))
    assert (aside.summary["quarantined"], aside.summary["valid"]) == (3, 57)
    warned = validated(text, told(per_patient=OneRow(Severity.WARN)))
    assert warned.summary["quarantined"] == 0
    assert rules(warned)["one row per patient", None]["records"] == 3


def repeated():
    text = make_text(0)
    text.loc[1] = text.loc[0]
    text.loc[2] = text.loc[0]
    text.loc[3] = text.loc[10]
    text.loc[3, "number"] = "7731"
    return text


def test_repeats_are_counted_once_less_than_they_occur():
    done = validated(repeated(), told(per_patient=AnyRows()))
    assert rules(done)["repeated record", None]["records"] == 2
    assert rules(done)["same record, other identifier", None]["records"] == 1
    assert done.summary["quarantined"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_under_quarantine_one_of_the_same_records_stays_whatever_their_order(seed):
    rules_ = (NoRepeats(severity=Severity.QUARANTINE), NoRepeats(but_identifier=True, severity=Severity.QUARANTINE))
    cohort = told(per_patient=AnyRows(), table_rules=rules_)
    text = repeated()
    first, other = (validated(t, cohort) for t in (text, text.sample(frac=1, random_state=seed, ignore_index=True)))
    assert first.summary["valid"] == 57
    pd.testing.assert_frame_equal(first.valid, other.valid)
    assert first.summary["attrition"] == other.summary["attrition"]


def test_repeats_may_refuse_the_table():
    cohort = told(per_patient=AnyRows(), table_rules=(NoRepeats(severity=Severity.REFUSE),))
    with pytest.raises(DataRefusedError, match=r"'repeated record' \(No two records are the same in everything\): 2;"):
        validated(repeated(), cohort)


@pytest.mark.parametrize(
    ("last", "broken"), [(60, False), (50, False), (49, True), (75, False), (76, True), (None, False)]
)
def test_the_number_of_records_is_compared_with_the_last_release(last, broken):
    warn = told(table_rules=(RecordCount(0.2),))
    assert (("record count", None) in rules(validated(make_text(0), warn, last_release_records=last))) == broken
    refuse = told(table_rules=(RecordCount(0.2, Severity.REFUSE),))
    if broken:
        with pytest.raises(DataRefusedError, match=r"'record count' \(.*20% of the last.*\): it has changed by [+-]2"):
            validated(make_text(0), refuse, last_release_records=last)


def test_the_share_of_events_is_compared_with_what_is_declared():
    assert not rules(validated(make_text(0), told(table_rules=(EventShare(0.4, 0.6),))))
    said = rules(validated(make_text(0), told(table_rules=(EventShare(0.1, 0.4),))))
    assert said["event share", None]["says"] == "it is 50.0%"
    with pytest.raises(DataRefusedError, match=r"rule 'event share' \(Between 10% and 40% .*\): it is 50.0%"):
        validated(make_text(0), told(table_rules=(EventShare(0.1, 0.4, Severity.REFUSE),)))


def strict(**changed):
    """The clinic whose weight has other rules."""
    fields = {"unit": "kg", "plausible": (2, 400), "factor": Clinic.columns()["weight"].factor}
    weight = measurement("Weight", **fields, **({"missing_allowed": True} | changed))
    return type("Clinic", (Clinic,), {"weight": weight, "__module__": __name__, "__annotations__": ANNOTATED})


ANNOTATED = {"weight": Clinic.__annotations__["weight"]}


def test_too_many_missing_values_are_told_or_refused():
    text = make_text(0)
    text.loc[:14, "weight"] = ""
    assert not rules(validated(text, strict(missing_at_most=0.25)))
    said = rules(validated(text, strict(missing_at_most=0.24)))
    assert said["share missing", "weight"]["says"] == "it is missing in 25.0%"
    refuse = strict(missing_at_most=0.24, severities={"share missing": Severity.REFUSE})
    with pytest.raises(DataRefusedError, match=r"column weight, rule 'share missing' .*: it is missing in 25.0%"):
        validated(text, refuse)


def test_the_severity_of_a_columns_rules_is_the_schemas():
    text = make_text(0)
    text.loc[3, "weight"], text.loc[4, "weight"] = "401", "heavy"
    done = validated(text, strict(severities={"type": Severity.QUARANTINE, "range": Severity.WARN}))
    assert done.quarantine[["broken_rule", "weight"]].to_numpy().tolist() == [["decimal number", "heavy"]]
    assert rules(done)["high", "weight"]["records"] == 1
    assert done.valid["weight"].max() == 401
    with pytest.raises(DataRefusedError, match=r"column weight, rule 'high' \(Weight is at most 400 kg\): 1;"):
        validated(text.drop(index=4).reset_index(drop=True), strict(severities={"range": Severity.REFUSE}))


def test_a_value_that_does_not_fit_its_type_is_not_also_missing():
    text = make_text(0)
    text.loc[4, "weight"] = "heavy"
    done = validated(text, strict(severities={"type": Severity.QUARANTINE}, missing_allowed=False))
    assert done.quarantine["broken_rule"].tolist() == ["decimal number"]


@pytest.mark.parametrize("severity", list(Severity))
def test_the_severity_of_a_rule_on_records_is_the_schemas(severity):
    class Ruled(Clinic):
        @rule("Nobody weighs more than 50 kg for each child", uses=("weight", "children"), severity=severity)
        def light(cls, frame):
            return frame.weight <= 50 * (frame.children + 1)

        class Config:
            metadata = {"study": Clinic.study()}  # noqa: RUF012

    text = make_text(0).assign(weight="60", children="1")
    text.loc[:1, "children"] = "0"
    if severity == Severity.REFUSE:
        with pytest.raises(DataRefusedError, match=r"rule 'light' \(Nobody weighs .*\): 2;"):
            validated(text, Ruled)
        return
    done = validated(text, Ruled)
    assert rules(done)["light", None]["records"] == 2
    assert done.summary["quarantined"] == (2 if severity == Severity.QUARANTINE else 0)
