"""The ward: the cohort that every file of the corpus is, or pretends to be, a table of."""

import pandas as pd

from data_schemas.columns import (
    Binary,
    Coded,
    Cohort,
    Date,
    Decimal,
    FactorClass,
    Role,
    Study,
    Text,
    Whole,
    category,
    date,
    flag,
    identifier,
    measurement,
    rule,
    units,
)

PERIOD = ("2015-01-01", "2024-12-31")
MARKER = FactorClass.MARKER


class Ward(Cohort):
    """One row per patient."""

    patient_id: Text = identifier("Number")
    admitted: Date = date("Admitted", "%d/%m/%Y", plausible=PERIOD, excluded="administrative")
    discharged: Date = date("Discharged", "%d/%m/%Y", plausible=PERIOD, excluded="later", missing_allowed=True)
    age: Whole = measurement("Age", unit="years", plausible=(0, 120), whole=True, factor=FactorClass.IMMUTABLE)
    systolic: Whole = measurement("Systolic pressure", unit="mmHg", plausible=(50, 300), whole=True, factor=MARKER)
    diastolic: Whole = measurement("Diastolic pressure", unit="mmHg", plausible=(20, 200), whole=True, factor=MARKER)
    glucose: Decimal = measurement(
        "Glucose", unit="mmol/L", unit_column="glucose_unit", molar_mass=180.156, plausible=(1, 60), factor=MARKER,
        missing_allowed=True, missing_codes=("-9",),
    )  # fmt: skip
    glucose_unit: Coded = units("Unit of glucose", {"mmol/L": "mmol/L", "mg/dL": "mg/dL"}, missing_allowed=True)
    weight: Decimal = measurement(
        "Weight", unit="kg", plausible=(20, 350), factor=MARKER, missing_allowed=True, missing_codes=("0",)
    )
    smoker: Coded = flag("Smoker", factor=MARKER, missing_allowed=True, missing_codes=("?",))
    sex: Coded = category("Sex", {"F": "female", "M": "male"}, factor=FactorClass.IMMUTABLE)
    ward: Coded = category("Ward", {"01": "north", "02": "south", "03": "west"}, factor=MARKER)
    died: Coded = category("Died", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    @rule("Diastolic pressure is below systolic pressure", uses=("systolic", "diastolic"))
    def diastolic_below_systolic(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """A cuff reads the two in this order."""
        return frame.diastolic < frame.systolic

    @rule("Nobody is discharged before being admitted", uses=("admitted", "discharged"))
    def discharge_not_before_admission(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """A stay has an order."""
        return frame.admitted <= frame.discharged

    class Config:
        """As a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Ward", population="made up", intended_use="tests", outcome=Binary("died", "yes", "death"),
                source="made up", licence="none", thresholds=(0.5,), auroc_ceiling=0.95, auroc_ceiling_source="made up",
            )
        }  # fmt: skip
