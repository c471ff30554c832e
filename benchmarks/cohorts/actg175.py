"""Progression or death in HIV infection, in a randomised trial of four treatments (Hammer et al. 1996)."""

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

HAMMER = "Hammer et al. 1996, N Engl J Med 335:1081"
EGGER = "Egger et al. 2002, Lancet 360:119"
LATER = "known only after randomisation"
UP, DOWN = Direction.INCREASES, Direction.DECREASES


def prepare(raw: pd.DataFrame) -> pd.DataFrame:
    """The table as it is."""
    return raw


def count(label: str, **meaning: object) -> object:
    """Cells per cubic millimetre."""
    return measurement(label, unit="1/mm^3", plausible=(0, 10000), whole=True, **meaning)


class Actg175(Cohort):
    """One row per patient, at randomisation."""

    pidnum: Text = identifier("Patient number")
    age: Whole = measurement(
        "Age", unit="years", plausible=(10, 100), whole=True, factor=FactorClass.IMMUTABLE,
        expected=Expected(UP, EGGER),
    )  # fmt: skip
    wtkg: Decimal = measurement("Weight", unit="kg", plausible=(20, 250), factor=FactorClass.MARKER)
    hemo: Coded = flag("Haemophilia", factor=FactorClass.IMMUTABLE)
    homo: Coded = flag("Homosexual activity", factor=FactorClass.MARKER)
    drugs: Coded = flag("History of intravenous drug use", factor=FactorClass.MARKER, expected=Expected(UP, EGGER))
    karnof: Whole = measurement(
        "Karnofsky score", plausible=(0, 100), whole=True, factor=FactorClass.MARKER, expected=Expected(DOWN, HAMMER)
    )
    oprior: Coded = flag("Other antiretroviral before", factor=FactorClass.MARKER)
    z30: Coded = flag("Zidovudine in the 30 days before", factor=FactorClass.MARKER)
    zprior: Coded = flag("Zidovudine before", excluded="the same in every record")
    preanti: Whole = measurement(
        "Days of antiretroviral therapy before", plausible=(0, 10000), whole=True, factor=FactorClass.MARKER
    )
    race: Coded = category("Race", {"0": "white", "1": "other"}, factor=FactorClass.IMMUTABLE)
    gender: Coded = category("Sex", {"0": "female", "1": "male"}, factor=FactorClass.IMMUTABLE)
    str2: Coded = flag("Antiretroviral therapy before", excluded="it follows from the stratum")
    strat: Coded = category(
        "Antiretroviral therapy before", {"1": "none", "2": "up to 52 weeks", "3": "longer"}, ordered=True,
        factor=FactorClass.MARKER,
    )  # fmt: skip
    symptom: Coded = flag("Symptomatic", factor=FactorClass.MARKER, expected=Expected(UP, HAMMER))
    treat: Coded = flag("Any arm but zidovudine alone", excluded="it follows from the arm")
    offtrt: Coded = flag("Off treatment before 96 weeks", excluded=LATER)
    cd40: Whole = count("CD4 count", factor=FactorClass.MARKER, expected=Expected(DOWN, HAMMER))
    cd420: Whole = count("CD4 count at 20 weeks", excluded=LATER)
    cd496: Decimal = measurement(
        "CD4 count at 96 weeks", unit="1/mm^3", plausible=(0, 10000), excluded=LATER, missing_allowed=True
    )
    r: Coded = flag("CD4 count at 96 weeks is given", excluded=LATER)
    cd80: Whole = count("CD8 count", factor=FactorClass.MARKER)
    cd820: Whole = count("CD8 count at 20 weeks", excluded=LATER)
    cens: Coded = flag("CD4 decline by half, AIDS or death within follow-up", role=Role.OUTCOME)
    days: Whole = measurement("Follow-up", unit="days", plausible=(0, 2000), whole=True, excluded=LATER)
    arms: Coded = category(
        "Arm",
        {"0": "zidovudine", "1": "with didanosine", "2": "with zalcitabine", "3": "didanosine"},
        factor=FactorClass.TREATMENT,
    )

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Progression of HIV infection",
                population="Adults with HIV infection and 200 to 500 CD4 cells per cubic millimetre",
                intended_use="Comparison of models only.",
                outcome=Binary(column="cens", event="yes", says="progression or death within follow-up"),
                source=f"ACTG 175, as given with the R package speff2trial; {HAMMER}",
                licence="GPL (the package)",
                thresholds=(0.1, 0.2, 0.3, 0.4, 0.5),
                auroc_ceiling=0.9,
                auroc_ceiling_source=f"{HAMMER}: a difference of survival curves, far from separation",
            )
        }
