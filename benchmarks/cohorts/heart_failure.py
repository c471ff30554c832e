"""Death in heart failure within follow-up (Ahmad et al. 2017)."""

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
    category,
    flag,
    identifier,
    measurement,
)

AHMAD = "Ahmad et al. 2017, PLoS ONE 12:e0181001"
MAGGIC = "Pocock et al. 2013, Eur Heart J 34:1404"
SEATTLE = "Levy et al. 2006, Circulation 113:1424"
ANAEMIA = "Groenveld et al. 2008, J Am Coll Cardiol 52:818"
UP, DOWN = Direction.INCREASES, Direction.DECREASES


def prepare(raw: pd.DataFrame) -> pd.DataFrame:
    """Names without dots, in lower case, and a number per record: every record is another patient."""
    names = {name: name.lower().replace(".", "_") for name in raw}
    return raw.rename(columns=names | {"Pletelets": "platelets"}).assign(patient_id=range(1, len(raw) + 1))


class HeartFailure(Cohort):
    """One row per patient, at admission."""

    patient_id: Text = identifier("Row number")
    time: Whole = measurement(
        "Follow-up", unit="days", plausible=(0, 400), whole=True, excluded="known only after the outcome"
    )
    event: Coded = flag("Death within follow-up", role=Role.OUTCOME)
    gender: Coded = category(
        "Sex", {"0": "female", "1": "male"}, factor=FactorClass.IMMUTABLE, expected=Expected(UP, MAGGIC)
    )
    smoking: Coded = flag("Smoking", factor=FactorClass.MARKER, expected=Expected(UP, MAGGIC))
    diabetes: Coded = flag("Diabetes", factor=FactorClass.MARKER, expected=Expected(UP, MAGGIC))
    bp: Coded = flag("Hypertension", factor=FactorClass.MARKER)
    anaemia: Coded = flag("Anaemia", factor=FactorClass.MARKER, expected=Expected(UP, ANAEMIA))
    age: Decimal = measurement(
        "Age", unit="years", plausible=(18, 110), factor=FactorClass.IMMUTABLE, expected=Expected(UP, MAGGIC)
    )
    ejection_fraction: Whole = measurement(
        "Ejection fraction", unit="%", plausible=(5, 90), whole=True, factor=FactorClass.MARKER,
        expected=Expected(DOWN, MAGGIC),
    )  # fmt: skip
    sodium: Whole = measurement(
        "Serum sodium", unit="mmol/L", plausible=(90, 180), whole=True, factor=FactorClass.MARKER,
        expected=Expected(DOWN, SEATTLE),
    )  # fmt: skip
    creatinine: Decimal = measurement(
        "Serum creatinine", unit="mg/dL", plausible=(0.1, 20), factor=FactorClass.MARKER,
        expected=Expected(UP, MAGGIC),
    )  # fmt: skip
    platelets: Decimal = measurement("Platelets per microlitre", plausible=(1000, 2000000), factor=FactorClass.MARKER)
    cpk: Whole = measurement(
        "Creatine phosphokinase", unit="U/L", plausible=(1, 100000), whole=True, factor=FactorClass.MARKER
    )

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Death in heart failure",
                population="Patients with systolic heart failure, NYHA class III or IV, Faisalabad 2015",
                intended_use="Comparison of models only.",
                outcome=Binary(column="event", event="yes", says="death within follow-up"),
                source=AHMAD,
                licence="CC BY 4.0",
                thresholds=(0.1, 0.2, 0.3, 0.4, 0.5),
                auroc_ceiling=0.95,
                auroc_ceiling_source=f"{AHMAD}: about .80",
            )
        }
