"""The example for OMOP: a small database whose cohort is known person by person."""

import importlib.util
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from pipeline.records.identity import pseudonymise
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.database import read_database
from pipeline.sections import DatabaseSource
from tests.records.cohorts import SETTINGS

EXAMPLE = Path(__file__).parents[3] / "docs/omop"
TABLES = {  # of CDM 5.4, the columns that the query looks at
    "person": "person_id bigint, gender_concept_id integer, year_of_birth integer",
    "observation_period": "person_id bigint, observation_period_start_date date, observation_period_end_date date",
    "visit_occurrence": "person_id bigint, visit_concept_id integer, visit_start_date date",
    "condition_occurrence": "person_id bigint, condition_concept_id integer, condition_start_date date",
    "measurement": "measurement_id bigint, person_id bigint, measurement_concept_id integer, measurement_date date, "
    "value_as_number numeric, unit_concept_id integer",
    "death": "person_id bigint, death_date date",
}
INDEX = date(2019, 6, 1)
HYPERTENSION, INPATIENT, OUTPATIENT = 320128, 9201, 9202
SYSTOLIC, DIASTOLIC, CREATININE, MG_DL, UMOL_L = 3004249, 3012888, 3016723, 8840, 8749
ORDINARY = {
    "born": 1950,
    "sex": 8507,
    "observed": [(-2000, 2000)],  # days from the index day, here and below
    "visits": [(INPATIENT, 0)],
    "conditions": [(HYPERTENSION, -100)],
    "measured": [],  # concept, day, value, unit
    "dies": [],
}
PLAIN = {
    "age": 69, "sex": "male", "systolic_mmhg": None, "diastolic_mmhg": None, "creatinine": None,
    "visits_in_prior_year": 0, "died_within_365_days": "no", "days_to_death_or_censoring": 365,
}  # fmt: skip
OUT = None
# What is unusual about a person, and what is then unlike `PLAIN` in the cohort; OUT is for who is not in it.
PEOPLE = [
    ({}, {}),
    ({"sex": 8532}, {"sex": "female"}),
    ({"sex": 0}, {"sex": None}),
    ({"born": 2001}, {"age": 18}),
    ({"born": 2002}, OUT),
    ({"visits": []}, OUT),
    ({"visits": [(OUTPATIENT, 0)]}, OUT),
    ({"visits": [(INPATIENT, 0), (INPATIENT, 30)], "dies": [380]}, {}),
    ({"visits": [(INPATIENT, 30), (INPATIENT, 0), (OUTPATIENT, -10)]}, {"visits_in_prior_year": 1}),
    ({"visits": [(INPATIENT, 0), (OUTPATIENT, -365), (OUTPATIENT, -1), (9203, -5)]}, {"visits_in_prior_year": 3}),
    ({"visits": [(INPATIENT, 0), (OUTPATIENT, -366), (OUTPATIENT, 0), (OUTPATIENT, 1)]}, {}),
    ({"conditions": []}, OUT),
    ({"conditions": [(201826, -100)]}, OUT),
    ({"conditions": [(HYPERTENSION, 0)]}, OUT),
    ({"conditions": [(HYPERTENSION, 10)]}, OUT),
    ({"conditions": [(HYPERTENSION, -1)]}, {}),
    ({"conditions": [(HYPERTENSION, -9), (HYPERTENSION, -8), (201826, -7)]}, {}),
    ({"observed": []}, OUT),
    ({"observed": [(-364, 2000)]}, OUT),
    ({"observed": [(-365, 365)]}, {}),
    ({"observed": [(-2000, -1)]}, OUT),
    ({"observed": [(-2000, -800), (-700, 200)]}, {"days_to_death_or_censoring": 200}),
    ({"observed": [(-2000, 0)]}, {"days_to_death_or_censoring": 0}),
    ({"observed": [(-2000, 364)]}, {"days_to_death_or_censoring": 364}),
    ({"dies": [0]}, {"died_within_365_days": "yes", "days_to_death_or_censoring": 0}),
    ({"dies": [365]}, {"died_within_365_days": "yes"}),
    ({"dies": [366]}, {}),
    ({"dies": [-1]}, OUT),
    ({"dies": [90], "observed": [(-2000, 90)]}, {"died_within_365_days": "yes", "days_to_death_or_censoring": 90}),
    ({"dies": [90], "observed": [(-2000, 60)]}, {"days_to_death_or_censoring": 60}),
    ({"dies": [50, 40]}, {"died_within_365_days": "yes", "days_to_death_or_censoring": 40}),
    ({"measured": [(SYSTOLIC, -5, 140, 8876), (DIASTOLIC, -5, 90, 8876)]},
     {"systolic_mmhg": 140, "diastolic_mmhg": 90}),
    ({"measured": [(SYSTOLIC, -5, 140, 8876), (SYSTOLIC, -9, 150, 8876)]}, {"systolic_mmhg": 140}),
    ({"measured": [(SYSTOLIC, -5, 140, 8876), (SYSTOLIC, -5, 150, 8876)]}, {"systolic_mmhg": 150}),  # the later id
    ({"measured": [(SYSTOLIC, 0, 140, 8876), (SYSTOLIC, 1, 150, 8876)]}, {}),
    ({"measured": [(SYSTOLIC, -365, 140, 8876), (DIASTOLIC, -366, 90, 8876)]}, {"systolic_mmhg": 140}),
    ({"measured": [(SYSTOLIC, -5, None, 8876), (SYSTOLIC, -6, 120.5, 8876)]}, {"systolic_mmhg": 120.5}),
    ({"measured": [(CREATININE, -5, 113.12, UMOL_L)]}, {"creatinine": 113.12}),
    ({"measured": [(CREATININE, -5, 2, MG_DL)]}, {"creatinine": 2e4 / 113.12}),
    ({"measured": [(CREATININE, -5, 2, MG_DL), (CREATININE, -6, 80, UMOL_L)]}, {"creatinine": 2e4 / 113.12}),
    ({"measured": [(CREATININE, -5, 2, 8736)]}, "unit given"),  # quarantined for this rule
    ({"measured": [(CREATININE, -5, 2, None)]}, "unit given"),
    ({"sex": 8551}, "known code"),
    ({"measured": [(SYSTOLIC, -5, 1400, 8876)]}, "high"),
]  # fmt: skip


