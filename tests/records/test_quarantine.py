import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from data_schemas.columns import AnyRows
from pipeline.disclosure import publish
from pipeline.errors import DataRefusedError
from pipeline.records.quarantine import validate_records
from pipeline.records.rules import list_rules
from pipeline.records.sources.delimited import read_delimited
from pipeline.sections import DelimitedSource, Validate
from tests.records.cohorts import SETTINGS, Clinic, make_text


@pytest.mark.parametrize("seed", range(10))
def test_every_record_is_accounted_for(seed):
    text = make_text(seed, 80, faults=0.1)
    done = validate_records(text, Clinic, SETTINGS)
    said = done.summary
    assert said["rows_in"] == 80 == said["valid"] + said["quarantined"]
    assert said["valid"] == len(done.valid)
    assert said["quarantined"] == done.quarantine["number"].nunique() > 0
    flow = said["attrition"]
    assert flow[0]["records"] == 80
    assert flow[-1]["records"] == said["valid"]
    for before, after in pairwise(flow):
        assert before["records"] - after["removed"] == after["records"]
    assert sum(rule["records"] for rule in said["rules"]) == len(done.quarantine)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("step", [3, 5, 10])
def test_the_flow_adds_up_as_it_is_published(seed, step):
    done = validate_records(make_text(seed, 80, faults=0.1), Clinic, SETTINGS)
    told = publish(done.summary, step)
    assert told["rows_in"] == told["valid"] + (told["quarantined"] or 0)
    assert told["quarantined"] != 0
    flow = told["attrition"]
    assert (flow[0]["records"], flow[-1]["records"]) == (told["rows_in"], told["valid"])
    for before, after in pairwise(flow):
        assert before["records"] - (after["removed"] or 0) == after["records"]
        assert (after["removed"] == 0) == (after["step"] != "Quarantined")
    exact = [row["records"] for row in done.summary["attrition"]]
    assert all(2 * abs(row["records"] - n) <= step for row, n in zip(flow, exact, strict=True))
    assert [rule["records"] > 0 for rule in told["rules"]] == [rule["records"] > 0 for rule in done.summary["rules"]]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_quarantined_breaks_the_rule_named(seed):
    text = make_text(seed, 80, faults=0.15)
    done = validate_records(text, Clinic, SETTINGS)
    expected = {
        ("high", "weight"): set(text.loc[text["weight"] == "401", "number"]),
        ("high", "children"): set(text.loc[text["children"] == "21", "number"]),
        ("in_order", ""): set(text.loc[text["left"] == "01/01/2000", "number"]),
    }
    grouped = done.quarantine.fillna("").groupby(["broken_rule", "rule_column"])["number"]
    assert {rule: set(numbers) for rule, numbers in grouped} == {
        rule: numbers for rule, numbers in expected.items() if numbers
    }
    assert not set.union(*expected.values()) & set(text.loc[~text["number"].isin(done.quarantine["number"]), "number"])


def test_every_rule_is_listed_once_with_a_sentence():
    listed = validate_records(make_text(0), Clinic, SETTINGS).summary["rules"]
    assert len({(r["rule"], r["column"]) for r in listed}) == len(listed)
    assert all(r["sentence"] and r["records"] == 0 for r in listed)
    assert [(r["rule"], r["column"]) for r in listed if r["severity"] == "refuse"] == [
        ("identifier given", "number"),
        ("date format", "seen"),
        ("date format", "left"),
        ("decimal number", "weight"),
        ("whole number", "children"),
        ("known code", "stage"),
        ("known code", "ill"),
        ("one row per patient", None),
    ]
    assert [r["sentence"] for r in listed] == [rule.sentence for rule in list_rules(Clinic)]


def test_a_record_that_breaks_two_rules_leaves_once_at_the_first_and_counts_under_both():
    text = make_text(0)
    text.loc[3, ["weight", "children"]] = ["401", "21"]
    text.loc[5, "children"] = "21"
    done = validate_records(text, Clinic, SETTINGS)
    assert [(s["records"], s["removed"], s["reason"]) for s in done.summary["attrition"]] == [
        (60, 0, ""),
        (59, 1, "not: Weight is at most 400 kg"),
        (58, 1, "not: Children is at most 20"),
        (58, 0, ""),
    ]
    counts = {(r["rule"], r["column"]): r["records"] for r in done.summary["rules"] if r["records"]}
    assert counts == {("high", "weight"): 1, ("high", "children"): 2}
    assert done.quarantine[["broken_rule", "rule_column", "number", "weight", "children"]].to_numpy().tolist() == [
        ["high", "weight", text.loc[3, "number"], "401", "21"],
        ["high", "children", text.loc[3, "number"], "401", "21"],
        ["high", "children", text.loc[5, "number"], text.loc[5, "weight"], "21"],
    ]


class Visits(Clinic):
    class Config:
        metadata = {"study": replace(Clinic.study(), per_patient=AnyRows())}  # noqa: RUF012


