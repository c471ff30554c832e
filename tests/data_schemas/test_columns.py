import pandas as pd
import pandera.pandas as pa
import pytest

from data_schemas.columns import (
    Binary,
    Change,
    Coded,
    Cohort,
    Date,
    Decimal,
    FactorClass,
    Kind,
    Role,
    Study,
    Subgroup,
    Text,
    TimeToEvent,
    Whole,
    category,
    date,
    identifier,
    measurement,
    rule,
)  # fmt: skip
from pipeline.settings import load_cohort

DEMOS = ["breast_cancer_diagnosis", "breast_cancer_recurrence"]


def study(**changed):
    facts = {
        "title": "t", "population": "p", "intended_use": "u", "outcome": Binary("ill", "yes", "illness"), "source": "s",
        "licence": "l", "thresholds": (0.5,), "auroc_ceiling": 0.9, "auroc_ceiling_source": "made up",
    }  # fmt: skip
    return Study(**(facts | changed))


def declare(told=None, **fields):
    whole = {
        "number": (Text, identifier("Number")),
        "age": (Whole, measurement("Age", unit="years", plausible=(0, 120), whole=True, factor=FactorClass.IMMUTABLE)),
        "ill": (Coded, category("Ill", {"0": "no", "1": "yes"}, role=Role.OUTCOME)),
    } | fields  # fmt: skip
    given = {name: field for name, field in whole.items() if field}
    body = {name: field for name, (_, field) in given.items()}
    body |= {"__annotations__": {name: kind for name, (kind, _) in given.items()}, "__module__": __name__}
    body["Config"] = type("Config", (), {"metadata": {"study": told or study()}})
    return type("Made", (Cohort,), body)


def test_a_sound_declaration_has_no_fault():
    assert declare().faults() == []


MARKER = FactorClass.MARKER
STEP = Change(1, (0, 1), "made up")
PERIOD = ("2000-01-01", "2001-01-01")


def changing(step, bounds):
    change = Change(step, bounds, "made up")
    return Decimal, measurement("X", plausible=(0, 1), factor=FactorClass.MODIFIABLE, change=change)


def changing_code():
    return Coded, category("C", {"1": "a", "2": "b"}, factor=FactorClass.MODIFIABLE, change=STEP)


@pytest.mark.parametrize(
    ("fields", "told", "fault"),
    [
        ({"number": None}, None, "0 columns are identifiers, expected one"),
        ({"second": (Text, identifier("Second"))}, None, "2 columns are identifiers"),
        ({"age": None}, None, "no column is a predictor"),
        ({"x": (Decimal, measurement("X", plausible=(0, 1)))}, None, "x is a predictor without a factor class"),
        ({"d": (Date, date("D", "%Y", plausible=PERIOD))}, None, "d is excluded without a reason"),
        (
            {"d": (Date, date("D", "%Y", plausible=PERIOD, role=Role.PREDICTOR, factor=MARKER))},
            None,
            "d is a predictor of kind date",
        ),
        (
            {"x": (Decimal, measurement("X", plausible=(0, 1), factor=FactorClass.MODIFIABLE))},
            None,
            "x is modifiable without a change",
        ),
        (
            {"x": (Decimal, measurement("X", plausible=(0, 1), factor=FactorClass.MARKER, change=STEP))},
            None,
            "x is modifiable without a change, or has a change without being modifiable",
        ),
        ({"x": changing(0, (0, 1))}, None, "x has a change with step 0 or reversed bounds"),
        ({"x": changing(1, (1, 0))}, None, "x has a change with step 0 or reversed bounds"),
        ({"c": changing_code()}, None, "c is modifiable without being a number"),
        ({}, study(outcome=Binary("ill", "sick", "illness")), "ill has no label 'sick'"),
        ({}, study(outcome=Binary("age", "yes", "illness")), "age belongs to the outcome"),
        ({}, study(outcome=TimeToEvent("days", "ill", "yes", 9, "days", "x")), "days belongs to the outcome"),
        ({}, study(subgroups=(Subgroup("sex"),)), "subgroup sex is not a predictor"),
    ],
)  # fmt: skip
def test_each_contradiction_is_named(fields, told, fault):
    assert any(fault in found for found in declare(told, **fields).faults())