def day(number):
    return INDEX + timedelta(days=number)


def rows_of(person, unusual):
    """The person's rows, by table."""
    told = ORDINARY | unusual
    return {
        "person": [(person, told["sex"], told["born"])],
        "observation_period": [(person, day(a), day(b)) for a, b in told["observed"]],
        "visit_occurrence": [(person, concept, day(n)) for concept, n in told["visits"]],
        "condition_occurrence": [(person, concept, day(n)) for concept, n in told["conditions"]],
        "measurement": [
            (person * 10 + i, person, concept, day(n), value, unit)
            for i, (concept, n, value, unit) in enumerate(told["measured"])
        ],
        "death": [(person, day(n)) for n in told["dies"]],
    }


def fill(address):
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for table, columns in TABLES.items():
            connection.exec_driver_sql(f"CREATE TABLE {table} ({columns})")
            names = [column.split()[0] for column in columns.split(", ")]
            slots = ", ".join(f":{name}" for name in names)
            rows = [row for i, (unusual, _) in enumerate(PEOPLE, 1) for row in rows_of(i, unusual)[table]]
            insert = sa.text(f"INSERT INTO {table} VALUES ({slots})")  # noqa: S608 - made of what stands above
            connection.execute(insert, [dict(zip(names, row, strict=True)) for row in rows])


def load_schema():
    """The class as `data_schemas` would give it."""
    spec = importlib.util.spec_from_file_location("hypertension_admission", EXAMPLE / "hypertension_admission.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.HypertensionAdmission


@pytest.fixture
def validated(address, monkeypatch):
    fill(address)
    monkeypatch.setenv("OMOP_URL", address)
    source = DatabaseSource(format="sql", path=str(EXAMPLE / "hypertension_admission.sql"), url_from="OMOP_URL")
    schema = load_schema()
    return validate_records(read_database(source, schema.columns()), schema, SETTINGS)


def test_the_schema_contradicts_nothing():
    assert load_schema().faults() == []


@pytest.mark.parametrize("address", ["postgresql", "duckdb"], indirect=True)
def test_the_cohort_is_as_computed_person_by_person(validated):
    expected = {i: PLAIN | told for i, (_, told) in enumerate(PEOPLE, 1) if isinstance(told, dict)}
    people = pd.DataFrame({"person_id": pd.array([str(i) for i in expected], dtype="string")})
    hidden = pseudonymise(people, people.index.to_numpy(), "person_id", SETTINGS.pseudonym_key)
    order = [int(people["person_id"][i]) for i in hidden[1]]
    assert validated.valid["pseudonym"].tolist() == hidden[0]["pseudonym"].tolist()
    assert (validated.valid["admission_date"] == pd.Timestamp(INDEX)).all()
    for person, found in zip(order, validated.valid[list(PLAIN)].to_dict("records"), strict=True):
        said = {name: None if pd.isna(value) else value for name, value in found.items()}
        assert said == pytest.approx(expected[person]), PEOPLE[person - 1]


@pytest.mark.parametrize("address", ["postgresql", "duckdb"], indirect=True)
def test_what_the_schema_cannot_believe_is_quarantined(validated):
    expected = {str(i): told for i, (_, told) in enumerate(PEOPLE, 1) if isinstance(told, str)}
    found = dict(zip(validated.quarantine["person_id"], validated.quarantine["broken_rule"], strict=True))
    assert found == expected
    assert len(validated.quarantine) == len(expected)
