from dataclasses import replace

import pandas as pd
import pytest
from pandera.config import config_context

from data_schemas.columns import AnyRows, Binary, FactorClass, TimeToEvent, Whole, measurement, rule
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.checks import find_violations, record_rules, refuse_constant_outcome, refuse_duplicates
from pipeline.records.typing import type_records
from tests.records.cohorts import Clinic, make_text

STUDY = Clinic.study()


def typed(text):
    return type_records(text, Clinic.columns())


def told(**changed):
    """The clinic with another study."""
    config = type("Config", (), {"metadata": {"study": replace(STUDY, **changed)}})
    return type("Clinic", (Clinic,), {"Config": config, "__module__": __name__})


def test_sound_records_break_no_rule():
    found = find_violations(typed(make_text(0)), Clinic)
    assert found.empty
    assert list(found.columns) == ["record", "rule", "column", "sentence"]


def test_a_missing_value_breaks_only_a_rule_that_wants_it():
    text = make_text(0)
    text.loc[0, ["weight", "left"]] = ["?", ""]
    text.loc[1, "children"] = ""
    found = find_violations(typed(text), Clinic)
    assert found.drop(columns="sentence").to_dict("records") == [{"record": 1, "rule": "missing", "column": "children"}]
    assert found["sentence"].tolist() == ["Children is given"]


def test_limits_belong_to_the_plausible_range():
    text = make_text(0)
    text.loc[:3, "weight"] = pd.array(["2", "400", "1.9", "400.1"], dtype="string")
    text.loc[4:7, "seen"] = pd.array(["01/01/2000", "31/12/1999", "31/12/2029", "01/01/2030"], dtype="string")
    text.loc[4:7, "left"] = ""
    found = find_violations(typed(text), Clinic)
    assert list(zip(found["record"], found["rule"], found["sentence"], strict=True)) == [
        (5, "low", "Seen is at least 2000-01-01"),
        (7, "high", "Seen is at most 2029-12-31"),
        (2, "low", "Weight is at least 2 kg"),
        (3, "high", "Weight is at most 400 kg"),
    ]


def test_a_record_is_listed_under_each_rule_it_breaks_in_the_order_of_the_schema():
    text = make_text(0)
    text.loc[3, ["children", "weight", "left", "ill"]] = ["21", "999", "01/01/2000", ""]
    found = find_violations(typed(text), Clinic)
    assert found[["record", "rule"]].to_numpy().tolist() == [
        [3, "high"],
        [3, "high"],
        [3, "missing"],
        [3, "in_order"],
    ]
    assert found["column"].fillna("").tolist() == ["weight", "children", "ill", ""]


@pytest.mark.parametrize("seed", range(5))
def test_violations_are_those_of_a_plain_reading_of_the_rules(seed):
    text = make_text(seed, 100, faults=0.2)
    expected = set()
    for record in typed(text).itertuples():
        if record.weight > 400:
            expected.add((record.Index, "high", "weight"))
        if record.children > 20:
            expected.add((record.Index, "high", "children"))
        if record.left < record.seen:
            expected.add((record.Index, "in_order", ""))
    found = find_violations(typed(text), Clinic)
    assert set(zip(found["record"], found["rule"], found["column"].fillna(""), strict=True)) == expected
    assert len(found) == len(expected) > 0


def test_checks_run_where_pandera_is_told_not_to():
    text = make_text(0)
    text.loc[0, "weight"] = "999"
    with config_context(validation_enabled=False):
        assert find_violations(typed(text), Clinic)["record"].tolist() == [0]


def test_every_rule_is_listed_once_with_a_sentence():
    rules = record_rules(Clinic)
    assert not rules.duplicated(["rule", "column"]).any()
    assert rules["sentence"].tolist() == [
        "Number is given",
        "Seen is given",
        "Seen is at least 2000-01-01",
        "Seen is at most 2029-12-31",
        "Left is at least 2000-01-01",
        "Left is at most 2029-12-31",
        "Weight is at least 2 kg",
        "Weight is at most 400 kg",
        "Children is given",
        "Children is at least 0",
        "Children is at most 20",
        "Stage is given",
        "Ill is given",
        "Nobody leaves before being seen",
    ]


class Absent(Clinic):
    @rule("Looks at a column that is not there", uses=("absent",))
    def looks_elsewhere(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame.weight > 0


class Raising(Clinic):
    @rule("Cannot be worked out", uses=("weight",))
    def breaks_off(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        raise ValueError(f"SENTINEL {frame.weight[0]}")


class Mistyped(Clinic):
    height: Whole = measurement("Height", plausible=(0, 250), factor=FactorClass.MARKER)  # whole=True is lacking


@pytest.mark.parametrize(
    ("cohort", "said"),
    [
        (Absent, "rule looks_elsewhere cannot be applied"),
        (Raising, "rule breaks_off cannot be applied"),
        (Mistyped, "column height is annotated with another type than it is declared with"),
    ],
)
def test_a_rule_or_type_that_fits_no_record_is_the_schemas_fault(cohort, said):
    text = make_text(0).assign(height="170.5")
    with pytest.raises(ConfigurationError) as refused:
        find_violations(type_records(text, cohort.columns()), cohort)
    assert said in str(refused.value)
    assert cohort.__module__ in str(refused.value)
    assert "SENTINEL" not in str(refused.value)


@pytest.mark.parametrize("repeats", [2, 3])
def test_repeated_patients_are_counted_and_not_named(repeats):
    text = make_text(0)
    text.loc[: repeats - 1, "number"] = "7731"
    with pytest.raises(DataRefusedError, match=f"'one row per patient': {repeats} of 60 records share") as said:
        refuse_duplicates(typed(text), Clinic)
    assert "7731" not in str(said.value)
    refuse_duplicates(typed(text), told(per_patient=AnyRows()))


def test_records_without_identifier_are_refused_even_where_patients_may_repeat():
    text = make_text(0)
    text.loc[[4, 9], "number"] = ""
    for cohort in (Clinic, told(per_patient=AnyRows())):
        with pytest.raises(DataRefusedError, match=r"column number, rule 'identifier given': 2 of 60 records lack one"):
            refuse_duplicates(typed(text), cohort)


AS_BINARY = Binary("ill", "yes", "illness")
AS_TIME = TimeToEvent("children", "ill", "yes", 9, "days", "illness")


@pytest.mark.parametrize("outcome", [AS_BINARY, AS_TIME])
@pytest.mark.parametrize(("code", "events"), [("0", 0), ("1", 60)])
def test_an_outcome_of_one_class_is_refused(outcome, code, events):
    cohort, text = told(outcome=outcome), make_text(0)
    refuse_constant_outcome(typed(text), cohort)
    with pytest.raises(DataRefusedError, match=f"column ill, rule 'outcome varies': {events} of 60 valid records"):
        refuse_constant_outcome(typed(text.assign(ill=pd.array([code] * 60, dtype="string"))), cohort)


@pytest.mark.parametrize("minority", ["0", "1"])
def test_one_patient_of_the_other_class_is_enough(minority):
    text = make_text(0)
    text["ill"] = "1" if minority == "0" else "0"
    text.loc[7, "ill"] = minority
    refuse_constant_outcome(typed(text), Clinic)
