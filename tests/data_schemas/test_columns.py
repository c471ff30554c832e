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
    Direction,
    Effect,
    EventShare,
    Expected,
    FactorClass,
    Kind,
    RecordCount,
    Role,
    Severity,
    Study,
    Subgroup,
    Text,
    TimeToEvent,
    Visits,
    Whole,
    category,
    date,
    flag,
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
YES_NO = {"0": "no", "1": "yes"}
STEP = Change(1, (0, 1), "made up")
PERIOD = ("2000-01-01", "2001-01-01")


def changing(step, bounds):
    change = Change(step, bounds, "made up")
    return Decimal, measurement("X", plausible=(0, 1), factor=FactorClass.MODIFIABLE, change=change)


def coded(codes, **meaning):
    return Coded, category("C", codes, **({"factor": MARKER} | meaning))


def day(date_format, **meaning):
    return Date, date("D", date_format, plausible=PERIOD, **meaning)


def converted(**meaning):
    return Decimal, measurement("X", plausible=(0, 1), factor=MARKER, **meaning)


def rising_harm():
    expected = Expected(Direction.INCREASES, "made up")
    return measurement("X", plausible=(0, 1), factor=FactorClass.MODIFIABLE, change=STEP, expected=expected)


def changing_code():
    return Coded, category("C", {"1": "a", "2": "b"}, factor=FactorClass.MODIFIABLE, change=STEP)


@pytest.mark.parametrize(
    ("fields", "told", "fault"),
    [
        ({"number": None}, None, "0 columns are identifiers, expected one"),
        ({"second": (Text, identifier("Second"))}, None, "2 columns are identifiers"),
        ({"age": None}, None, "no column is a predictor"),
        ({"x": (Decimal, measurement("X", plausible=(0, 1)))}, None, "x is a predictor without a factor class"),
        ({"d": (Date, date("D", "%d/%m/%Y", plausible=PERIOD))}, None, "d is excluded without a reason"),
        (
            {"d": (Date, date("D", "%d/%m/%Y", plausible=PERIOD, role=Role.PREDICTOR, factor=MARKER))},
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
        (
            {"x": (Decimal, rising_harm())},
            None,
            "x has a change in the direction in which risk is expected to rise; turn its step round",
        ),
        (
            {},
            study(effect=Effect("pill", ("yes",), ("no",), "randomised")),
            "the effect is that of pill, which is no column of this cohort",
        ),
        ({"c": changing_code()}, None, "c is modifiable without being a number"),
        ({"x": (Decimal, measurement("X", plausible=(1, 0), factor=MARKER))}, None, "x has a plausible range"),
        ({"c": coded({"1": "a", "9": "b"}, missing_codes=("9",))}, None, "c has a code that is also a missing code"),
        ({"c": coded({"": "a", "9": "b"})}, None, "c has an empty code"),
        ({"d": day("%H:%M")}, None, "d has the date format '%H:%M', from which no day can be read"),
        ({"d": day("%m/%Y")}, None, "d has the date format '%m/%Y'"),
        ({"d": day("%d/%m/%Y", role=Role.INDEX_DATE, missing_allowed=True)}, None, "d is the index date and"),
        ({"c": coded(YES_NO, role=Role.OUTCOME, missing_allowed=True)}, None, "c is the outcome and may"),
        ({"c": coded(YES_NO, role=Role.SITE, missing_allowed=True)}, None, "c is the site and may not be missing"),
        (
            {name: coded(YES_NO, role=Role.SITE) for name in ("c", "d")},
            None,
            "2 columns are sites, expected at most one",
        ),
        ({"c": coded(YES_NO, missing_at_most=1.5)}, None, "c has a largest share of missing values outside 0 to 1"),
        ({"c": coded(YES_NO, severities={"rnage": Severity.WARN})}, None, "c declares a severity for 'rnage'"),
        ({"c": coded(YES_NO, severities={"type": Severity.WARN})}, None, "c only warns of values that are not of its"),
        ({"c": coded(YES_NO, severities={"missing": Severity.WARN})}, None, "c only warns of missing values"),
        ({"x": converted(source_unit="mg/dL")}, None, "x is converted and must be a decimal with a unit"),
        ({"x": converted(unit="g", source_unit="mg", unit_column="ill")}, None, "x has both a source unit and a unit"),
        ({"x": converted(unit="g", unit_column="age")}, None, "x names the unit column age, which is no category"),
        ({"x": converted(known_on="age")}, None, "x became known on age, which is no date"),
        ({"x": converted(known_on="d"), "d": day("%d/%m/%Y", excluded="later")}, None, "the cohort has no index date"),
        ({"x": (Whole, measurement("X", plausible=(0, 1), factor=MARKER))}, None, "x is annotated with another type"),
        ({"c": coded(YES_NO, acknowledged={"single predictor": "why"})}, None, "c acknowledges 'single predictor'"),
        ({"c": coded(YES_NO, acknowledged={"constant": " "})}, None, "c acknowledges 'constant' without a reason"),
        ({}, study(thresholds=(0.1, 1.0)), "thresholds are risks"),
        ({}, study(thresholds=()), "thresholds are risks"),
        ({}, study(per_patient=Visits("ill", "left")), "visits are told by ill, which is no date"),
        ({}, study(table_rules=(EventShare(0.4, 0.2),)), "the event share has bounds that are reversed"),
        ({}, study(table_rules=(RecordCount(0.4, Severity.QUARANTINE),)), "'record count' is about the whole table"),
        ({}, study(outcome=Binary("ill", "sick", "illness")), "ill has no label 'sick'"),
        ({}, study(outcome=Binary("age", "yes", "illness")), "age belongs to the outcome"),
        ({}, study(outcome=TimeToEvent("days", "ill", "yes", 9, "days", "x")), "days belongs to the outcome"),
        ({}, study(subgroups=(Subgroup("sex"),)), "subgroup sex is not a predictor"),
    ],
)  # fmt: skip
def test_each_contradiction_is_named(fields, told, fault):
    assert any(fault in found for found in declare(told, **fields).faults())


def test_codes_may_share_a_label_and_a_flag_may_be_written_in_several_ways():
    smoker = flag("Smoker", yes=("1", "Y"), no=("0", "N"), factor=MARKER)
    cohort = declare(smoker=(Coded, smoker))
    assert cohort.faults() == []
    assert cohort.columns()["smoker"].labels == ["no", "yes"]
    assert cohort.columns()["smoker"].codes == {"0": "no", "N": "no", "1": "yes", "Y": "yes"}


def test_what_a_draft_guessed_stays_unconfirmed_until_a_person_removes_the_mark():
    guess = measurement("X", plausible=(0, 1), factor=MARKER, guessed=("range", "unit"))
    cohort = declare(study(guessed=("outcome",)), x=(Decimal, guess))
    assert cohort.unconfirmed() == {"x": ("range", "unit"), "study": ("outcome",)}
    assert declare().unconfirmed() == {}


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
    cohort = declare(d=(Date, date("D", "%d/%m/%Y", plausible=PERIOD, role=Role.INDEX_DATE)))
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
