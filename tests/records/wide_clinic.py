"""A clinic with every kind of column, outcomes of every kind, and tables of it whose records are all sound."""

import numpy as np
import pandas as pd

from data_schemas.columns import (
    AnyRows,
    Binary,
    Classes,
    Coded,
    Cohort,
    Date,
    Decimal,
    FactorClass,
    Outcome,
    Role,
    Severity,
    Study,
    Subgroup,
    Text,
    TimeToEvent,
    Whole,
    category,
    date,
    flag,
    identifier,
    measurement,
    rule,
    text,
    units,
)

YEARS = ("2015-01-01", "2030-12-31")


def study(outcome: Outcome) -> Study:
    return Study(
        title="made up", population="nobody", intended_use="tests", outcome=outcome, source="made up", licence="none",
        thresholds=(0.2, 0.4), auroc_ceiling=0.99, auroc_ceiling_source="made up", per_patient=AnyRows(),
        subgroups=(Subgroup("region"), Subgroup("age", (60,))),
    )  # fmt: skip


class Clinic(Cohort):
    """Several records a patient; what is known only later stands in every kind of column that no risk needs."""

    number: Text = identifier("Number")
    seen: Date = date("Seen", "%Y-%m-%d", plausible=YEARS, role=Role.INDEX_DATE)
    age: Whole = measurement("Age", unit="years", plausible=(18, 110), whole=True, factor=FactorClass.IMMUTABLE)
    marker: Decimal = measurement(
        "Marker", plausible=(-9, 9), factor=FactorClass.MARKER, missing_allowed=True, missing_codes=("?",)
    )
    glucose: Decimal = measurement(
        "Glucose", unit="mmol/L", unit_column="glucose_unit", molar_mass=180.156, plausible=(1, 60),
        factor=FactorClass.MARKER,
    )  # fmt: skip
    glucose_unit: Coded = units("Unit of glucose", {"mmol/L": "mmol/L", "mg/dL": "mg/dL"})
    region: Coded = category("Region", {"n": "north", "s": "south", "w": "west"}, factor=FactorClass.IMMUTABLE)
    stage: Coded = category("Stage", {"1": "one", "2": "two", "3": "three"}, ordered=True, factor=FactorClass.MARKER)
    smoker: Coded = flag("Smoker", factor=FactorClass.MARKER, missing_allowed=True)
    ward: Coded = category("Ward", {"a": "A", "b": "B"}, role=Role.SITE)
    left: Date = date("Left", "%Y-%m-%d", plausible=YEARS, excluded="later")
    remark: Text = text("Remark", excluded="free text")
    days: Whole = measurement("Days", unit="days", plausible=(0, 4000), whole=True, role=Role.OUTCOME)
    status: Coded = category("Status", {"0": "well", "1": "ill", "2": "dead"}, role=Role.OUTCOME)

    @rule("Nobody leaves before being seen", uses=("seen", "left"))
    def in_order(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Uses what new patients need not have."""
        return frame.seen <= frame.left

    @rule("Stage three is not found under 20", uses=("stage", "age"))
    def stage_fits(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Uses predictors alone."""
        return (frame.stage != "three") | (frame.age >= 20)

    @rule("The marker is seldom above 8", uses=("marker",), severity=Severity.WARN)
    def marker_usual(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Only warns."""
        return frame.marker <= 8

    class Config:
        metadata = {"study": study(Binary("status", "ill", "illness"))}  # noqa: RUF012


class Followed(Clinic):
    """The same with illness by two horizons, death competing."""

    class Config:
        metadata = {  # noqa: RUF012
            "study": study(
                TimeToEvent(
                    "days", "status", "ill", 365, "days", "illness within a year",
                    competing=("dead",), censored=("well",), also_at=(180,),
                )
            )
        }  # fmt: skip


class Sorted(Clinic):
    """The same with three classes."""

    class Config:
        metadata = {"study": study(Classes("status", "ill", "illness"))}  # noqa: RUF012


NEEDED = ["number", "seen", "age", "marker", "glucose", "glucose_unit", "region", "stage", "smoker"]


def make_text(seed: int, n: int = 400, visits: int = 1) -> pd.DataFrame:
    """Text as a file holds it, sound in every record; each patient has `visits` records."""
    rng = np.random.default_rng(seed)
    age, marker, mmol = rng.integers(30, 90, n), rng.normal(size=n).clip(-5, 5), rng.uniform(3, 12, n)
    mass = rng.random(n) < 0.3
    score = -1 + 0.04 * (age - 60) + marker
    time, other = rng.exponential(500 / np.exp(score)), rng.exponential(4000, n)
    stopped = rng.uniform(100, 1500, n)
    status = np.where(np.minimum(time, other) > stopped, 0, np.where(time <= other, 1, 2))
    seen = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    made = pd.DataFrame(
        {
            "number": [f"7731-{i // visits:05d}" for i in range(n)],
            "seen": seen.strftime("%Y-%m-%d"),
            "age": age.astype(str),
            "marker": np.where(rng.random(n) < 0.1, "?", marker.round(3).astype(str)),
            "glucose": np.where(mass, (mmol * 18.0156).round(1), mmol.round(2)).astype(str),
            "glucose_unit": np.where(mass, "mg/dL", "mmol/L"),
            "region": rng.choice(["n", "s", "w"], n),
            "stage": rng.choice(["1", "2", "3"], n),
            "smoker": rng.choice(["0", "1", ""], n),
            "ward": rng.choice(["a", "b"], n),
            "left": (seen + pd.to_timedelta(rng.integers(0, 60, n), unit="D")).strftime("%Y-%m-%d"),
            "remark": "well, so far",
            "days": np.ceil(np.minimum(np.minimum(time, other), stopped)).clip(0, 4000).astype(int).astype(str),
            "status": status.astype(str),
        }
    )
    return made.astype("string")
