"""Patients of one made-up population, and ways in which it changes."""

import numpy as np
import pandas as pd
from scipy.special import expit

from data_schemas.columns import Column, Role
from data_schemas.vocabulary import Kind
from pipeline.evaluation.drift.reference import make_reference
from pipeline.outcomes import Observed
from pipeline.sections import Drift

P = Role.PREDICTOR
COLUMNS = {
    "age": Column("Age", P, Kind.INTEGER, unit="years"),
    "glucose": Column("Glucose", P, Kind.DECIMAL, unit="mmol/L"),
    "crp": Column("CRP", P, Kind.DECIMAL, unit="mg/L"),
    "nodes": Column("Nodes", P, Kind.INTEGER),
    "change": Column("Change", P, Kind.DECIMAL),
    "stage": Column("Stage", P, Kind.CATEGORY, codes={"1": "one", "2": "two", "3": "three"}, ordered=True),
    "clinic": Column("Clinic", P, Kind.CATEGORY, codes={str(k): f"clinic {k}" for k in range(12)}),
    "smoker": Column("Smoker", P, Kind.CATEGORY, codes={"0": "no", "1": "yes"}),
}
SETTINGS = Drift(
    patients_at_least=100, psi=0.25, ks=0.2, missing=0.1, unit_factor=2, classifier_auroc=0.65, oe_factor=1.5,
    auroc_drop=0.1, resamples=200, seed=1,
)  # fmt: skip
SMALLEST = 10
CLINICS = 0.6 ** np.arange(12)


def draw_patients(seed: int, n: int, shift: float = 0.0, blind: bool = False, censored: bool = False) -> pd.DataFrame:
    """Skewed, tied, missing and rare values; outcomes whose log-odds differ by `shift` from the risks foreseen.

    With `blind` the outcomes have nothing to do with the risks; if `censored` they are followed by a horizon.
    """
    rng = np.random.default_rng(seed)
    age = rng.normal(60, 12, n).clip(18, 100).round()
    crp = np.where(rng.random(n) < 0.02, rng.lognormal(5, 1, n), rng.lognormal(1, 1, n))
    frame = pd.DataFrame(
        {
            "age": pd.array(age.astype(int), dtype="Int64"),
            "glucose": rng.lognormal(1.7, 0.25, n),
            "crp": np.where(rng.random(n) < 0.2, np.nan, crp),
            "nodes": pd.array(rng.poisson(rng.exponential(2, n)) + 1, dtype="Int64"),
            "change": rng.standard_t(2, n),
            "stage": pd.Categorical(rng.choice(["one", "two", "three"], n), ["one", "two", "three"], ordered=True),
            "clinic": pd.Categorical([f"clinic {k}" for k in rng.choice(12, n, p=CLINICS / CLINICS.sum())]),
            "smoker": pd.Categorical(np.where(rng.random(n) < 0.15, None, rng.choice(["no", "yes"], n))),
        }
    )
    score = -1.5 + 0.05 * (age - 60) + 0.9 * rng.normal(size=n)
    risk = expit(score)
    event = (rng.random(n) < (rng.permutation(risk) if blind else expit(score + shift))).astype(float)
    observed = _follow(event, rng) if censored else Observed(event)
    groups = {"Smoker": pd.Categorical(frame["smoker"].astype(object).fillna(""), ["no", "yes", ""])}
    dates = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 360, n)), unit="D"))
    return make_reference(frame, groups, risk, observed, seed, dates=dates)


def change_units(now: pd.DataFrame) -> pd.DataFrame:
    """Every twentieth glucose in mg/dL, where mmol/L is declared."""
    glucose = now["glucose"].to_numpy(copy=True)
    glucose[::20] *= 18.0
    return now.assign(glucose=glucose)


def lose_column(now: pd.DataFrame) -> pd.DataFrame:
    """Nobody's C-reactive protein is known any more."""
    return now.assign(crp=np.nan)


def mix_levels(now: pd.DataFrame) -> pd.DataFrame:
    """Half of the patients come from a clinic that used to send one in 700."""
    clinic = now["clinic"].astype(object).to_numpy(copy=True)
    clinic[::2] = "clinic 11"
    return now.assign(clinic=pd.Categorical(clinic))


def _follow(event: np.ndarray, rng: np.random.Generator) -> Observed:
    """Events within 3 years, a third of patients censored at random before 5."""
    came = np.where(event == 1, rng.uniform(0, 3, len(event)), 9.0)
    stopped = np.where(rng.random(len(event)) < 0.3, rng.uniform(0, 5, len(event)), 5.0)
    return Observed((came <= stopped).astype(float), np.minimum(came, stopped), 3.0)
