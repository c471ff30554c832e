"""Death in hospital of seriously ill adults (SUPPORT, Knaus et al. 1995)."""

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

KNAUS = "Knaus et al. 1995, Ann Intern Med 122:191"
APACHE = "Knaus et al. 1991, Chest 100:1619"
SOFA = "Vincent et al. 1996, Intensive Care Med 22:707"
LATER = "known only after the third day"
SCORE = "a score or an estimate that others made"
UP, DOWN = Direction.INCREASES, Direction.DECREASES
DISEASES = (
    "ARF/MOSF w/Sepsis", "CHF", "COPD", "Cirrhosis", "Colon Cancer", "Coma", "Lung Cancer", "MOSF w/Malig",
)  # fmt: skip
CLASSES = ("ARF/MOSF", "COPD/CHF/Cirrhosis", "Cancer", "Coma")
FUNCTION_LATER = (
    "<2 mo. follow-up", "Coma or Intub", "SIP>=30", "adl>=4 (>=5 if sur)", "no(M2 and SIP pres)",
)  # fmt: skip


def prepare(raw: pd.DataFrame) -> pd.DataFrame:
    """Names without dots, one for the unnamed number of the row, and no number in the exponent notation."""
    named = raw.rename(columns=lambda name: name.replace(".", "_") or "patient_id")
    plain = {name: named[name].map(lambda text: text and f"{float(text):.6f}") for name in ("prg2m", "prg6m")}
    return named.assign(**plain)


def third_day(label: str, plausible: tuple[float, float], unit: str | None = None, **meaning: object) -> object:
    """A measurement of the third day; missing where it was not taken."""
    return measurement(
        label, unit=unit, plausible=plausible, factor=FactorClass.MARKER, missing_allowed=True, **meaning
    )


def excluded(label: str, because: str) -> object:
    """A number that no model may see."""
    return measurement(label, plausible=(-1e7, 1e7), excluded=because, missing_allowed=True)


def same(texts: tuple[str, ...]) -> dict[str, str]:
    """Codes that are their own labels."""
    return {text: text for text in texts}


