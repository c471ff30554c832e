"""The cohorts of the reporting tests, one of them hostile, and records and splits made up for them."""

from typing import Any

import numpy as np
import pandas as pd

from data_schemas.breast_cancer_diagnosis import BreastCancerDiagnosis
from data_schemas.breast_cancer_recurrence import BreastCancerRecurrence
from data_schemas.columns import (
    Binary,
    Change,
    Coded,
    Cohort,
    Decimal,
    Direction,
    Expected,
    FactorClass,
    Kind,
    Role,
    Study,
    Subgroup,
    Text,
    category,
    identifier,
    measurement,
    rule,
)

SMALLEST = 10
HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)> $\\frac{1}{2}$ 血 [a](javascript:alert(1))"


def make_hostile(text: str) -> type[Cohort]:
    """A cohort whose every label is or holds `text`."""

    class Hostile(Cohort):
        """A modifiable factor, a treatment, missing values, and labels that try to run scripts."""

        patient_id: Text = identifier("Patient")
        pressure: Decimal = measurement(
            f"Pressure {text}",
            unit="mm<b>Hg</b>",
            plausible=(50, 250),
            factor=FactorClass.MODIFIABLE,
            expected=Expected(Direction.INCREASES, f"Source {text}"),
            change=Change(-10, (110, 250), f"Guideline {text}"),
            missing_allowed=True,
            missing_at_most=0.5,
            source_unit=f"kPa {text}",
            acknowledged={"strong predictor": f"Known {text}"},
            note=text,
        )
        statin: Coded = category("Statin", {"0": "no", "1": f"yes {text}"}, factor=FactorClass.TREATMENT)
        smoking: Coded = category(
            "Smoking", {"0": "never", "1": "former", "2": "current"}, factor=FactorClass.MODIFIABLE,
            change=Change(-1, (0, 2), "Guideline"), missing_allowed=True,
        )  # fmt: skip
        rare: Coded = category("Rare & odd", {"a": "a", "b": text, "c": "c"}, factor=FactorClass.MARKER)
        ill: Coded = category("Ill", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

        @rule(f"A rule {text}", uses=("pressure",))
        def obeys(
            cls,
            frame: pd.DataFrame,
        ) -> "pd.Series[bool]":
            """Always obeyed."""
            return frame["pressure"] > 0

        class Config:
            metadata = {  # noqa: RUF012
                "study": Study(
                    title=f"Title {text}",
                    population=text,
                    intended_use=text,
                    outcome=Binary("ill", "yes", f"illness {text}"),
                    source=text,
                    licence=text,
                    thresholds=(0.1, 0.2),
                    auroc_ceiling=0.95,
                    auroc_ceiling_source=text,
                    limits=(text,),
                    subgroups=(Subgroup("rare"), Subgroup("smoking")),
                )
            }

    return Hostile


COHORTS: dict[str, type[Cohort]] = {
    "breast_cancer_recurrence": BreastCancerRecurrence,
    "breast_cancer_diagnosis": BreastCancerDiagnosis,
    "hostile": make_hostile(HOSTILE),
}


def make_records(cohort: type[Cohort], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Typed records drawn from the plausible ranges and codes, rarer codes last."""
    made: dict[str, Any] = {"pseudonym": pd.array([f"p{i:05d}" for i in range(n)], dtype="string")}
    for name, column in cohort.columns().items():
        if column.role == Role.IDENTIFIER:
            continue
        if column.kind == Kind.CATEGORY:
            labels = list(column.codes.values())
            weights = 0.3 ** np.arange(len(labels))
            values = rng.choice(labels, n, p=weights / weights.sum()).astype(object)
            values[rng.random(n) < 0.03 * column.missing_allowed] = None
            made[name] = pd.Categorical(values, labels, ordered=column.ordered)
        elif column.kind == Kind.DATE:
            made[name] = pd.Timestamp("1986-01-01") + pd.to_timedelta(rng.integers(0, 1000, n), unit="D")
        elif column.kind == Kind.INTEGER:
            made[name] = pd.array(rng.integers(int(column.plausible[0]), int(column.plausible[1]), n), dtype="Int64")
        elif column.numeric:
            values = rng.uniform(*column.plausible, n)
            made[name] = np.where(rng.random(n) < 0.03 * column.missing_allowed, np.nan, values)
    return pd.DataFrame(made)


def make_split(records: pd.DataFrame, design: str) -> pd.DataFrame:
    split = pd.DataFrame({"pseudonym": records["pseudonym"], "part": "development"})
    if design == "cross-validation":
        return split.assign(fold_1=np.arange(len(split)) % 5)
    split.loc[len(split) * 7 // 10 :, "part"] = "test"
    return split
