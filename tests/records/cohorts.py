"""A small cohort with every kind of column, and random tables of its text."""

import numpy as np
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
    identifier,
    measurement,
    rule,
)  # fmt: skip
from pipeline.sections import Split, Validate

SETTINGS = Validate(pseudonym_key="a key for tests", quarantine_at_most=0.5)
SPLIT = Split(cross_validate_below=50, test_share=0.3, folds=5, repeats=2)


class Clinic(Cohort):
    """One row per patient."""

    number: Text = identifier("Number")
    seen: Date = date("Seen", "%d/%m/%Y", plausible=("2000-01-01", "2029-12-31"), role=Role.INDEX_DATE)
    left: Date = date(
        "Left", "%d/%m/%Y", plausible=("2000-01-01", "2029-12-31"), excluded="later", missing_allowed=True
    )
    weight: Decimal = measurement(
        "Weight",
        unit="kg",
        plausible=(2, 400),
        factor=FactorClass.MARKER,
        missing_allowed=True,
        missing_codes=("-9", "?"),
    )
    children: Whole = measurement("Children", plausible=(0, 20), whole=True, factor=FactorClass.IMMUTABLE)
    stage: Coded = category("Stage", {"I": "one", "II": "two", "None": "not staged"}, factor=FactorClass.MARKER)
    ill: Coded = category("Ill", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    @rule("Nobody leaves before being seen", uses=("seen", "left"))
    def in_order(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """The visit has an order."""
        return frame.seen <= frame.left

    class Config:
        """As a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Clinic", population="made up", intended_use="tests", outcome=Binary("ill", "yes", "illness"),
                source="made up", licence="none", thresholds=(0.5,), auroc_ceiling=0.95, auroc_ceiling_source="made up",
            )
        }  # fmt: skip


def make_text(seed: int, n: int = 60, faults: float = 0.0) -> pd.DataFrame:
    """Text as a reader gives it; a share `faults` of the weights and of the children is implausible."""
    generator = np.random.default_rng(seed)
    seen = pd.Timestamp("2020-01-01") + pd.to_timedelta(generator.integers(0, 700, n), unit="D")
    left = seen + pd.to_timedelta(generator.integers(0, 9, n), unit="D")
    table = pd.DataFrame(
        {
            "number": [f"{i:04d}" for i in generator.permutation(10_000)[:n]],
            "seen": seen.strftime("%d/%m/%Y"),
            "left": left.strftime("%d/%m/%Y"),
            "weight": generator.uniform(40, 120, n).round(1).astype(str),
            "children": generator.integers(0, 5, n).astype(str),
            "stage": generator.choice(["I", "II", "None"], n),
            "ill": np.resize(["0", "1"], n),
        },
        dtype="string",
    )
    table.loc[generator.random(n) < faults, "weight"] = "401"
    table.loc[generator.random(n) < faults, "children"] = "21"
    table.loc[generator.random(n) < faults, "left"] = "01/01/2000"
    return table.sort_values("number", ignore_index=True)
