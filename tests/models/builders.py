"""Made-up cohorts with a known truth, shared by the tests of models and of explanation."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import (
    Binary,
    Change,
    Coded,
    Cohort,
    Column,
    Decimal,
    Direction,
    Expected,
    FactorClass,
    Kind,
    Role,
    Study,
    Text,
    TimeToEvent,
    Whole,
    category,
    identifier,
    measurement,
)
from pipeline.models import trees
from pipeline.models.candidates import build_candidates
from pipeline.models.ensemble import Development, develop
from pipeline.models.outcomes import Examples
from pipeline.outcomes import Observed

UP = Expected(Direction.INCREASES, "made up")
DOWN = Expected(Direction.DECREASES, "made up")
MEMBERS = ("spline_logistic", "boosted_trees")
SITES = {"n": "north", "e": "east", "s": "south", "w": "west"}
SITE_EFFECT = {"north": 0.0, "east": 0.8, "south": -0.8, "west": 0.4}


def number(**meaning) -> Column:
    return Column("a number", Role.PREDICTOR, Kind.DECIMAL, **({"factor": FactorClass.MARKER} | meaning))


def coded(*labels: str, ordered: bool = False, **meaning) -> Column:
    codes = {str(i): label for i, label in enumerate(labels)}
    meaning = {"factor": FactorClass.MARKER, "codes": codes, "ordered": ordered} | meaning
    return Column("a code", Role.PREDICTOR, Kind.CATEGORY, **meaning)


def study(outcome: Binary | TimeToEvent) -> Study:
    return Study(
        title="made up", population="nobody", intended_use="tests", outcome=outcome, source="made up",
        licence="none", thresholds=(0.2,), auroc_ceiling=0.99, auroc_ceiling_source="made up",
    )  # fmt: skip


class Visits(Cohort):
    """Every kind of predictor; the outcome is one code of `status`."""

    patient_id: Text = identifier("Number")
    marker: Decimal = measurement(
        "Marker", plausible=(-9, 9), factor=FactorClass.MARKER, expected=UP, missing_allowed=True
    )
    pressure: Whole = measurement(
        "Pressure", unit="mmHg", plausible=(60, 260), whole=True, factor=FactorClass.MODIFIABLE, expected=UP,
        missing_allowed=True, change=Change(-10, (120, 260), "made up"),
    )  # fmt: skip
    grade: Coded = category("Grade", {"1": "low", "2": "mid", "3": "high"}, ordered=True, factor=FactorClass.MARKER)
    drug: Coded = category("Drug", {"0": "no", "1": "yes"}, factor=FactorClass.TREATMENT, expected=DOWN)
    site: Coded = category("Site", SITES, factor=FactorClass.IMMUTABLE, missing_allowed=True)
    days: Whole = measurement("Days", unit="days", plausible=(0, 4000), whole=True, role=Role.OUTCOME)
    status: Coded = category("Status", {"0": "well", "1": "ill"}, role=Role.OUTCOME)

    class Config:
        metadata = {"study": study(Binary("status", "ill", "illness"))}  # noqa: RUF012


class FollowedVisits(Visits):
    """The same with an outcome by day 365."""

    class Config:
        metadata = {"study": study(TimeToEvent("days", "status", "ill", 365, "days", "illness in a year"))}  # noqa: RUF012


def make_records(seed: int, n: int, *, missing: float = 0.1) -> pd.DataFrame:
    """Typed records as `valid.parquet` holds them, in the order of their pseudonyms, one a patient."""
    rng = np.random.default_rng(seed)
    marker = rng.normal(size=n)
    pressure = rng.normal(140, 20, n).round()
    grade = rng.choice(3, n, p=[0.3, 0.5, 0.2])
    site = rng.choice(list(SITES.values()), n)
    score = -1.2 + marker + 0.03 * (pressure - 140) + 0.5 * grade + pd.Series(site).map(SITE_EFFECT).to_numpy()
    ill = rng.random(n) < 1 / (1 + np.exp(-score))
    gaps = rng.random((n, 3)) < missing
    records = pd.DataFrame(
        {
            "pseudonym": pd.array([f"p{i:06d}" for i in range(n)], dtype="string"),
            "marker": np.where(gaps[:, 0], np.nan, marker),
            "pressure": pd.array(pressure.astype(int), dtype="Int64"),
            "grade": pd.Categorical.from_codes(grade, ["low", "mid", "high"], ordered=True),
            "drug": pd.Categorical.from_codes(rng.integers(0, 2, n), ["no", "yes"]),
            "site": pd.Categorical(site, categories=list(SITES.values())),
            "days": pd.array(rng.integers(1, 900, n), dtype="Int64"),
            "status": pd.Categorical.from_codes(ill.astype(int), ["well", "ill"]),
        }
    )
    records.loc[gaps[:, 1], "pressure"] = pd.NA
    records.loc[gaps[:, 2], "site"] = np.nan
    return records


def make_numbers(seed: int, n: int, effects: tuple[float, ...]) -> tuple[Examples, np.ndarray]:
    """Independent standard normal predictors a, b, c...; the outcome is logistic in them. Also the true log-odds."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, len(effects))), columns=list("abcdefghijklmnopqrstuvwxyz")[: len(effects)])
    truth = -0.5 + X.to_numpy() @ np.array(effects)
    event = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float)
    return as_examples(X, event), truth


def as_examples(X: pd.DataFrame, event: np.ndarray, time: np.ndarray | None = None, horizon=None) -> Examples:
    """One row a patient, in the order of the pseudonyms."""
    pseudonym = pd.Series([f"p{i:06d}" for i in range(len(X))], dtype="string")
    return Examples(X, Observed(event, time, horizon), np.arange(len(X)), pseudonym)


def develop_small(
    examples: Examples, predictors: dict[str, Column], members: tuple[str, ...] = MEMBERS, folds: int = 3
) -> Development:
    """The real development with fewer folds."""
    return develop(examples, build_candidates(members, predictors, 1), members, folds)


def limit_rounds(rounds: int) -> Iterator[None]:
    """A fixture's body: boosting stops after `rounds`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "MAX_ROUNDS", rounds)
        yield
