"""Death within a year of a first admission, in adults with known hypertension: an OMOP CDM 5.4 database."""

from data_schemas.columns import (
    Coded,
    Cohort,
    Date,
    Decimal,
    FactorClass,
    OneRow,
    Role,
    Severity,
    Study,
    Subgroup,
    Text,
    TimeToEvent,
    Whole,
    category,
    date,
    identifier,
    measurement,
    units,
)


class HypertensionAdmission(Cohort):
    """One row per person, from the first day of the first inpatient visit."""

    person_id: Text = identifier("Person")
    admission_date: Date = date(
        "First inpatient visit", "%Y-%m-%d", plausible=("1990-01-01", "2100-12-31"), role=Role.INDEX_DATE
    )
    age: Whole = measurement(
        "Age at admission", unit="years", plausible=(18, 115), whole=True, factor=FactorClass.IMMUTABLE,
        note="The year of the admission less the year of birth.",
    )  # fmt: skip
    sex: Coded = category(
        "Sex", {"8507": "male", "8532": "female"}, factor=FactorClass.IMMUTABLE, missing_codes=("0",),
        missing_allowed=True, severities={"type": Severity.QUARANTINE},
        note="0 is OMOP's concept for what was not mapped.",
    )  # fmt: skip
    systolic_mmhg: Decimal = measurement(
        "Systolic blood pressure", unit="mmHg", plausible=(40, 300), factor=FactorClass.MARKER, missing_allowed=True,
        note="The last in the 365 days before admission.",
    )  # fmt: skip
    diastolic_mmhg: Decimal = measurement(
        "Diastolic blood pressure", unit="mmHg", plausible=(20, 200), factor=FactorClass.MARKER, missing_allowed=True,
        note="The last in the 365 days before admission.",
    )  # fmt: skip
    creatinine: Decimal = measurement(
        "Serum creatinine", unit="umol/L", unit_column="creatinine_unit", molar_mass=113.12, plausible=(10, 2500),
        factor=FactorClass.MARKER, missing_allowed=True,
        note="The last in the 365 days before admission; values in other units than the two known are set aside.",
    )  # fmt: skip
    creatinine_unit: Coded = units(
        "Unit of serum creatinine", {"mg/dL": "mg/dL", "umol/L": "umol/L"}, missing_allowed=True
    )
    visits_in_prior_year: Whole = measurement(
        "Visits in the year before", unit="visits", plausible=(0, 400), whole=True, factor=FactorClass.MARKER
    )
    died_within_365_days: Coded = category("Death within 365 days", {"0": "no", "1": "yes"}, role=Role.OUTCOME)
    days_to_death_or_censoring: Whole = measurement(
        "Follow-up to death or the end of observation", unit="days", plausible=(0, 365), whole=True, role=Role.OUTCOME
    )

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Death within a year of a first admission with known hypertension",
                population="Adults with essential hypertension recorded before their first inpatient visit, observed "
                "for the 365 days before it",
                intended_use="An example of a cohort drawn from an OMOP CDM database; not for use on patients.",
                outcome=TimeToEvent(
                    time="days_to_death_or_censoring",
                    event_column="died_within_365_days",
                    event="yes",
                    horizon=365,
                    unit="days",
                    says="death within 365 days of admission",
                ),
                source="OMOP CDM 5.4, docs/omop/hypertension_admission.sql",
                licence="that of the database",
                thresholds=(0.05, 0.1, 0.15, 0.2, 0.25, 0.3),
                auroc_ceiling=0.95,
                auroc_ceiling_source="a guess, to be replaced by what is published for such patients",
                subgroups=(Subgroup("age", cuts=(50, 65, 80)), Subgroup("sex")),
                per_patient=OneRow(),
            )
        }
