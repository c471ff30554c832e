"""Recurrence after surgery for node-positive breast cancer: the German Breast Cancer Study Group trial."""

import pandas as pd

from data_schemas.columns import (
    Coded,
    Cohort,
    Date,
    Direction,
    Effect,
    Expected,
    FactorClass,
    Reference,
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
)

TRIAL = "Schumacher et al. 1994, J Clin Oncol 12:2086"
AFTERWARDS = "known only after the outcome"
RECRUITMENT = ("1984-01-01", "1990-12-31")
FOLLOW_UP = ("1984-01-01", "1995-12-31")


class BreastCancerRecurrence(Cohort):
    """One row per patient, from primary diagnosis to recurrence, death or the end of follow-up."""

    patient_id: Text = identifier("Patient number")
    diagnosis_date: Date = date("Date of primary diagnosis", "%d-%m-%Y", plausible=RECRUITMENT, role=Role.INDEX_DATE)
    recurrence_date: Date = date(
        "Date of recurrence, or of last contact without it",
        "%d-%m-%Y",
        plausible=FOLLOW_UP,
        excluded=AFTERWARDS,
    )
    death_date: Date = date("Date of death, or of last contact", "%d-%m-%Y", plausible=FOLLOW_UP, excluded=AFTERWARDS)
    age: Whole = measurement(
        "Age at diagnosis", unit="years", plausible=(18, 105), whole=True, factor=FactorClass.IMMUTABLE,
        note="No direction is declared: recurrence is most frequent in the youngest patients, and the "
        "relation is not monotone (Sauerbrei and Royston 1999, J R Stat Soc A 162:71).",
    )  # fmt: skip
    menopausal_status: Coded = category(
        "Menopausal status", {"1": "premenopausal", "2": "postmenopausal"}, factor=FactorClass.IMMUTABLE
    )
    hormone_therapy: Coded = category(
        "Hormone therapy (tamoxifen)", {"1": "no", "2": "yes"}, factor=FactorClass.TREATMENT,
        expected=Expected(Direction.DECREASES, TRIAL),
        note="Randomised for some patients and chosen for the others. Never constrained in a model.",
    )  # fmt: skip
    tumour_size_mm: Whole = measurement(
        "Tumour size", unit="mm", plausible=(1, 300), whole=True, factor=FactorClass.MARKER,
        expected=Expected(Direction.INCREASES, TRIAL),
        reference=Reference(None, 20, "UICC TNM classification: T1 is at most 20 mm"),
    )  # fmt: skip
    tumour_grade: Coded = category(
        "Tumour grade", {"1": "grade 1", "2": "grade 2", "3": "grade 3"}, ordered=True,
        factor=FactorClass.MARKER, expected=Expected(Direction.INCREASES, TRIAL),
    )  # fmt: skip
    positive_nodes: Whole = measurement(
        "Positive lymph nodes", unit="nodes", plausible=(0, 100), whole=True, factor=FactorClass.MARKER,
        expected=Expected(Direction.INCREASES, TRIAL),
        reference=Reference(None, 3, "UICC TNM classification: pN1 is 1 to 3 axillary nodes"),
    )  # fmt: skip
    progesterone_receptor_fmol_mg: Whole = measurement(
        "Progesterone receptor", unit="fmol/mg", plausible=(0, 5000), whole=True, factor=FactorClass.MARKER,
        expected=Expected(Direction.DECREASES, TRIAL),
        reference=Reference(20, None, f"positive from 20 fmol/mg, as in {TRIAL}"),
    )  # fmt: skip
    estrogen_receptor_fmol_mg: Whole = measurement(
        "Oestrogen receptor", unit="fmol/mg", plausible=(0, 5000), whole=True, factor=FactorClass.MARKER,
        expected=Expected(Direction.DECREASES, TRIAL),
        reference=Reference(20, None, f"positive from 20 fmol/mg, as in {TRIAL}"),
    )  # fmt: skip
    days_to_recurrence_or_censoring: Whole = measurement(
        "Follow-up to recurrence, death or last contact", unit="days", plausible=(0, 4000), whole=True,
        role=Role.OUTCOME,
    )  # fmt: skip
    recurred: Coded = category(
        "Recurrence or death", {"0": "no", "1": "yes"}, role=Role.OUTCOME,
        note="Every death in this extract is also counted here, so no death competes with the outcome.",
    )  # fmt: skip
    days_to_death_or_censoring: Whole = measurement(
        "Follow-up to death or last contact", unit="days", plausible=(0, 4000), whole=True,
        excluded=AFTERWARDS,
    )  # fmt: skip
    died: Coded = category("Death", {"0": "no", "1": "yes"}, excluded=AFTERWARDS)

    @classmethod
    def derive(cls, frame: pd.DataFrame) -> pd.DataFrame:
        """The dates and the follow-up to death that agree with the follow-up to recurrence."""
        days, recurred = frame.days_to_recurrence_or_censoring, frame.recurred == "yes"
        longer = frame.days_to_death_or_censoring.where(frame.days_to_death_or_censoring > days, days)
        survival = longer.where(recurred, days)
        return frame.assign(
            recurrence_date=frame.diagnosis_date + pd.to_timedelta(days, unit="D"),
            death_date=frame.diagnosis_date + pd.to_timedelta(survival, unit="D"),
            days_to_death_or_censoring=survival,
            died=frame.died.where(recurred, "no"),
        )

    @rule(
        "Recurrence is not before diagnosis, nor death before recurrence",
        uses=("diagnosis_date", "recurrence_date", "death_date"),
    )
    def dates_in_order(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Diagnosis, recurrence or last contact, and death or last contact follow each other."""
        return (frame.diagnosis_date <= frame.recurrence_date) & (frame.recurrence_date <= frame.death_date)

    @rule(
        "Follow-up in days is the time between the dates",
        uses=("diagnosis_date", "recurrence_date", "days_to_recurrence_or_censoring"),
    )
    def follow_up_agrees(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """The two accounts of the same follow-up agree."""
        days = (frame.recurrence_date - frame.diagnosis_date).dt.days
        return days == frame.days_to_recurrence_or_censoring

    @rule("Nobody died without being counted under recurrence or death", uses=("died", "recurred"))
    def death_counts_as_event(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """A death outside the outcome would be a competing event, which this cohort does not declare."""
        return (frame.died == "no") | (frame.recurred == "yes")

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Breast cancer recurrence within 3 years",
                population="Patients with primary node-positive breast cancer, diagnosed 1984 to 1989 and "
                "treated with surgery and chemotherapy in a German multicentre trial",
                intended_use="To show a treating team how likely recurrence or death within 3 years of diagnosis is, "
                "beside the rest of the record, when adjuvant treatment and follow-up are discussed.",
                outcome=TimeToEvent(
                    time="days_to_recurrence_or_censoring",
                    event_column="recurred",
                    event="yes",
                    horizon=1095,
                    unit="days",
                    says="recurrence or death within 3 years",
                ),
                source=f"German Breast Cancer Study Group, trial 2; {TRIAL}",
                licence="Published research data, de-identified; dates as in the published extract",
                thresholds=(0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60),
                published_auroc=0.68,
                published_auroc_source="concordance of Cox models and survival forests on these data",
                auroc_ceiling=0.85,
                auroc_ceiling_source="concordance of .67 to .69 is published for Cox models and survival forests",
                limits=(
                    "Treatment, staging and receptor assays are those of the 1980s; HER2 was not measured.",
                    "Only node-positive patients were recruited.",
                    "Hormone therapy was partly chosen by doctor and patient.",
                ),
                baseline=("age", "menopausal_status"),
                effect=Effect(
                    "hormone_therapy",
                    treated=("yes",),
                    control=("no",),
                    design="observational",
                    adjust={
                        "age": "guided the choice of tamoxifen, and recurrence is most frequent in the youngest",
                        "menopausal_status": "tamoxifen was given mostly after menopause, and recurrence differs",
                        "tumour_size_mm": "larger tumours recur more often and bear on how much treatment is given",
                        "tumour_grade": "higher grades recur more often and bear on how much treatment is given",
                        "positive_nodes": "more nodes go with more recurrence, and bear on how much treatment is given",
                        "progesterone_receptor_fmol_mg": "guided the choice of tamoxifen, and tells of recurrence",
                        "estrogen_receptor_fmol_mg": "guided the choice of tamoxifen, and tells of recurrence",
                    },
                ),
                subgroups=(
                    Subgroup("age", cuts=(50, 65)),
                    Subgroup("menopausal_status"),
                    Subgroup("hormone_therapy"),
                    Subgroup("tumour_grade"),
                ),
            )
        }
