"""Readmission within 30 days of patients with diabetes (Strack et al. 2014), 20,000 of the 71,518 patients."""

import hashlib

import pandas as pd

from data_schemas.columns import (
    AnyRows,
    Binary,
    Coded,
    Cohort,
    Direction,
    Expected,
    FactorClass,
    Role,
    Study,
    Text,
    Whole,
    category,
    identifier,
    measurement,
)

STRACK = "Strack et al. 2014, Biomed Res Int 2014:781670"
LACE = "van Walraven et al. 2010, CMAJ 182:551"
HOSPITAL = "Donze et al. 2013, JAMA Intern Med 173:632"
PATIENTS = 20_000
DEAD_OR_HOSPICE = ("11", "13", "14", "19", "20", "21")
RARE_DRUGS = (
    "acetohexamide", "tolbutamide", "miglitol", "troglitazone", "tolazamide", "examide", "citoglipton",
    "glipizide-metformin", "glimepiride-pioglitazone", "metformin-rosiglitazone", "metformin-pioglitazone",
)  # fmt: skip
SPECIALTIES = (
    "Cardiology", "Emergency/Trauma", "Family/GeneralPractice", "Gastroenterology", "InternalMedicine", "Nephrology",
    "ObstetricsandGynecology", "Orthopedics", "Orthopedics-Reconstructive", "Psychiatry", "Pulmonology",
    "Radiologist", "Surgery-Cardiovascular/Thoracic", "Surgery-General", "Surgery-Vascular", "Urology",
)  # fmt: skip
OTHER = "other"
# Three-digit ICD-9 codes, first and last, in the nine groups of Strack's table 2; diabetes goes first.
GROUPS = (
    ("diabetes", 250, 250), ("circulatory", 390, 459), ("circulatory", 785, 785), ("respiratory", 460, 519),
    ("respiratory", 786, 786), ("digestive", 520, 579), ("digestive", 787, 787), ("injury", 800, 999),
    ("musculoskeletal", 710, 739), ("genitourinary", 580, 629), ("genitourinary", 788, 788), ("neoplasms", 140, 239),
)  # fmt: skip
DISEASES = (*dict.fromkeys(name for name, _, _ in GROUPS), OTHER)
AGES = tuple(f"[{low}-{low + 10})" for low in range(0, 100, 10))
SOURCES = ("1", "2", "3", "4", "5", "6", "7", "8", "10", "11", "13", "14", "22", "25")
DISPOSITIONS = (
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "15", "16", "17", "22", "23", "24", "27", "28",
)  # fmt: skip
PAYERS = ("MC", "HM", "SP", "BC", "MD", "CP", "UN", "CM", "OG", "PO", "DM", "CH", "WC", "OT", "MP", "SI", "FR")


def prepare(raw: pd.DataFrame) -> pd.DataFrame:
    """All hospital stays of a fixed random sample of patients, without those that ended with death or in a hospice.

    Diagnoses are grouped; so are specialties with fewer than 500 stays. Without weight (97% missing), the number
    of the stay, and the drugs of fewer than 50 stays.
    """
    ended = raw["discharge_disposition_id"].isin(DEAD_OR_HOSPICE)
    stays = raw[~ended].drop(columns=["encounter_id", "weight", *RARE_DRUGS])
    patients = sorted(stays["patient_nbr"].unique(), key=lambda p: hashlib.sha256(f"sample:{p}".encode()).digest())
    kept = stays[stays["patient_nbr"].isin(patients[:PATIENTS])]
    specialty = kept["medical_specialty"]
    grouped = specialty.where(specialty.isin([*SPECIALTIES, "?"]), OTHER)
    diagnoses = {name: kept[name].map(disease_group) for name in ("diag_1", "diag_2", "diag_3")}
    named = kept.assign(medical_specialty=grouped, **diagnoses)
    return named.rename(columns={"glyburide-metformin": "glyburide_metformin"})


def disease_group(code: str) -> str:
    """The group of an ICD-9 code; `?` stays."""
    if code == "?":
        return code
    if not code[0].isdigit():
        return OTHER
    number = int(code.split(".", maxsplit=1)[0])
    return next((name for name, first, last in GROUPS if first <= number <= last), OTHER)


def coded(label: str, codes: tuple[str, ...], factor: FactorClass = FactorClass.MARKER, **meaning: object) -> object:
    """A category whose codes are their own labels; `?` is how missing ones were written."""
    given = {"missing_codes": ("?",), "missing_allowed": True} | meaning
    return category(label, {code: code for code in codes}, factor=factor, **given)


