"""Made-up cohorts with a known truth, shared by the tests of models and of explanation."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import (
    Binary,
    Change,
    Classes,
    Coded,
    Cohort,
    Column,
    Decimal,
    Direction,
    Expected,
    FactorClass,
    Kind,
    Outcome,
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
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.development import Development, Plan, develop
from pipeline.models.ensemble import Portfolio
from pipeline.models.features import model_frame
from pipeline.models.folds import Learnt
from pipeline.models.linear import LinearModel, LogisticCandidate
from pipeline.models.outcomes import Examples
from pipeline.outcomes import Observed

UP = Expected(Direction.INCREASES, "made up")
DOWN = Expected(Direction.DECREASES, "made up")
MEMBERS = ("spline_logistic", "boosted_trees")
SITES = {"n": "north", "e": "east", "s": "south", "w": "west"}
SITE_EFFECT = {"north": 0.0, "east": 0.8, "south": -0.8, "west": 0.4}
KINDS = ("none", "stroke", "bleed")
HORIZON, SOONER = 365.0, 180.0
ILL = Binary("status", "ill", "illness")


def number(**meaning) -> Column:
    return Column("a number", Role.PREDICTOR, Kind.DECIMAL, **({"factor": FactorClass.MARKER} | meaning))


def coded(*labels: str, ordered: bool = False, **meaning) -> Column:
    codes = {str(i): label for i, label in enumerate(labels)}
    meaning = {"factor": FactorClass.MARKER, "codes": codes, "ordered": ordered} | meaning
    return Column("a code", Role.PREDICTOR, Kind.CATEGORY, **meaning)


def study(outcome: Outcome) -> Study:
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
        metadata = {"study": study(ILL)}  # noqa: RUF012


class FollowedVisits(Visits):
    """The same with an outcome by day 365."""

    class Config:
        metadata = {"study": study(TimeToEvent("days", "status", "ill", 365, "days", "illness in a year"))}  # noqa: RUF012


class KindVisits(Visits):
    """The same with three classes, of which a stroke is of interest."""

    kind: Coded = category("Kind", {str(i): label for i, label in enumerate(KINDS)}, role=Role.OUTCOME)

    class Config:
        metadata = {"study": study(Classes("kind", "stroke", "a stroke"))}  # noqa: RUF012


class CompetingVisits(Visits):
    """The same with an illness by two horizons that death may forestall."""

    ended: Coded = category("Ended", {"0": "left", "1": "ill", "2": "dead"}, role=Role.OUTCOME)

    class Config:
        metadata = {  # noqa: RUF012
            "study": study(
                TimeToEvent(
                    "days", "ended", "ill", HORIZON, "days", "illness in a year",
                    competing=("dead",), censored=("left",), also_at=(SOONER,),
                )
            )
        }  # fmt: skip


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


def weighed_visits(seed: int, n: int = 300) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """`Visits` as models see them, who is ill, (n,), and weights between 1 and 3, (n,)."""
    weight = np.random.default_rng(seed).uniform(1, 3, n)
    records = make_records(seed, n)
    return model_frame(records, Visits.predictors()), (records["status"] == "ill").to_numpy(float), weight


def make_kinds(seed: int, n: int) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Records of `KindVisits`, and the true risk of each class, (n,): softmax of marker, pressure and site."""
    rng, records = np.random.default_rng(seed + 1000), make_records(seed, n, missing=0)
    pressure = (records["pressure"].astype(float) - 140) / 20
    site = records["site"].astype(str).map(SITE_EFFECT)
    scores = np.exp([np.zeros(n), -1 + records["marker"] + site, -1 + pressure - site])
    risks = scores / scores.sum(axis=0)
    kind = (rng.random(n) > risks.cumsum(axis=0)).sum(axis=0)
    made = pd.Categorical.from_codes(np.minimum(kind, 2), list(KINDS))
    return records.assign(kind=made), dict(zip(KINDS, risks, strict=True))


def make_competing(seed: int, n: int) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Records of `CompetingVisits`, and the true risk by each horizon, (n,), where all hazards are constant."""
    rng, records = np.random.default_rng(seed + 2000), make_records(seed, n, missing=0)
    hazard = np.exp(-0.9 + 0.8 * records["marker"].to_numpy()) / HORIZON
    other = np.exp(-0.3 + 0.02 * (records["pressure"].to_numpy(float) - 140)) / HORIZON
    until_ill, until_dead = rng.exponential(1 / hazard), rng.exponential(1 / other)
    left, ended = rng.uniform(30, 1000, n), np.minimum(until_ill, until_dead)
    code = np.where(left < ended, 0, np.where(until_ill < until_dead, 1, 2))
    made = records.assign(
        days=pd.array(np.ceil(np.minimum(left, ended)).astype(int), dtype="Int64"),
        ended=pd.Categorical.from_codes(code, ["left", "ill", "dead"]),
    )
    both = hazard + other
    return made, {f"{at:g} days": hazard / both * -np.expm1(-both * at) for at in (HORIZON, SOONER)}


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
    return Examples(X, {"ill": Observed(event, time, horizon)}, np.arange(len(X)), pseudonym)


def numbers(X: pd.DataFrame) -> dict[str, Column]:
    """A declaration for each column of X, all of them numbers of which nothing is expected."""
    return {str(name): number() for name in X}


def plan_small(
    predictors: dict[str, Column], members: tuple[str, ...] = MEMBERS, folds: int = 3, outcome: Outcome = ILL
) -> Plan:
    """The members compete and are averaged; none is searched."""
    candidates = build_candidates(members, Context(predictors, 1))
    return Plan(Portfolio(candidates, members, members), folds, outcome, predictors)


def develop_small(
    examples: Examples, predictors: dict[str, Column], members: tuple[str, ...] = MEMBERS, folds: int = 3,
    outcome: Outcome = ILL,
) -> Development:  # fmt: skip
    """The real development with fewer folds."""
    return develop(examples, plan_small(predictors, members, folds, outcome))


@dataclass(frozen=True)
class Planted:
    """A candidate that says one column of X times `times`, and keeps how many rows it was taught."""

    column: str
    times: float = 1.0
    label: str = "planted"
    taught: list[int] = field(default_factory=list)

    def learn(self, X, y, weight, folds) -> Learnt:
        self.taught.append(len(X))
        scores = np.full(len(y), np.nan)
        for _, held_out in folds:
            scores[held_out] = self.log_odds(X.iloc[held_out])
        return Learnt({}, scores, self)

    def fit(self, X, y, weight, settings) -> "Planted":
        return self

    def log_odds(self, X: pd.DataFrame) -> np.ndarray:
        return self.times * X[self.column].to_numpy()


@dataclass(frozen=True)
class Unpenalised:
    """What a user would write: logistic regression that trusts its patients, with nothing to tune."""

    label: str = "Unpenalised"

    def describe(self, settings) -> str:
        return f"inverse penalty {settings['inverse_penalty']:g}"

    def learn(self, X, y, weight, folds) -> Learnt:
        settings, scores = {"inverse_penalty": 100.0}, np.full(len(y), np.nan)
        for training, held_out in folds:
            fitted = self.fit(X.iloc[training], y[training], weight[training], settings)
            scores[held_out] = fitted.log_odds(X.iloc[held_out])
        return Learnt(settings, scores, self.fit(X, y, weight, settings))

    def fit(self, X, y, weight, settings) -> LinearModel:
        return LogisticCandidate(self.label, splines=False).fit(X, y, weight, settings)


def limit_rounds(rounds: int) -> Iterator[None]:
    """A fixture's body: boosting stops after `rounds`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "MAX_ROUNDS", rounds)
        yield
