import os
import subprocess
import sys
from itertools import pairwise

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from data_schemas.columns import Decimal, FactorClass, measurement
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.checks import find_violations, record_rules
from pipeline.records.quarantine import validate_records
from pipeline.records.readers import read_text_table
from pipeline.records.typing import type_records
from pipeline.settings import Source
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


def test_a_missing_value_breaks_only_a_rule_that_wants_it():
    text = make_text(0)
    text.loc[0, ["weight", "left"]] = ["?", ""]
    text.loc[1, "children"] = ""
    found = find_violations(type_records(text, Clinic.columns()), Clinic)
    assert found.drop(columns="sentence").to_dict("records") == [{"record": 1, "rule": "missing", "column": "children"}]


def test_limits_belong_to_the_plausible_range():
    text = make_text(0)
    text.loc[:3, "weight"] = pd.array(["2", "400", "1.9", "400.1"], dtype="string")
    found = find_violations(type_records(text, Clinic.columns()), Clinic)
    assert list(zip(found["record"], found["rule"], found["sentence"], strict=True)) == [
        (2, "low", "Weight is at least 2 kg"),
        (3, "high", "Weight is at most 400 kg"),
    ]


def test_an_annotation_against_its_declaration_is_a_matter_of_configuration():
    class Wrong(Clinic):
        children: Decimal = measurement("Children", plausible=(0, 20), whole=True, factor=FactorClass.IMMUTABLE)

    with pytest.raises(ConfigurationError, match="column children is annotated with another type"):
        find_violations(type_records(make_text(0), Clinic.columns()), Wrong)


def test_every_rule_is_listed_once_with_a_sentence():
    rules = record_rules(Clinic)
    assert not rules.duplicated(["rule", "column"]).any()
    assert rules["sentence"].str.len().min() > 10
    assert ("in_order", "Nobody leaves before being seen") in set(zip(rules["rule"], rules["sentence"], strict=True))
    assert "Seen is at least 2000-01-01" in set(rules["sentence"])
    listed = validate_records(make_text(0), Clinic, SETTINGS).summary["rules"]
    assert {r["severity"] for r in listed} == {"refuse", "quarantine"}
    assert {"known code", "date format", "whole number", "decimal number", "one row per patient"} <= {
        r["rule"] for r in listed
    }


def test_too_much_quarantine_refuses_the_table_with_its_commonest_rules():
    text = make_text(0)
    text.loc[:40, "weight"] = "999"
    with pytest.raises(
        DataRefusedError, match=r"41 of 60 records break a rule, expected at most 50%.*400 kg': 41"
    ) as said:
        validate_records(text, Clinic, SETTINGS)
    assert "999" not in str(said.value)


def test_shuffled_rows_give_the_same_tables(tmp_path):
    made = []
    for seed in range(3):
        path = tmp_path / f"{seed}.csv"
        make_text(0, 80, faults=0.1).sample(frac=1, random_state=seed).to_csv(path, index=False)
        text = read_text_table(Source(path=str(path)), list(Clinic.columns()), "number")
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
    assert not any(number in name for number in text["number"] for name in valid["pseudonym"][:5] if len(number) > 6)


def test_pandera_cannot_be_turned_off_from_outside():
    program = (
        "from tests.records.cohorts import *; from pipeline.records.quarantine import validate_records;"
        "text = make_text(0); text.loc[0, 'weight'] = '999';"
        "print(validate_records(text, Clinic, SETTINGS).summary['quarantined'])"
    )
    environment = os.environ | {"PANDERA_VALIDATION_ENABLED": "False"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
