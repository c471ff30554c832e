import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandera.config import config_context

from data_schemas.columns import Binary, Classes, FactorClass, TimeToEvent, Whole, measurement, rule
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.checks import find_violations, keeps_rules
from pipeline.records.rules import list_rules
from pipeline.records.table_checks import count_outcomes, refuse_constant_outcome
from pipeline.records.typing import type_records
from tests.records.cohorts import Clinic, make_text

STUDY = Clinic.study()


def typed(text):
    return type_records(text, Clinic.columns()).frame


def told(**changed):
    """The clinic with another study."""
    config = type("Config", (), {"metadata": {"study": replace(STUDY, **changed)}})
    return type("Clinic", (Clinic,), {"Config": config, "__module__": __name__})


def test_sound_records_break_no_rule():
    found = find_violations(typed(make_text(0)), Clinic)
    assert found.empty
    assert list(found.columns) == ["record", "rule", "column"]


def test_a_missing_value_breaks_only_a_rule_that_wants_it():
    text = make_text(0)
    text.loc[0, ["weight", "left"]] = ["?", ""]
    text.loc[1, "children"] = ""
    found = find_violations(typed(text), Clinic)
    assert found.to_dict("records") == [{"record": 1, "rule": "missing", "column": "children"}]


def test_limits_belong_to_the_plausible_range():
    text = make_text(0)
    text.loc[:3, "weight"] = pd.array(["2", "400", "1.9", "400.1"], dtype="string")
    text.loc[4:7, "seen"] = pd.array(["01/01/2000", "31/12/1999", "31/12/2029", "01/01/2030"], dtype="string")
    text.loc[4:7, "left"] = ""
    found = find_violations(typed(text), Clinic)
    assert set(zip(found["record"], found["rule"], found["column"], strict=True)) == {
        (5, "low", "seen"),
        (7, "high", "seen"),
        (2, "low", "weight"),
        (3, "high", "weight"),
    }


def test_a_record_is_listed_once_under_each_rule_it_breaks():
    text = make_text(0)
    text.loc[3, ["children", "weight", "left", "ill"]] = ["21", "999", "01/01/2000", ""]
    found = find_violations(typed(text), Clinic)
    assert set(found["record"]) == {3}
    assert sorted(zip(found["rule"], found["column"].fillna(""), strict=True)) == [
        ("high", "children"),
        ("high", "weight"),
        ("in_order", ""),
        ("missing", "ill"),
    ]


def test_only_a_rule_that_was_kept_before_counts_as_broken():
    text = make_text(0).head(4)
    text.loc[2, "children"] = "21"
    before = typed(text)
    after = before.copy()
    after.loc[[1, 2], "weight"] = [999.0, 70.0]
    assert keeps_rules(before, after, Clinic).tolist() == [True, False, True, True]
    assert keeps_rules(before, before, Clinic).all()
    after.loc[2, "weight"] = 999.0
    assert keeps_rules(before, after, Clinic).tolist() == [True, False, False, True]


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


def test_every_rule_is_listed_once_with_a_sentence_in_the_order_of_the_schema():
    rules = list_rules(Clinic)
    assert len({(rule.rule, rule.column) for rule in rules}) == len(rules)
    assert [rule.sentence for rule in rules] == [
        "Every record has an identifier",
        "Seen is a date as %d/%m/%Y, from 1678 to 2261",
        "Seen is given",
        "Seen is at least 2000-01-01",
        "Seen is at most 2029-12-31",
        "Left is a date as %d/%m/%Y, from 1678 to 2261",
        "Left is at least 2000-01-01",
        "Left is at most 2029-12-31",
        "Weight is written with digits and one decimal mark, no exponent",
        "Weight is at least 2 kg",
        "Weight is at most 400 kg",
        "Children is written with digits only",
        "Children is given",
        "Children is at least 0",
        "Children is at most 20",
        "Stage is one of 3 declared codes",
        "Stage is given",
        "Ill is one of 2 declared codes",
        "Ill is given",
        "Nobody leaves before being seen",
        "No two records are of one patient",
        "No two records are the same in everything",
        "No two records are the same in everything but the identifier",
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
        find_violations(type_records(text, cohort.columns()).frame, cohort)
    assert said in str(refused.value)
    assert cohort.__module__ in str(refused.value)
    assert "SENTINEL" not in str(refused.value)


def refuse_constant(records, cohort):
    refuse_constant_outcome(count_outcomes(records, cohort), cohort)


AS_BINARY = Binary("ill", "yes", "illness")
AS_TIME = TimeToEvent("children", "ill", "yes", 4, "days", "illness")  # nobody is followed for longer


@pytest.mark.parametrize(("outcome", "what"), [(AS_BINARY, "the event"), (AS_TIME, "the event by 4 days")])
@pytest.mark.parametrize(("code", "events"), [("0", 0), ("1", 60)])
def test_an_outcome_of_one_class_is_refused(outcome, what, code, events):
    cohort, text = told(outcome=outcome), make_text(0)
    refuse_constant(typed(text), cohort)
    said = f"column ill, rule 'outcome varies': {events} of 60 valid records have {what} and"
    with pytest.raises(DataRefusedError, match=said):
        refuse_constant(typed(text.assign(ill=pd.array([code] * 60, dtype="string"))), cohort)


@pytest.mark.parametrize("minority", ["0", "1"])
def test_one_patient_of_the_other_class_is_enough(minority):
    text = make_text(0)
    text["ill"] = "1" if minority == "0" else "0"
    text.loc[7, "ill"] = minority
    refuse_constant(typed(text), Clinic)


def followed(days, ill):
    """Fifty patients followed for `days` in turn, `ill` or not in turn, and ten who had the event at 1."""
    text = make_text(0)
    text.loc[10:, "children"] = pd.array(np.resize(days, 50), dtype="string")
    text.loc[10:, "ill"] = pd.array(np.resize(ill, 50), dtype="string")
    text.loc[:9, ["children", "ill"]] = ["1", "1"]
    return typed(text)


@pytest.mark.parametrize(
    ("also_at", "said"),
    [
        ((0.5,), "0 of 60 valid records have the event by 0.5 days and 60 are known not to"),
        ((9,), "35 of 60 valid records have the event by 9 days and 0 are known not to"),
    ],
)
def test_an_outcome_must_vary_by_every_horizon(also_at, said):
    records = followed(["4", "7"], ["1", "0"])
    refuse_constant(records, told(outcome=replace(AS_TIME, horizon=5, also_at=(6,))))
    with pytest.raises(DataRefusedError, match=re.escape(said)):
        refuse_constant(records, told(outcome=replace(AS_TIME, horizon=5, also_at=also_at)))


def test_a_competing_event_is_a_known_outcome_without_the_event():
    records = followed(["2"], ["0"])
    refuse_constant(records, told(outcome=replace(AS_TIME, competing=("no",))))
    with pytest.raises(DataRefusedError, match="10 of 60 valid records have the event by 4 days and 0 are known"):
        refuse_constant(records, told(outcome=AS_TIME))


def test_every_class_must_be_there():
    cohort, text = told(outcome=Classes("stage", "two", "stage two")), make_text(0)
    refuse_constant(typed(text), cohort)
    lacking = text.assign(stage=text["stage"].replace("None", "I"))
    with pytest.raises(DataRefusedError, match="0 of 60 valid records have the class 'not staged'"):
        refuse_constant(typed(lacking), cohort)