def test_all_contradictions_are_named_at_once():
    found = declare(
        study(outcome=Binary("ill", "sick", "illness"), subgroups=(Subgroup("sex"), Subgroup("ill"))),
        number=None,
        x=(Decimal, measurement("X", plausible=(0, 1))),
    ).faults()
    assert found == [
        "0 columns are identifiers, expected one",
        "x is a predictor without a factor class",
        "ill has no label 'sick', which the outcome calls the event",
        "subgroup sex is not a predictor",
        "subgroup ill is not a predictor",
    ]


def test_a_reason_to_exclude_a_column_keeps_it_from_every_model():
    later = measurement("Later", plausible=(0, 1), factor=MARKER, excluded="known only after the outcome")
    cohort = declare(later=(Decimal, later))
    assert list(cohort.predictors()) == ["age"]
    assert list(cohort.with_role(Role.EXCLUDED)) == ["later"]
    assert cohort.faults() == []


def test_roles_kinds_and_order_are_those_declared():
    cohort = declare(d=(Date, date("D", "%Y", plausible=PERIOD, role=Role.INDEX_DATE)))
    assert list(cohort.columns()) == ["number", "age", "ill", "d"]
    assert (cohort.identifier(), cohort.index_date(), declare().index_date()) == ("number", "d", None)
    assert [c.kind for c in cohort.columns().values()] == [Kind.TEXT, Kind.INTEGER, Kind.CATEGORY, Kind.DATE]
    assert [c.numeric for c in cohort.columns().values()] == [False, True, False, False]


def test_a_rule_is_obeyed_where_a_value_that_it_uses_is_missing():
    class Ruled(declare()):
        @rule("Age is even", uses=("age",))
        def even(cls, frame):
            return frame.age % 2 == 0

        class Config:
            metadata = {"study": study()}  # noqa: RUF012

    [check] = Ruled.to_schema().checks
    assert (check.name, check.description) == ("even", "Age is even")
    frame = pd.DataFrame({"number": list("abc"), "age": pd.array([2, 3, None], dtype="Int64"), "ill": "no"})
    assert check(frame).check_output.tolist() == [True, False, True]


def test_a_cohort_without_study_is_at_fault():
    class Bare(Cohort):
        number: Text = identifier("Number")

    assert Bare.faults() == ["Config.metadata holds no study"]


@pytest.mark.parametrize("name", DEMOS)
def test_the_demonstration_cohorts_are_declared_completely(name):
    cohort = load_cohort(name)
    for column in cohort.columns().values():
        assert column.label.strip()
        assert column.role in set(Role)
        assert column.kind in set(Kind)
        assert (column.factor is None) == (column.role != Role.PREDICTOR)
        assert (column.kind == Kind.CATEGORY) == bool(column.codes)
        assert (column.kind == Kind.DATE) == bool(column.date_format)
        assert not set(column.codes) & {"", *column.missing_codes}
        assert not column.plausible or column.plausible[0] < column.plausible[1]
        assert column.role != Role.EXCLUDED or column.excluded_because
        assert not column.numeric or column.plausible
        assert column.expected is None or column.expected.source
        assert column.reference is None or column.reference.source
    assert len({column.label for column in cohort.columns().values()}) == len(cohort.columns())
    told = cohort.study()
    assert list(told.thresholds) == sorted(set(told.thresholds))
    assert 0 < min(told.thresholds) < max(told.thresholds) < 1
    assert 0.5 < told.auroc_ceiling < 1
    assert told.limits
    for text in (told.title, told.population, told.intended_use, told.source, told.licence, told.auroc_ceiling_source):
        assert len(text) > 5


def test_what_is_known_only_after_the_outcome_is_no_predictor():
    cohort = load_cohort("breast_cancer_recurrence")
    later = {"recurrence_date", "death_date", "days_to_death_or_censoring", "died"}
    assert set(cohort.with_role(Role.EXCLUDED)) == later
    assert not later & set(cohort.predictors())
    assert set(cohort.with_role(Role.OUTCOME)) == {"days_to_recurrence_or_censoring", "recurred"}
    assert cohort.index_date() == "diagnosis_date"


@pytest.mark.parametrize("name", DEMOS)
def test_panderas_own_tools_keep_working(name):
    cohort = load_cohort(name)
    schema = cohort.to_schema()
    assert isinstance(schema, pa.DataFrameSchema)
    assert schema.strict is True
    assert not schema.coerce
    for column_name, column in cohort.columns().items():
        field = schema.columns[column_name]
        assert field.title == column.label
        assert field.nullable == column.missing_allowed
        limits = {s for check in field.checks for s in check.statistics.values()}
        assert not column.numeric or limits == set(column.plausible)
