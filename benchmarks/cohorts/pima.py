"""Onset of diabetes within five years in Pima women (Smith et al. 1988)."""

import pandas as pd

from data_schemas.columns import (
    Binary,
    Coded,
    Cohort,
    Decimal,
    Direction,
    Expected,
    FactorClass,
    Role,
    Study,
    Text,
    Whole,
    flag,
    identifier,
    measurement,
)

SMITH = "Smith et al. 1988, Proc Symp Comput Appl Med Care 261"
KNOWLER = "Knowler et al. 1981, Am J Epidemiol 113:144"
EDELSTEIN = "Edelstein et al. 1997, Diabetes 46:701"
UP = Direction.INCREASES


def prepare(raw: pd.DataFrame) -> pd.DataFrame:
    """A number per record: every record is another patient."""
    return raw.assign(patient_id=range(1, len(raw) + 1))


class Pima(Cohort):
    """One row per woman, at one examination; 0 is how missing measurements were written."""

    patient_id: Text = identifier("Row number")
    pregnancies: Whole = measurement("Pregnancies", plausible=(0, 25), whole=True, factor=FactorClass.IMMUTABLE)
    glucose: Whole = measurement(
        "Glucose at 2 hours", unit="mg/dL", plausible=(20, 600), whole=True, factor=FactorClass.MARKER,
        missing_codes=("0",), missing_allowed=True, expected=Expected(UP, EDELSTEIN),
    )  # fmt: skip
    pressure: Whole = measurement(
        "Diastolic pressure", unit="mmHg", plausible=(20, 200), whole=True, factor=FactorClass.MARKER,
        missing_codes=("0",), missing_allowed=True,
    )  # fmt: skip
    skin: Whole = measurement(
        "Triceps skin fold", unit="mm", plausible=(3, 120), whole=True, factor=FactorClass.MARKER,
        missing_codes=("0",), missing_allowed=True,
    )  # fmt: skip
    insulin: Whole = measurement(
        "Serum insulin at 2 hours", unit="mU/L", plausible=(1, 2000), whole=True, factor=FactorClass.MARKER,
        missing_codes=("0",), missing_allowed=True,
    )  # fmt: skip
    bmi: Decimal = measurement(
        "Body mass index", unit="kg/m^2", plausible=(10, 100), factor=FactorClass.MARKER,
        missing_codes=("0", "0.0"), missing_allowed=True, expected=Expected(UP, KNOWLER),
    )  # fmt: skip
    pedigree: Decimal = measurement(
        "Diabetes in relatives", plausible=(0, 5), factor=FactorClass.IMMUTABLE, expected=Expected(UP, KNOWLER)
    )
    age: Whole = measurement(
        "Age", unit="years", plausible=(18, 110), whole=True, factor=FactorClass.IMMUTABLE,
        note="No direction is declared: incidence falls again in the oldest (Knowler 1981).",
    )  # fmt: skip
    diabetes: Coded = flag("Diabetes within five years", role=Role.OUTCOME)

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Onset of diabetes",
                population="Pima women from 21 years near Phoenix, Arizona",
                intended_use="Comparison of models only.",
                outcome=Binary(column="diabetes", event="yes", says="diabetes within five years"),
                source=SMITH,
                licence="CC0",
                thresholds=(0.1, 0.2, 0.3, 0.4, 0.5),
                auroc_ceiling=0.95,
                auroc_ceiling_source=f"about .84 is usual; {SMITH}",
            )
        }