def test_a_visit_in_quarantine_leaves_the_patients_other_visits():
    text = make_text(0)
    text.loc[:2, "number"] = "7731"
    text.loc[1, "weight"] = "401"
    done = validate_records(text, Visits, SETTINGS)
    assert (done.summary["valid"], done.summary["quarantined"], done.summary["patients"]) == (59, 1, 58)
    assert done.valid["pseudonym"].value_counts().max() == 2
    assert "one row per patient" not in {r["rule"] for r in done.summary["rules"]}


def test_refusals_name_the_three_commonest_rules_most_frequent_first():
    text = make_text(0)
    text.loc[:1, "seen"] = "01/01/1999"
    text.loc[:40, "children"] = "21"
    text.loc[:20, "ill"] = ""
    text.loc[:30, "weight"] = "999"
    with pytest.raises(DataRefusedError) as said:
        validate_records(text, Clinic, SETTINGS)
    commonest = (
        "column children, rule 'high' (Children is at most 20): 41; "
        "column weight, rule 'high' (Weight is at most 400 kg): 31; "
        "column ill, rule 'missing' (Ill is given): 21; check"
    )
    assert f"most often {commonest}" in str(said.value)


def test_patients_and_outcome_are_looked_at_in_the_whole_table_and_in_what_is_left():
    text = make_text(0)
    repeated = text.assign(number=text["number"].where(text.index > 1, "7731"))
    with pytest.raises(DataRefusedError, match=r"of 60 records, some .*'one row per patient' \(.*\): 2;"):
        validate_records(repeated, Clinic, SETTINGS)
    text.loc[text["ill"] == "1", "weight"] = "401"
    with pytest.raises(DataRefusedError, match="0 of 30 valid records have the event"):
        validate_records(text, Clinic, SETTINGS)


@pytest.mark.parametrize(("broken", "refused"), [(30, False), (31, True)])
def test_the_tolerated_share_is_the_one_declared(broken, refused):
    text = make_text(0)
    text.loc[: broken - 1, "weight"] = "401"
    with pytest.raises(DataRefusedError, match="31 of 60") if refused else nullcontext():
        assert validate_records(text, Clinic, SETTINGS).summary["quarantined"] == broken


def test_nothing_left_is_refused_whatever_is_tolerated():
    everything = Validate(pseudonym_key="a key for tests", quarantine_at_most=1)
    text = make_text(0).assign(weight=pd.array(["401"] * 60, dtype="string"))
    with pytest.raises(DataRefusedError, match="60 of 60 records break a rule, expected at most 100%"):
        validate_records(text, Clinic, everything)
    with pytest.raises(DataRefusedError, match="a header and no records"):
        validate_records(text[:0], Clinic, everything)


def test_validation_does_not_alter_its_argument():
    text = make_text(0, faults=0.1)
    before = text.copy(deep=True)
    validate_records(text, Clinic, SETTINGS)
    assert_frame_equal(text, before)


def test_too_much_quarantine_refuses_the_table_with_its_commonest_rules():
    text = make_text(0)
    text.loc[:40, "weight"] = "999"
    with pytest.raises(
        DataRefusedError, match=r"41 of 60 records break a rule, expected at most 50%.*400 kg\): 41"
    ) as said:
        validate_records(text, Clinic, SETTINGS)
    assert "999" not in str(said.value)


def test_shuffled_rows_give_the_same_tables(tmp_path):
    made = []
    for seed in range(3):
        path = tmp_path / f"{seed}.csv"
        make_text(0, 80, faults=0.1).sample(frac=1, random_state=seed).to_csv(path, index=False)
        text = read_delimited(DelimitedSource(format="csv", path=str(path)), list(Clinic.columns()))
        made.append(validate_records(text, Clinic, SETTINGS))
    for other in made[1:]:
        assert_frame_equal(made[0].valid, other.valid)
        assert_frame_equal(made[0].quarantine, other.quarantine)
        assert made[0].summary == other.summary


def test_valid_records_are_pseudonymous_and_typed():
    text = make_text(0)
    valid = validate_records(text, Clinic, SETTINGS).valid
    assert list(valid.columns) == ["pseudonym", *list(Clinic.columns())[1:]]
    assert valid["pseudonym"].is_monotonic_increasing
    assert valid["pseudonym"].is_unique
    assert not set(text["number"]) & set(valid.astype("string").to_numpy().ravel())
    assert [str(t) for t in valid.dtypes[1:5]] == ["datetime64[ns]", "datetime64[ns]", "float64", "Int64"]


def test_pandera_cannot_be_turned_off_from_outside():
    program = (
        "from tests.records.cohorts import *; from pipeline.records.quarantine import validate_records;"
        "text = make_text(0); text.loc[0, 'weight'] = '999';"
        "print(validate_records(text, Clinic, SETTINGS).summary['quarantined'])"
    )
    environment = os.environ | {"PANDERA_VALIDATION_ENABLED": "False"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