def drug(name: str) -> object:
    """Whether a drug was given, and how its dose was changed."""
    return coded(name, ("No", "Down", "Steady", "Up"), FactorClass.TREATMENT)


def number(label: str, highest: int, **meaning: object) -> object:
    """A whole number."""
    return measurement(label, plausible=(0, highest), whole=True, factor=FactorClass.MARKER, **meaning)


class Diabetes130(Cohort):
    """One row per hospital stay, at discharge."""

    patient_nbr: Text = identifier("Patient number")
    race: Coded = coded("Race", ("Caucasian", "AfricanAmerican", "Hispanic", "Asian", "Other"), FactorClass.IMMUTABLE)
    gender: Coded = coded("Sex", ("Female", "Male"), FactorClass.IMMUTABLE, missing_codes=("?", "Unknown/Invalid"))
    age: Coded = coded("Age", AGES, FactorClass.IMMUTABLE, ordered=True)
    admission_type_id: Coded = coded("Type of admission", ("1", "2", "3", "4", "7"), missing_codes=("5", "6", "8"))
    discharge_disposition_id: Coded = coded("Discharged to", DISPOSITIONS, missing_codes=("18", "25", "26"))
    admission_source_id: Coded = coded("Admitted from", SOURCES, missing_codes=("9", "15", "17", "20", "21"))
    time_in_hospital: Whole = number("Days in hospital", 14, expected=Expected(Direction.INCREASES, LACE))
    payer_code: Coded = coded("Payer", PAYERS)
    medical_specialty: Coded = coded("Specialty of the admitting physician", (*SPECIALTIES, OTHER))
    num_lab_procedures: Whole = number("Laboratory tests", 500)
    num_procedures: Whole = number("Procedures", 20)
    num_medications: Whole = number("Drugs", 200)
    number_outpatient: Whole = number("Outpatient visits in the year before", 200)
    number_emergency: Whole = number(
        "Emergency visits in the year before", 200, expected=Expected(Direction.INCREASES, LACE)
    )
    number_inpatient: Whole = number(
        "Hospital stays in the year before", 100, expected=Expected(Direction.INCREASES, HOSPITAL)
    )
    diag_1: Coded = coded("First diagnosis", DISEASES)
    diag_2: Coded = coded("Second diagnosis", DISEASES)
    diag_3: Coded = coded("Third diagnosis", DISEASES)
    number_diagnoses: Whole = number("Diagnoses", 30)
    max_glu_serum: Coded = coded("Highest glucose", ("None", "Norm", ">200", ">300"))
    A1Cresult: Coded = coded("HbA1c", ("None", "Norm", ">7", ">8"))
    metformin: Coded = drug("Metformin")
    repaglinide: Coded = drug("Repaglinide")
    nateglinide: Coded = drug("Nateglinide")
    chlorpropamide: Coded = drug("Chlorpropamide")
    glimepiride: Coded = drug("Glimepiride")
    glipizide: Coded = drug("Glipizide")
    glyburide: Coded = drug("Glyburide")
    pioglitazone: Coded = drug("Pioglitazone")
    rosiglitazone: Coded = drug("Rosiglitazone")
    acarbose: Coded = drug("Acarbose")
    insulin: Coded = drug("Insulin")
    glyburide_metformin: Coded = drug("Glyburide with metformin")
    change: Coded = coded("Diabetes drugs were changed", ("No", "Ch"), FactorClass.TREATMENT)
    diabetesMed: Coded = coded(  # noqa: N815 - the source's name
        "Diabetes drugs were given", ("No", "Yes"), FactorClass.TREATMENT
    )
    readmitted: Coded = category(
        "Readmission", {"NO": "not within 30 days", ">30": "not within 30 days", "<30": "within 30 days"},
        role=Role.OUTCOME,
    )  # fmt: skip

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Readmission of patients with diabetes",
                population="Hospital stays of 1 to 14 days with diabetes in 130 American hospitals, 1999 to 2008",
                intended_use="Comparison of models only.",
                outcome=Binary(column="readmitted", event="within 30 days", says="readmission within 30 days"),
                source=f"UCI Machine Learning Repository 296; {STRACK}",
                licence="CC BY 4.0",
                thresholds=(0.05, 0.1, 0.15, 0.2, 0.3),
                auroc_ceiling=0.85,
                auroc_ceiling_source="published .64 to .67 on these stays",
                per_patient=AnyRows(),
            )
        }