class Support2(Cohort):
    """One row per patient, on the third day of the study."""

    patient_id: Text = identifier("Row number")
    age: Decimal = measurement(
        "Age", unit="years", plausible=(18, 110), factor=FactorClass.IMMUTABLE, expected=Expected(UP, KNAUS)
    )
    death: Coded = flag("Death within the whole follow-up", excluded=LATER)
    sex: Coded = category("Sex", same(("female", "male")), factor=FactorClass.IMMUTABLE)
    hospdead: Coded = flag("Death in hospital", role=Role.OUTCOME)
    slos: Decimal = excluded("Days from study entry to discharge", LATER)
    d_time: Decimal = excluded("Days of follow-up", LATER)
    dzgroup: Coded = category("Disease group", same(DISEASES), factor=FactorClass.IMMUTABLE)
    dzclass: Coded = category("Disease class", same(CLASSES), excluded="it follows from the disease group")
    num_co: Whole = measurement("Other diseases", plausible=(0, 20), whole=True, factor=FactorClass.IMMUTABLE)
    edu: Whole = measurement(
        "Years of education", plausible=(0, 40), whole=True, factor=FactorClass.IMMUTABLE, missing_allowed=True
    )
    income: Coded = category(
        "Income", same(("under $11k", "$11-$25k", "$25-$50k", ">$50k")), ordered=True,
        factor=FactorClass.IMMUTABLE, missing_allowed=True,
    )  # fmt: skip
    scoma: Decimal = third_day("Coma score", (0, 100), expected=Expected(UP, KNAUS))
    charges: Decimal = excluded("Hospital charges", LATER)
    totcst: Decimal = excluded("Costs", LATER)
    totmcst: Decimal = excluded("Costs, other account", LATER)
    avtisst: Decimal = excluded("Mean intensity of treatment, days 3 to 25", LATER)
    race: Coded = category(
        "Race", same(("white", "black", "hispanic", "asian", "other")), factor=FactorClass.IMMUTABLE,
        missing_allowed=True,
    )  # fmt: skip
    sps: Decimal = excluded("SUPPORT physiology score", SCORE)
    aps: Decimal = excluded("APACHE III physiology score", SCORE)
    surv2m: Decimal = excluded("Model's survival at 2 months", SCORE)
    surv6m: Decimal = excluded("Model's survival at 6 months", SCORE)
    hday: Whole = measurement("Day in hospital at entry", plausible=(1, 400), whole=True, factor=FactorClass.MARKER)
    diabetes: Coded = flag("Diabetes", factor=FactorClass.IMMUTABLE)
    dementia: Coded = flag("Dementia", factor=FactorClass.IMMUTABLE)
    ca: Coded = category(
        "Cancer", {"no": "no", "yes": "yes", "metastatic": "metastatic"}, ordered=True, factor=FactorClass.IMMUTABLE,
        expected=Expected(UP, KNAUS),
    )  # fmt: skip
    prg2m: Decimal = excluded("Physician's estimate for 2 months", SCORE)
    prg6m: Decimal = excluded("Physician's estimate for 6 months", SCORE)
    dnr: Coded = category(
        "Order not to resuscitate", same(("no dnr", "dnr after sadm", "dnr before sadm")), excluded=LATER,
        missing_allowed=True,
    )  # fmt: skip
    dnrday: Decimal = excluded("Day of that order", LATER)
    meanbp: Decimal = third_day("Mean arterial pressure", (0, 300), "mmHg")
    wblc: Decimal = third_day("White cells, in thousands per microlitre", (0, 500))
    hrt: Decimal = third_day("Heart rate", (0, 350), "1/min")
    resp: Decimal = third_day("Respiratory rate", (0, 120), "1/min")
    temp: Decimal = third_day("Temperature", (25, 45), "degC")
    pafi: Decimal = third_day("PaO2/FiO2", (5, 1000), "mmHg", expected=Expected(DOWN, SOFA))
    alb: Decimal = third_day("Albumin", (0.1, 40), "g/dL")
    bili: Decimal = third_day("Bilirubin", (0, 100), "mg/dL", expected=Expected(UP, SOFA))
    crea: Decimal = third_day("Creatinine", (0, 40), "mg/dL", expected=Expected(UP, SOFA))
    sod: Decimal = third_day("Sodium", (80, 200), "mmol/L")
    ph: Decimal = third_day("Arterial pH", (6, 8))
    glucose: Decimal = third_day("Glucose", (0, 2000), "mg/dL")
    bun: Decimal = third_day("Blood urea nitrogen", (0, 400), "mg/dL", expected=Expected(UP, APACHE))
    urine: Decimal = third_day("Urine a day", (0, 20000), "mL", expected=Expected(DOWN, SOFA))
    adlp: Decimal = excluded("Dependence, as patients tell it", "only given by patients well enough to be asked")
    adls: Decimal = third_day("Dependence, as relatives tell it", (0, 7))
    sfdm2: Coded = category("Function at 2 months", same(FUNCTION_LATER), excluded=LATER, missing_allowed=True)
    adlsc: Decimal = excluded("Dependence, completed", SCORE)

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Death in hospital of seriously ill adults",
                population="Adults with one of nine serious diseases in five American hospitals, 1989 to 1994",
                intended_use="Comparison of models only.",
                outcome=Binary(column="hospdead", event="yes", says="death in hospital"),
                source=f"UCI Machine Learning Repository 880; {KNAUS}",
                licence="CC BY 4.0",
                thresholds=(0.1, 0.2, 0.3, 0.4, 0.5),
                auroc_ceiling=0.95,
                auroc_ceiling_source=f"{KNAUS}: about .79 for death within 180 days",
            )
        }
